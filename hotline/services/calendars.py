"""Publishing a year's calendar or new hours of work, and moving the running clocks they change. docs/clocks.md 8.

- A version of a year is published whole: its rows are replaced. Hours are added from a day to come, never changed.
- Running clocks in working time move, each once, announced by `clock_moved`; stopped and elapsed ones never.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, pairwise
from typing import Final

from django.db import models, transaction
from django.db.models import Max

from hotline.calendar import TAIL, Due, Interval, WorkCalendar, forget_calendar, read_calendar
from hotline.dates import SHANGHAI, local_day
from hotline.errors import DomainError
from hotline.models import CalendarDay, CalendarYear, Clock, SecurityLog, User, WorkInterval
from hotline.selectors import clock_models
from hotline.services.clocks import thresholds
from hotline.services.security import log_security
from hotline.signals import clock_moved

BATCH: Final = 500
WORKING_UNITS: Final = ("wd", "wh", "wm")
JUST_STARTED: Final = timedelta(hours=2)
"""Clocks as young as this may have been counted by another process before it heard of a publication."""


class CalendarRefused(DomainError):
    pass


@dataclass(frozen=True, slots=True)
class NamedDay:
    date: date
    is_workday: bool
    name: str


@dataclass(frozen=True, slots=True)
class ClockMove:
    """A running clock that the new calendar moves."""

    clock: Clock
    old_due_at: datetime
    due: Due

    @property
    def new_due_at(self) -> datetime:
        return self.due.due_at


def preview_calendar(*, year: int, days: Sequence[NamedDay]) -> list[ClockMove]:
    """The running clocks whose due date would change, by due date. Nothing is written; what cannot be published is refused."""
    _check_days(year, days)
    return _moves(_due_from(_first_day(year)), _with_year(read_calendar(), year, days))


@transaction.atomic
def publish_calendar(*, year: int, days: Sequence[NamedDay], source: str, by: User | None, at: datetime) -> int:
    """Publish the next version of a year and move the clocks. Returns how many due dates changed."""
    _check_days(year, days)
    _lock_calendar()
    latest = CalendarYear.objects.filter(year=year).aggregate(latest=Max("version"))["latest"] or 0
    version = latest + 1
    CalendarYear.objects.create(year=year, version=version, provisional=False, source=source, published_at=at)
    CalendarDay.objects.filter(models.Q(year=year) | models.Q(date__in=[day.date for day in days])).delete()
    CalendarDay.objects.bulk_create(
        CalendarDay(date=day.date, is_workday=day.is_workday, name=day.name, year=year, source=source, version=version)
        for day in days
    )
    log_security(kind=SecurityLog.Kind.CALENDAR, user=by, subject=f"{year} 年第 {version} 版", reason=source, at=at)
    return _move_all(_due_from(_first_day(year)), by=by, at=at)


def preview_hours(*, valid_from: date, intervals: Sequence[Interval], at: datetime) -> list[ClockMove]:
    """`preview_calendar` for new hours of work."""
    _check_hours(valid_from, intervals, at)
    work = read_calendar()
    kept = [entry for entry in work.intervals if entry[0] != valid_from]
    changed = sorted([*kept, (valid_from, tuple(sorted(intervals)))])
    return _moves(_due_from(valid_from), WorkCalendar(days=work.days, years=work.years, intervals=changed))


@transaction.atomic
def publish_hours(
    *, valid_from: date, intervals: Sequence[Interval], source: str, by: User | None, at: datetime
) -> int:
    """Hours of work from a day to come, as for the summer. Moves the running clocks that are due from then on.

    Hours of a day already begun are refused: what was counted by them stays. Returns how many due dates changed.
    """
    _check_hours(valid_from, intervals, at)
    _lock_calendar()
    WorkInterval.objects.filter(valid_from=valid_from).delete()
    WorkInterval.objects.bulk_create(
        WorkInterval(valid_from=valid_from, starts=starts, ends=ends) for starts, ends in sorted(intervals)
    )
    subject = f"{valid_from:%Y-%m-%d} 起的上班时段"
    log_security(kind=SecurityLog.Kind.CALENDAR, user=by, subject=subject, reason=source, at=at)
    return _move_all(_due_from(valid_from), by=by, at=at)


def _lock_calendar() -> None:
    """One publication after the other: of a new year there is no row yet that the second could wait for."""
    list(CalendarYear.objects.select_for_update(no_key=True).order_by("pk"))


@transaction.atomic
def recount_clocks(*, at: datetime) -> int:
    """Move running clocks that a publication missed: provisional ones, and those that had only just started.

    Returns how many due dates changed.
    """
    missed = models.Q(provisional=True) | models.Q(started_at__gte=at - JUST_STARTED, limit_unit__in=WORKING_UNITS)
    work = read_calendar()
    return sum(
        _move_model(model._default_manager.filter(missed, stopped_at__isnull=True), work, by=None, at=at)
        for model in clock_models()
    )


def _check_hours(valid_from: date, intervals: Sequence[Interval], at: datetime) -> None:
    if valid_from <= local_day(at):
        raise CalendarRefused("上班时段只能从明天或以后的日期起改，未发布。")
    if not intervals:
        raise CalendarRefused("没有填写任何上班时段，未发布。")
    ordered = sorted(intervals)
    if any(starts >= ends for starts, ends in ordered):
        raise CalendarRefused("下班时间须晚于上班时间，未发布。")
    if any(ends > starts for (_, ends), (starts, _) in pairwise(ordered)):
        raise CalendarRefused("上班时段互相重叠，未发布。")


def _check_days(year: int, days: Sequence[NamedDay]) -> None:
    if not days:
        raise CalendarRefused(f"{year} 年的日历没有任何节假日，未发布。")
    if len({day.date for day in days}) != len(days):
        raise CalendarRefused("同一日期出现了两次，未发布。")
    strange = [day.date for day in days if day.date.year != year and (day.date.year, day.date.month) != (year - 1, 12)]
    if strange:
        raise CalendarRefused(f"{strange[0]:%Y-%m-%d} 不属于 {year} 年的放假安排，未发布。")


def _with_year(work: WorkCalendar, year: int, days: Sequence[NamedDay]) -> WorkCalendar:
    kept = {
        day: named
        for day, named in work.days.items()
        if day not in set(CalendarDay.objects.filter(year=year).values_list("date", flat=True))
    }
    return WorkCalendar(
        days=kept | {day.date: (day.is_workday, day.name) for day in days},
        years={**work.years, year: work.years.get(year, 0) + 1},
        intervals=work.intervals,
    )


def _first_day(year: int) -> date:
    """The first date that a year's notice may decide."""
    return date(year - 1, *TAIL)


