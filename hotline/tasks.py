"""The clock of this room: each task reads the time and makes one call."""

from celery import shared_task
from django.utils import timezone

from hotline import services


@shared_task(name="hotline.sweep_clocks", ignore_result=True, expires=55)
def sweep_clocks() -> int:
    return services.sweep_clocks(at=timezone.now())


@shared_task(name="hotline.recount_clocks", ignore_result=True, expires=3000)
def recount_clocks() -> int:
    return services.recount_clocks(at=timezone.now())


@shared_task(name="hotline.clear_old_notices", ignore_result=True)
def clear_old_notices() -> int:
    return services.clear_old_notices(at=timezone.now())
