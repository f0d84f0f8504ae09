from celery import shared_task
from django.utils import timezone

from hotline.queue import enqueue
from tickets import services
from tickets.services import automatic

BATCH = 500


@shared_task(name="tickets.lapse_extensions")
def lapse_extensions() -> int:
    return services.lapse_extensions(at=timezone.now())


@shared_task(name="tickets.remind_mediations")
def remind_mediations() -> int:
    return services.remind_mediations(at=timezone.now())


@shared_task(name="tickets.renew_proposals")
def renew_proposals() -> int:
    return services.renew_proposals(at=timezone.now())


@shared_task(name="tickets.check_scopes")
def check_scopes(*, after: int = 0) -> list[int]:
    """One batch; the next is queued with the key where this one ends. Returns the tickets that were put right."""
    batch = services.to_be_checked(after=after, most=BATCH, at=timezone.now())
    # First: a ticket that fails ends this task, not the night's check.
    if len(batch) == BATCH:
        enqueue(check_scopes, after=batch[-1])
    return services.check_scopes(batch)


@shared_task(name="tickets.record_clock_move")
def record_clock_move(*, shift_id: int) -> None:
    services.record_clock_move(shift_id=shift_id)


@shared_task(name="tickets.reconcile_clock_moves")
def reconcile_clock_moves() -> int:
    return services.reconcile_clock_moves(at=timezone.now())


@shared_task(name="tickets.propose_items")
def propose_items() -> int:
    return len(services.propose_items(at=timezone.now()))


@shared_task(name="tickets.watch_automatic")
def watch_automatic() -> int:
    return automatic.watch_switches(at=timezone.now())
