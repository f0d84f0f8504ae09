from celery import shared_task
from django.utils import timezone

from supervision import services


@shared_task(name="supervision.tell_people")
def tell_people():
    return services.tell_people(at=timezone.now())


@shared_task(name="supervision.reconcile")
def reconcile():
    return services.reconcile(at=timezone.now())
