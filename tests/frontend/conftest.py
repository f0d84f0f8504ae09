"""The announced days of 2026 as rows, and templates from strings."""

import pytest
from django.template import Context, Template
from django.utils.timezone import now

from hotline import calendar
from hotline.models import CalendarDay, CalendarYear, User, WorkInterval
from tests.hotline.calendars import INTERVALS, announced


@pytest.fixture
def work_calendar(db):
    CalendarYear.objects.create(year=2026, version=2, provisional=False, published_at=now())
    WorkInterval.objects.bulk_create(
        [WorkInterval(valid_from="2000-01-01", starts=starts, ends=ends) for starts, ends in INTERVALS]
    )
    CalendarDay.objects.bulk_create(
        [
            CalendarDay(date=row["date"], is_workday=row["is_workday"] == "1", name=row["name"], year=2026)
            for row in announced()
            if row["year"] == "2026"
        ]
    )
    calendar.forget_calendar()
    yield
    calendar.forget_calendar()


@pytest.fixture
def render():
    def render(source, **values):
        return Template("{% load hotline %}" + source).render(Context(values)).strip()

    return render


@pytest.fixture
def person(db):
    return User.objects.create_user("10001", "a-long-passphrase-1", name="刘明", must_change_password=False)
