from datetime import date, time

from hotline import services
from hotline.models import CalendarYear, WorkInterval
from hotline.services import NamedDay
from tests.factories.hotline import load_rules
from tests.hotline.calendars import at
from tests.races import race

NOW = at("2026-12-29 10:00")
DAYS = [NamedDay(date(2027, 1, 1), is_workday=False, name="元旦")]


def publish():
    services.publish_calendar(year=2027, days=DAYS, source="通知", by=None, at=NOW)


def test_a_new_year_is_published_twice_at_the_same_moment(transactional_db):
    load_rules()

    assert race(publish, publish) == ""
    assert list(CalendarYear.objects.filter(year=2027).order_by("version").values_list("version", flat=True)) == [1, 2]


def test_of_two_hours_for_the_same_day_the_later_ones_hold_alone(transactional_db):
    load_rules()
    day = date(2027, 5, 1)

    def hours(starts):
        intervals = [(starts, time(12))]
        return lambda: services.publish_hours(valid_from=day, intervals=intervals, source="通知", by=None, at=NOW)

    assert race(hours(time(8)), hours(time(9))) == ""
    assert list(WorkInterval.objects.filter(valid_from=day).values_list("starts", flat=True)) == [time(9)]
