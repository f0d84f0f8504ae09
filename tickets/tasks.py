from celery import shared_task
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from hotline.queue import enqueue
from tickets import services

BATCH = 500


@shared_task(name="tickets.lapse_extensions")
def lapse_extensions() -> int:
    return services.lapse_extensions(at=timezone.now())


@shared_task(name="tickets.check_scopes")
def check_scopes(*, after: int = 0) -> list[int]:
    """One batch; the next is queued with the key where this one ended. Returns the tickets that were put right."""
    batch = services.to_be_checked(after=after, most=BATCH, at=timezone.now())
    wrong = services.check_scopes(batch)
    if len(batch) == BATCH:
        enqueue(check_scopes, after=batch[-1])
    return wrong


@shared_task(name="tickets.record_clock_move")
def record_clock_move(*, clock_id: int, old_due_at: str, at: str) -> None:
    services.record_clock_move(clock_id=clock_id, old_due_at=parse_datetime(old_due_at), at=parse_datetime(at))
