from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.calendar import CalendarMissing, WorkCalendar, sentence, tape
from hotline.dates import SHANGHAI
from hotline.limits import Limit
from tests.hotline.calendars import INTERVALS, announced, announced_calendar, at

CALENDAR = announced_calendar()
MOMENTS = st.datetimes(datetime(2007, 1, 1), datetime(2027, 6, 30), timezones=st.just(SHANGHAI))  # noqa: DTZ001
WORKING = st.builds(Limit, st.integers(1, 60), st.sampled_from(["wd", "wh", "wm"]))


def test_every_announced_day_of_twenty_years_is_what_was_announced():
    rows = announced()

    assert len(rows) == 678
    assert {int(row["year"]) for row in rows} == set(range(2007, 2027))
    assert [
        row for row in rows if CALENDAR.is_workday(date.fromisoformat(row["date"])) != (row["is_workday"] == "1")
    ] == []


@pytest.mark.parametrize(
    ("year", "workdays"),
    # Weekdays of the year, less weekdays off, plus make-up days; 2020 with its prolonged Spring Festival.
    [(2019, 250), (2020, 249), (2021, 250), (2022, 249), (2023, 249), (2024, 251), (2025, 248), (2026, 248)],
)
def test_working_days_of_a_year(year, workdays):
    days = [date(year, 1, 1) + timedelta(days=i) for i in range(366)]

    assert sum(CALENDAR.is_workday(day) for day in days if day.year == year) == workdays


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        # National Day 2026: off 1–7 October; 20 September and 10 October are make-up days.
        ("2026-09-29 10:15", "7wd", "2026-10-14 17:30"),
        ("2026-09-29 10:15", "1wd", "2026-09-30 17:30"),
        ("2026-09-30 17:31", "1wd", "2026-10-08 17:30"),
        ("2026-10-03 23:00", "1wd", "2026-10-08 17:30"),
        ("2026-10-09 09:00", "1wd", "2026-10-10 17:30"),  # the make-up Saturday
        ("2026-10-10 09:00", "1wd", "2026-10-12 17:30"),
        ("2026-11-20 16:00", "2wh", "2026-11-23 09:00"),  # Friday afternoon runs into Monday
        ("2026-11-23 10:00", "2wh", "2026-11-23 12:00"),  # used up at the close, not at the next opening
        ("2026-11-23 10:30", "2wh", "2026-11-23 15:00"),
        ("2026-11-23 12:00", "2wh", "2026-11-23 16:30"),
        ("2026-11-23 03:00", "2wh", "2026-11-23 10:30"),
        ("2026-11-23 17:30", "30wm", "2026-11-24 09:00"),
        ("2026-10-01 09:00", "15min", "2026-10-01 09:15"),
        ("2026-10-01 09:00", "24h", "2026-10-02 09:00"),
        ("2026-10-01 09:00", "3d", "2026-10-04 09:00"),
        ("2019-09-29 09:00", "3wd", "2019-10-09 17:30"),  # a make-up Sunday is day 0; 30 September is day 1
        ("2020-01-23 09:00", "1wd", "2020-02-03 17:30"),  # the prolonged Spring Festival of 2020
    ],
)
def test_due_dates(start, limit, due):
    assert CALENDAR.add_working(at(start), Limit.parse(limit)) == at(due)


def test_a_start_in_another_time_zone_is_the_same_moment():
    start = datetime(2026, 9, 29, 17, 0, tzinfo=UTC)  # 1 a.m. of the 30th in Ganzhou

    assert CALENDAR.add_working(start, Limit(1, "wd")) == at("2026-10-08 17:30")


@pytest.mark.parametrize(
    ("start", "limit", "soon"),
    [
        ("2026-09-29 10:15", "7wd", "2026-10-14 08:30"),
        ("2026-09-29 10:15", "1wd", "2026-09-30 08:30"),
        ("2026-11-23 08:30", "4wh", "2026-11-23 11:30"),  # due 15:00: half of the last hour lies before noon
        ("2026-11-23 09:00", "1wh", "2026-11-23 09:30"),
        ("2026-11-23 09:00", "30wm", None),
        ("2026-11-23 09:00", "24h", "2026-11-24 03:00"),
        ("2026-11-23 09:00", "1h", "2026-11-23 09:30"),
        ("2026-11-23 09:00", "15min", None),
        ("2026-11-23 09:00", "3d", "2026-11-25 09:00"),
        ("2026-11-23 09:00", "1d", "2026-11-24 03:00"),
    ],
)
def test_soon_is_the_last_day_or_the_last_quarter(start, limit, soon):
    assert CALENDAR.add(at(start), Limit.parse(limit)).soon_at == (soon and at(soon))


@pytest.mark.parametrize(
    ("due", "limit", "now", "left"),
    [
        ("2026-10-14 17:30", "7wd", "2026-10-09 10:00", "4wd"),
        ("2026-10-14 17:30", "7wd", "2026-10-14 10:00", "1wd"),
        ("2026-10-14 17:30", "7wd", "2026-10-20 10:00", "1wd"),
        ("2026-11-23 15:00", "4wh", "2026-11-23 11:30", "60wm"),
        ("2026-11-23 15:00", "4wh", "2026-11-23 14:55", "30wm"),
        ("2026-11-23 15:00", "2h", "2026-11-23 14:00", "60min"),
        ("2026-11-26 15:00", "3d", "2026-11-24 14:00", "2d"),
        ("2026-11-26 15:00", "3d", "2026-11-26 14:00", "1wd"),
    ],
)
def test_what_remains_of_a_limit(due, limit, now, left):
    assert CALENDAR.remaining(at(due), Limit.parse(limit), at(now)).code == left


