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
