from celery import shared_task
from django.utils import timezone

from responsibility import services


@shared_task(name="responsibility.run_trial")
def run_trial(*, trial_id: int) -> bool:
    return services.run_trial(trial_id=trial_id, at=timezone.now())


@shared_task(name="responsibility.compare_sheet")
def compare_sheet(*, sheet_id: int) -> bool:
    return services.compare_sheet(sheet_id=sheet_id, at=timezone.now())


@shared_task(name="responsibility.write_sheet")
def write_sheet(*, sheet_id: int) -> bool:
    return services.write_sheet(sheet_id=sheet_id, at=timezone.now())


@shared_task(name="responsibility.resume_sheets")
def resume_sheets() -> int:
    return services.resume_sheets(at=timezone.now())


@shared_task(name="responsibility.learn_routing")
def learn_routing() -> str:
    event = services.learn_from_experience(at=timezone.now())
    return f"{event.model} {event.act}" if event else ""


@shared_task(name="responsibility.count_routing")
def count_routing() -> int:
    return services.count_routing(at=timezone.now())


@shared_task(name="responsibility.run_stale_cases")
def run_stale_cases() -> int:
    return services.run_stale_cases(at=timezone.now())