def test_a_due_date_explains_itself():
    due = CALENDAR.add(at("2026-09-29 10:15"), Limit.parse("7wd"))

    assert due.explanation == {
        "from": "2026-09-29T10:15:00+08:00",
        "to": "2026-10-14T17:30:00+08:00",
        "limit": "7wd",
        "off": [["2026-10-01", "2026-10-07", "国庆节"], ["2026-10-11", "2026-10-11", "周末"]],
        "make_up": [["2026-10-10", "国庆节"]],
        "calendar": {"2026": 1},
        "provisional": False,
    }
    assert sentence(due.explanation) == (
        "自2026年9月29日 10:15起 7 个工作日，至2026年10月14日 17:30；自次日起计，末日至下班；"
        "10月1日至7日国庆节不计；10月10日调休上班，计入。"
    )


def test_the_tape_has_one_cell_a_day():
    cells = tape(CALENDAR.add(at("2026-09-29 10:15"), Limit.parse("7wd")).explanation)

    assert [(cell.date.day, cell.number, cell.off, cell.make_up) for cell in cells] == [
        (29, None, "", ""),
        (30, 1, "", ""),
        *[(day, None, "国庆节", "") for day in range(1, 8)],
        (8, 2, "", ""),
        (9, 3, "", ""),
        (10, 4, "", "国庆节"),
        (11, None, "周末", ""),
        (12, 5, "", ""),
        (13, 6, "", ""),
        (14, 7, "", ""),
    ]
    assert [cell.date.day for cell in cells if cell.is_start] == [29]
    assert [cell.date.day for cell in cells if cell.is_due] == [14]


def test_elapsed_limits_have_no_tape_and_a_short_sentence():
    due = CALENDAR.add(at("2026-12-31 22:00"), Limit.parse("24h"))

    assert (due.provisional, tape(due.explanation)) == (False, [])
    assert sentence(due.explanation) == "自2026年12月31日 22:00起 24 小时，至2027年1月1日 22:00。"


@pytest.mark.parametrize(
    ("start", "provisional"),
    [("2026-12-23 09:00", False), ("2026-12-24 09:00", True), ("2027-02-01 09:00", True), ("2025-12-24 09:00", False)],
)
def test_days_that_a_coming_notice_may_change_are_provisional(start, provisional):
    due = CALENDAR.add(at(start), Limit.parse("2wd"))

    assert due.provisional is provisional
    assert ("尚未公布" in sentence(due.explanation)) is provisional


def test_hours_change_from_a_date_on():
    summer = ((time(8, 0), time(12, 0)), (time(15, 0), time(18, 0)))
    calendar = WorkCalendar({}, {2026: 1}, [(date(2000, 1, 1), INTERVALS), (date(2026, 6, 1), summer)])

    assert calendar.add_working(at("2026-05-28 09:00"), Limit(1, "wd")) == at("2026-05-29 17:30")
    assert calendar.add_working(at("2026-05-29 09:00"), Limit(1, "wd")) == at("2026-06-01 18:00")


def test_without_hours_nothing_is_counted():
    with pytest.raises(CalendarMissing, match="尚未设置上班时段"):
        WorkCalendar({}, {}, []).add_working(at("2026-05-28 09:00"), Limit(1, "wd"))


@settings(max_examples=150)
@given(start=MOMENTS, count=st.integers(1, 60))
def test_days_between_undo_days_added(start, count):
    assert CALENDAR.working_days(start, CALENDAR.add_working(start, Limit(count, "wd"))) == count


@settings(max_examples=150)
@given(start=MOMENTS, count=st.integers(1, 3000))
def test_minutes_between_undo_minutes_added(start, count):
    due = CALENDAR.add_working(start, Limit(count, "wm"))

    assert CALENDAR.working_between(start, due, "wm") == count


@settings(max_examples=150)
@given(start=MOMENTS, limit=WORKING)
def test_a_working_limit_ends_inside_an_interval_after_its_start(start, limit):
    due = CALENDAR.add_working(start, limit)

    assert due > start
    assert any(opens < due <= closes for opens, closes in CALENDAR.hours(due.date()))


@settings(max_examples=150)
@given(start=MOMENTS, later=st.timedeltas(timedelta(), timedelta(days=12)), limit=WORKING, more=st.integers(0, 5))
def test_a_later_start_or_a_longer_limit_never_ends_earlier(start, later, limit, more):
    due = CALENDAR.add_working(start, limit)

    assert CALENDAR.add_working(start + later, limit) >= due
    assert CALENDAR.add_working(start, Limit(limit.amount + more, limit.unit)) >= due


@settings(max_examples=100)
@given(start=MOMENTS, limit=WORKING)
def test_the_tape_counts_exactly_the_days_of_the_limit(start, limit):
    due = CALENDAR.add(start, limit)
    cells = tape(due.explanation)

    assert (cells[0].date, cells[-1].date) == (start.date(), due.due_at.date())
    if limit.unit == "wd":
        assert max(cell.number or 0 for cell in cells) == limit.amount
    assert all(CALENDAR.is_workday(cell.date) for cell in cells if cell.number)
    assert [cell for cell in cells if cell.off and CALENDAR.is_workday(cell.date)] == []
