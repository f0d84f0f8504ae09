from datetime import date

import pytest

from hotline import services
from hotline.calendar import load_calendar
from hotline.models import CalendarDay, CalendarYear, SecurityLog
from hotline.services import NamedDay
from hotline.signals import clock_moved
from tests.hotline.calendars import at
from tests.hotline.clocks import breaches, heard, make_clock
from tickets.models import TicketClock

pytestmark = pytest.mark.usefixtures("rules")

START = at("2026-12-29 10:00")
# As announced in a test's world: off from Thursday 31 December to Saturday 2 January, Sunday the 3rd made up.
NEW_YEAR = [
    NamedDay(date(2026, 12, 31), is_workday=False, name="元旦"),
    NamedDay(date(2027, 1, 1), is_workday=False, name="元旦"),
    NamedDay(date(2027, 1, 2), is_workday=False, name="元旦"),
    NamedDay(date(2027, 1, 3), is_workday=True, name="元旦"),
]


def publish(days=NEW_YEAR, year=2027, when=START):
    return services.publish_calendar(year=year, days=days, source="通知", by=None, at=when)


@pytest.fixture
def clocks():
    """A provisional clock, one that ended, an elapsed one, one that is over before the changed days."""
    running = make_clock(number="GZ261229000001", started_at=START, limit="3wd")
    ended = make_clock(number="GZ261229000002", started_at=START, limit="3wd")
    services.stop_clock(ended, at=START, outcome="met")
    make_clock(number="GZ261229000003", started_at=START, limit="90d")
    make_clock(number="GZ261229000004", started_at=at("2026-12-21 10:00"), limit="3wd")
    return running


def rows():
    return list(TicketClock.objects.order_by("pk").values_list("due_at", "provisional"))


def test_the_preview_shows_old_and_new_and_changes_nothing(clocks):
    before = rows()

    moves = services.preview_calendar(year=2027, days=NEW_YEAR)

    assert [(move.clock.pk, move.old_due_at, move.new_due_at) for move in moves] == [
        (clocks.pk, at("2027-01-01 17:30"), at("2027-01-04 17:30"))
    ]
    assert rows() == before
    assert not CalendarYear.objects.filter(year=2027).exists()


def test_publishing_moves_running_clocks_once_and_announces_each(clocks):
    assert clocks.provisional

    with heard(clock_moved) as got:
        assert publish() == 1

    row = TicketClock.objects.get(pk=clocks.pk)
    assert (row.due_at, row.soon_at, row.sweep_at) == (at("2027-01-04 17:30"), at("2027-01-04 08:30"), row.soon_at)
    assert (row.provisional, row.explanation["calendar"], row.explanation["provisional"]) == (
        False,
        {"2026": 1, "2027": 1},
        False,
    )
    assert [(sender, payload["clock"].pk, payload["old_due_at"]) for sender, payload in got] == [
        (TicketClock, clocks.pk, at("2027-01-01 17:30"))
    ]
    log = SecurityLog.objects.get()
    assert (log.kind, log.subject, log.reason) == ("calendar", "2027 年第 1 版", "通知")


def test_stopped_elapsed_and_earlier_clocks_stay(clocks):
    before = rows()

    publish()

    assert rows()[1:] == before[1:]


def test_the_same_version_again_moves_nothing(clocks):
    publish()
    with heard(clock_moved) as got:
        assert publish() == 0

    assert got == []
    assert list(CalendarYear.objects.filter(year=2027).values_list("version", flat=True).order_by("version")) == [1, 2]
    assert CalendarDay.objects.filter(year=2027).count() == 4
    assert load_calendar().years[2027] == 2


def test_a_correction_of_an_announced_year_moves_clocks_too():
    clock = make_clock(started_at=at("2026-09-29 10:15"), limit="7wd")
    days = [
        NamedDay(day, is_workday=is_workday, name=name)
        for day, (is_workday, name) in load_calendar().days.items()
        if day.year == 2026
    ]
    extra = [*days, NamedDay(date(2026, 10, 12), is_workday=False, name="增加的假日")]

    assert services.publish_calendar(year=2026, days=extra, source="更正", by=None, at=START) == 1

    assert TicketClock.objects.get(pk=clock.pk).due_at == at("2026-10-15 17:30")


def test_a_moved_clock_keeps_its_breaches_and_is_swept_on(clocks):
    services.sweep_clocks(at=at("2027-01-01 09:00"))
    assert breaches(clocks) == ["soon"]

    publish(when=at("2027-01-01 10:00"))
    services.sweep_clocks(at=at("2027-01-04 17:30"))

    assert breaches(clocks) == ["soon", "due"]


def test_a_clock_counted_by_the_old_version_is_found_afterwards(clocks):
    publish()
    TicketClock.objects.filter(pk=clocks.pk).update(due_at=at("2027-01-01 17:30"), soon_at=None, provisional=True)

    assert services.recount_clocks(at=START) == 1
    assert services.recount_clocks(at=START) == 0

    assert TicketClock.objects.get(pk=clocks.pk).due_at == at("2027-01-04 17:30")


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ([], "没有任何节假日"),
        ([NEW_YEAR[0], NEW_YEAR[0]], "同一日期出现了两次"),
        ([NamedDay(date(2026, 11, 1), is_workday=False, name="x")], "2026-11-01 不属于 2027 年"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(clocks, days, message):
    with pytest.raises(services.CalendarRefused, match=message):
        publish(days=days)

    assert not CalendarYear.objects.filter(year=2027).exists()