def _due_from(day: date) -> list[models.QuerySet[Clock]]:
    """Running clocks in working time that are due on the day or later: the only ones that its rules can change."""
    first = datetime.combine(day, time(), SHANGHAI)
    return [
        model._default_manager.filter(stopped_at__isnull=True, limit_unit__in=WORKING_UNITS, due_at__gte=first)
        for model in clock_models()
    ]


def _moves(candidates: list[models.QuerySet[Clock]], work: WorkCalendar) -> list[ClockMove]:
    rows = chain.from_iterable(found.order_by("pk").iterator(chunk_size=BATCH) for found in candidates)
    moves = [move for row in rows if (move := _move(row, work)) and move.old_due_at != move.new_due_at]
    return sorted(moves, key=lambda move: (move.old_due_at, move.clock.pk))


def _move_all(candidates: list[models.QuerySet[Clock]], *, by: User | None, at: datetime) -> int:
    """After something was published: read it anew, here and, after the commit, in the other processes."""
    forget_calendar()
    # They may start clocks by the old rules for a few seconds: recount_clocks finds those.
    transaction.on_commit(forget_calendar)
    work = read_calendar()
    return sum(_move_model(rows, work, by=by, at=at) for rows in candidates)


def _move(row: Clock, work: WorkCalendar) -> ClockMove | None:
    due = work.add(row.started_at, row.limit)
    if (due.due_at, due.provisional) == (
        row.due_at,
        row.provisional,
    ) and due.explanation.items() <= row.explanation.items():
        return None
    return ClockMove(row, row.due_at, due)


def _move_model(rows: models.QuerySet[Clock], work: WorkCalendar, *, by: User | None, at: datetime) -> int:
    """Locks row after row in the order of keys, so that two publications cannot wait for each other."""
    changed = 0
    for row in rows.select_for_update(of=("self",), no_key=True).order_by("pk"):
        move = _move(row, work)
        if move is None:
            continue
        _apply(move, work)
        if move.old_due_at != move.new_due_at:
            changed += 1
            clock_moved.send(sender=type(row), clock=row, old_due_at=move.old_due_at, by=by, at=at)
    return changed


def _apply(move: ClockMove, work: WorkCalendar) -> None:
    row = move.clock
    row.due_at, row.soon_at, row.provisional = move.due.due_at, move.due.soon_at, move.due.provisional
    row.explanation = {**row.explanation, **move.due.explanation}
    row.sweep_at = _next_look(row, work)
    row.save(update_fields=["due_at", "soon_at", "provisional", "explanation", "sweep_at"])


def _next_look(row: Clock, work: WorkCalendar) -> datetime | None:
    """The first threshold without a breach row."""
    written = set(row.breaches.values_list("threshold", flat=True))  # type: ignore[attr-defined]
    latest = max((i for i, (_, name) in enumerate(thresholds(row, work)) if name in written), default=-1)
    return next((moment for moment, _ in thresholds(row, work)[latest + 1 :]), None)
