from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from channels_merge import services


@shared_task(name="channels_merge.follow_ticket")
def follow_ticket(*, event_id):
    services.follow_ticket(event_id=event_id)


@shared_task(name="channels_merge.reconcile")
def reconcile():
    return services.reconcile(at=timezone.now())


@shared_task(name="channels_merge.reconcile_scopes")
def reconcile_scopes():
    return services.reconcile_scopes(since=timezone.now() - timedelta(days=2))


@shared_task(name="channels_merge.look_after_channels")
def look_after_channels():
    return services.look_after_channels(at=timezone.now())


@shared_task(name="channels_merge.expire_drafts")
def expire_drafts():
    return services.expire_drafts(at=timezone.now())
