import pytest
from django.utils import timezone

from config.celery import app
from config.schedule import CELERY_BEAT_SCHEDULE
from hotline.services import reference


def test_every_scheduled_name_is_a_task():
    app.loader.import_default_modules()

    scheduled = {entry["task"] for entry in CELERY_BEAT_SCHEDULE.values()}

    assert scheduled
    assert scheduled - set(app.tasks) == set()


def test_no_scheduled_task_waits_in_the_broker_for_its_moment():
    """Moments are columns; a message that waits would be handed out twice or lost with the broker."""
    waiting = [
        name for name, entry in CELERY_BEAT_SCHEDULE.items() if {"countdown", "eta"} & set(entry.get("options", {}))
    ]

    assert waiting == []


def test_every_sweep_and_reconciliation_is_scheduled():
    """What finds that which a lost message missed is worth nothing if nobody runs it."""
    app.loader.import_default_modules()
    verbs = ("reconcile", "sweep", "expire", "lapse", "clear", "check", "recount", "resume")

    finders = {name for name in app.tasks if name.partition(".")[2].startswith(verbs)}

    assert finders - {entry["task"] for entry in CELERY_BEAT_SCHEDULE.values()} - {"celery.backend_cleanup"} == set()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", sorted(entry["task"] for entry in CELERY_BEAT_SCHEDULE.values()))
def test_a_scheduled_task_opens_its_own_transaction(name):
    """Slow: as the worker runs it, with no transaction around it; a lock outside one fails without any row, too."""
    reference.load_calendar_years(at=timezone.now())
    reference.load_parameters()
    app.loader.import_default_modules()

    app.tasks[name].apply(throw=True)
