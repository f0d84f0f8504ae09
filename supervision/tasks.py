from celery import shared_task
from django.utils import timezone

from supervision import services


@shared_task(name="supervision.tell_units")
def tell_units():
    return services.tell_units(at=timezone.now())


@shared_task(name="supervision.reconcile_cards")
def reconcile_cards():
    return services.reconcile_cards(at=timezone.now())
