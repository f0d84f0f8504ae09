from celery import shared_task
from django.utils import timezone

from evaluation import services


@shared_task(name="evaluation.settle_ticket")
def settle_ticket(*, ticket_id):
    services.settle_ticket(ticket_id=ticket_id, at=timezone.now())


@shared_task(name="evaluation.settle_appeal")
def settle_appeal(*, appeal_id):
    services.settle_appeal(appeal_id=appeal_id, at=timezone.now())


@shared_task(name="evaluation.take_rating")
def take_rating(*, event_id):
    services.take_rating(event_id=event_id, at=timezone.now())


@shared_task(name="evaluation.reconcile")
def reconcile():
    at = timezone.now()
    return {
        "settled": services.reconcile(at=at),
        "ratings": services.take_missed_ratings(at=at),
        "callers_wanted": services.ask_for_callers(at=at),
    }
