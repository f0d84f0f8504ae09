"""Working time. The rules are in docs/clocks.md 1–3; `WorkCalendar` is pure, `load_calendar` reads the rows."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from hotline.dates import SHANGHAI, local, local_day
from hotline.errors import DomainError
from hotline.limits import Limit
from hotline.models import CalendarDay, CalendarYear, WorkInterval
from hotline.remembering import Remembered

ONE_DAY: Final = timedelta(days=1)
WEEKEND: Final = "周末"
# The notices for 2007, 2012, 2019 and 2023 decided days as early as 29 December of the year before.
TAIL: Final = (12, 28)
SOON_AT_LEAST: Final = timedelta(minutes=30)
HORIZON: Final = timedelta(days=3660)

Interval = tuple[time, time]


class CalendarMissing(DomainError):
    message = "尚未设置上班时段，无法计算工作时限。"


class LimitTooLong(DomainError):
    message = "时限超出可计算的范围。"


@dataclass(frozen=True, slots=True)
class Due:
    """`explanation` is JSON: from, to, limit, off [[first, last, name]], make_up [[date, name]], calendar, provisional."""

    due_at: datetime
    soon_at: datetime | None
    provisional: bool
    explanation: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TapeDay:
    """One cell of the day tape. `number` is the count of the working day, None when not counted."""

    date: date
    number: int | None
    off: str
    make_up: str
    is_start: bool
    is_due: bool


@dataclass(frozen=True)
class WorkCalendar:
    """`days`: the dates that a notice names. `years`: version of each announced year. `intervals`: by first date, ascending."""

    days: Mapping[date, tuple[bool, str]]
    years: Mapping[int, int]
    intervals: Sequence[tuple[date, tuple[Interval, ...]]]
    _starts: list[date] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_starts", [valid_from for valid_from, _ in self.intervals])

    # --- single days

    def is_workday(self, day: date) -> bool:
        named = self.days.get(day)
        return day.weekday() < 5 if named is None else named[0]

    def is_provisional(self, day: date) -> bool:
        """Whether a notice still to come may change this date."""
        return day.year not in self.years or ((day.month, day.day) >= TAIL and day.year + 1 not in self.years)

    def hours(self, day: date) -> list[tuple[datetime, datetime]]:
        """The work intervals of a date, none on a day off."""
        if not self.is_workday(day):
            return []
        position = bisect_right(self._starts, day)
        if not self.intervals:
            raise CalendarMissing
        _, intervals = self.intervals[max(position - 1, 0)]
        return [(datetime.combine(day, a, SHANGHAI), datetime.combine(day, b, SHANGHAI)) for a, b in intervals]

    def _hours_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Interval after interval, the first one cut at `start`."""
        day = local_day(start)
        last = day + HORIZON
        while day <= last:
            for opens, closes in self.hours(day):
                if closes > start:
                    yield max(opens, start), closes
            day += ONE_DAY
        raise LimitTooLong

    # --- counting

    def add_working(self, start: datetime, limit: Limit) -> datetime:
        """When `limit` ends that starts at `start`, in Asia/Shanghai."""
        start = local(start)
        if not limit.is_working:
            return start + limit.elapsed
        if limit.unit == "wd":
            return self._add_days(start, limit.amount)
        left = limit.working_time
        for opens, closes in self._hours_from(start):
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
        raise LimitTooLong

    def _add_days(self, start: datetime, count: int) -> datetime:
        day = local_day(start)
        last = day + HORIZON
        while count:
            day += ONE_DAY
            if day > last:
                raise LimitTooLong
            count -= self.is_workday(day)
        return self.hours(day)[-1][1]

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """Time inside work intervals between two moments; zero if they are the wrong way round."""
        start, end = local(start), local(end)
        total = timedelta()
        day = start.date()
        while day <= end.date():
            for opens, closes in self.hours(day):
                total += max(min(closes, end) - max(opens, start), timedelta())
            day += ONE_DAY
        return total

    def working_days(self, start: datetime, end: datetime) -> int:
        """Working days after the date of `start` that have closed by `end`."""
        start, end = local(start), local(end)
        count = 0
        day = start.date() + ONE_DAY
        while day <= end.date():
            if self.is_workday(day) and self.hours(day)[-1][1] <= end:
                count += 1
            day += ONE_DAY
        return count

    def working_between(self, start: datetime, end: datetime, unit: str = "wd") -> int:
        """Whole working days (wd), hours (wh) or minutes (wm) between two moments."""
        if unit == "wd":
            return self.working_days(start, end)
        return self.working_time(start, end) // Limit(1, unit).working_time

    # --- due dates

    def add(self, start: datetime, limit: Limit) -> Due:
        """The due date of a limit, when it becomes 'soon', and how it was counted."""
        start = local(start)
        due_at = self.add_working(start, limit)
        explanation: dict[str, Any] = {"from": start.isoformat(), "to": due_at.isoformat(), "limit": limit.code}
        provisional = False
        if limit.is_working:
            first = start.date() + (ONE_DAY if limit.unit == "wd" else timedelta())
            days = _span(first, due_at.date())
            provisional = any(self.is_provisional(day) for day in days)
            explanation |= self._explain(days) | {"provisional": provisional}
        return Due(due_at, self.soon(start, due_at, limit), provisional, explanation)

    def soon(self, start: datetime, due_at: datetime, limit: Limit) -> datetime | None:
        """When little is left: docs/clocks.md 6."""
        if limit.unit == "wd":
            soon_at = self.hours(local_day(due_at))[0][0]
        elif limit.is_working:
            soon_at = self._working_time_before(due_at, max(limit.working_time / 4, SOON_AT_LEAST))
        elif limit.unit == "d" and limit.amount > 1:
            soon_at = due_at - ONE_DAY
        else:
            soon_at = due_at - max(limit.elapsed / 4, SOON_AT_LEAST)
        return soon_at if start < soon_at < due_at else None

    def _working_time_before(self, end: datetime, left: timedelta) -> datetime:
        day = end.date()
        last = day - HORIZON
        while day > last:
            for opens, closes in reversed(self.hours(day)):
                if opens < end:
                    closes = min(closes, end)
                    if closes - opens >= left:
                        return closes - left
                    left -= closes - opens
            day -= ONE_DAY
        raise LimitTooLong

    def remaining(self, due_at: datetime, limit: Limit, at: datetime) -> Limit:
        """What is left of a limit at `at`: whole days for day limits (at least one working day), else minutes (at least 30)."""
        if limit.unit == "wd":
            return Limit(max(self.working_days(at, due_at), 1), "wd")
        if limit.unit == "d":
            left = (due_at - at) // ONE_DAY
            return Limit(left, "d") if left > 0 else Limit(1, "wd")
        if limit.is_working:
            return Limit(max(self.working_between(at, due_at, "wm"), 30), "wm")
        return Limit(max((due_at - at) // timedelta(minutes=1), 30), "min")

    def _explain(self, days: Sequence[date]) -> dict[str, Any]:
        off: list[list[str]] = []
        make_up: list[list[str]] = []
        previous: date | None = None
        for day in days:
            _, name = self.days.get(day, (False, WEEKEND))
            if self.is_workday(day):
                if day in self.days:
                    make_up.append([day.isoformat(), name])
                continue
            if off and previous == day - ONE_DAY and off[-1][2] == name:
                off[-1][1] = day.isoformat()
            else:
                off.append([day.isoformat(), day.isoformat(), name])
            previous = day
        versions = {str(year): self.years.get(year, 0) for year in sorted({day.year for day in days})}
        return {"off": off, "make_up": make_up, "calendar": versions}


def _span(first: date, last: date) -> list[date]:
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


# --- telling how a date came about


def tape(explanation: Mapping[str, Any]) -> list[TapeDay]:
    """One cell a day from the start to the due day. Empty for elapsed limits."""
    if "off" not in explanation:
        return []
    start, due = (datetime.fromisoformat(explanation[key]).date() for key in ("from", "to"))
    off = {
        day.isoformat(): name
        for first, last, name in explanation["off"]
        for day in _span(date.fromisoformat(first), date.fromisoformat(last))
    }
    make_up = dict(explanation["make_up"])
    number = 0
    cells = []
    for day in _span(start, due):
        key = day.isoformat()
        counted = key not in off and not (day == start and explanation["limit"].endswith("wd"))
        number += counted
        cells.append(
            TapeDay(day, number if counted else None, off.get(key, ""), make_up.get(key, ""), day == start, day == due)
        )
    return cells


def sentence(explanation: Mapping[str, Any]) -> str:
    """How the due date was counted, in words."""
    start, due = (datetime.fromisoformat(explanation[key]) for key in ("from", "to"))
    limit = Limit.parse(explanation["limit"])
    parts = [f"自{_moment(start)}起 {limit}，至{_moment(due)}"]
    if limit.unit == "wd":
        parts.append("自次日起计，末日至下班")
    holidays = [
        _day_range(date.fromisoformat(first), date.fromisoformat(last)) + name
        for first, last, name in explanation.get("off", [])
        if name != WEEKEND
    ]
    if holidays:
        parts.append(f"{'、'.join(holidays)}不计")
    elif any(name == WEEKEND for *_, name in explanation.get("off", [])):
        parts.append("周末不计")
    make_up = [_day(date.fromisoformat(day)) for day, _ in explanation.get("make_up", [])]
    if make_up:
        parts.append(f"{'、'.join(make_up)}调休上班，计入")
    if explanation.get("provisional"):
        parts.append("所跨年份的放假安排尚未公布，暂按周末休息计算")
    return "；".join(parts) + "。"


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _day_range(first: date, last: date) -> str:
    if first == last:
        return _day(first)
    return f"{_day(first)}至{last.day}日" if first.month == last.month else f"{_day(first)}至{_day(last)}"


def _moment(at: datetime) -> str:
    return f"{at.year}年{_day(at.date())} {at:%H:%M}"


# --- the rows


def read_calendar() -> WorkCalendar:
    """The calendar as the database has it now."""
    intervals: dict[date, list[Interval]] = {}
    for row in WorkInterval.objects.order_by("valid_from", "starts"):
        intervals.setdefault(row.valid_from, []).append((row.starts, row.ends))
    years = CalendarYear.objects.filter(provisional=False).order_by("year", "version").values_list("year", "version")
    days = CalendarDay.objects.values_list("date", "is_workday", "name")
    return WorkCalendar(
        days={day: (is_workday, name) for day, is_workday, name in days},
        years=dict(years),
        intervals=[(valid_from, tuple(rows)) for valid_from, rows in intervals.items()],
    )


_remembered: Final = Remembered(read_calendar)


def load_calendar() -> WorkCalendar:
    """The calendar, at most a few seconds old. Clocks counted in between are put right by `recount_clocks`."""
    return _remembered()


def forget_calendar() -> None:
    _remembered.forget()


def add_working(start: datetime, limit: Limit | int) -> datetime:
    """When a limit ends that starts at `start`; a bare number is working days."""
    return load_calendar().add_working(start, Limit(limit, "wd") if isinstance(limit, int) else limit)


def working_between(start: datetime, end: datetime, unit: str = "wd") -> int:
    """Whole working days (wd), hours (wh) or minutes (wm) between two moments."""
    return load_calendar().working_between(start, end, unit)
