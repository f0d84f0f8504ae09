"""Starting, stopping and sweeping clocks. The rules are in docs/clocks.md.

- A stopped clock never changes.
- Every passed threshold is one breach row; `clocks_breached` carries those of one batch, in the same transaction.
- The sweep locks clocks only and waits for nobody.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db import models, transaction

from hotline.calendar import Due, WorkCalendar, load_calendar
from hotline.errors import DomainError
from hotline.limits import Limit
from hotline.models import Breach, Clock
from hotline.selectors import clock_models
from hotline.signals import clocks_breached

logger = logging.getLogger(__name__)

AnyClock = TypeVar("AnyClock", bound=Clock)

OVERDUE: Final = ("overdue_1", "overdue_2", "overdue_3", "overdue_4", "overdue_5")
_OWN_FIELDS: Final = frozenset(field.name for field in Clock._meta.get_fields()) | {"id"}


class ClockHasStopped(DomainError):
    message = "该时限已经结束，不能再次变更。"


def build_clock(
    model: type[AnyClock],
    *,
    kind: str,
    started_at: datetime,
    limit: Limit,
    explanation: Mapping[str, Any] | None = None,
    generation: int = 1,
    calendar: WorkCalendar | None = None,
    **subject: Any,
) -> AnyClock:
    """A clock not yet saved, for `bulk_create`. `explanation` names the rule that won: rule, source, list version."""
    due = (calendar or load_calendar()).add(started_at, limit)
    row = model(kind=kind, generation=generation, started_at=started_at, **subject)
    row.limit_amount, row.limit_unit = limit.amount, limit.unit
    _set_due(row, due, rule=explanation or {})
    return row


def _set_due(row: Clock, due: Due, *, rule: Mapping[str, Any]) -> None:
    row.due_at, row.soon_at, row.provisional = due.due_at, due.soon_at, due.provisional
    row.sweep_at = due.soon_at or due.due_at
    row.explanation = {**rule, **due.explanation}


def start_clock(
    model: type[AnyClock],
    *,
    kind: str,
    started_at: datetime,
    limit: Limit,
    explanation: Mapping[str, Any] | None = None,
    generation: int = 1,
    **subject: Any,
) -> AnyClock:
    """Start and save a clock on `subject` (the foreign keys of the concrete class)."""
    row = build_clock(
        model,
        kind=kind,
        started_at=started_at,
        limit=limit,
        explanation=explanation,
        generation=generation,
        **subject,
    )
    row.save(force_insert=True)
    return row


@transaction.atomic
def stop_clock(clock: AnyClock, *, at: datetime, outcome: str) -> AnyClock:
    """End a running clock. What it had passed by `at` and the sweep has not seen yet is written now.

    Raises ClockHasStopped when somebody else ended it.
    """
    model = type(clock)
    row = model._default_manager.select_for_update(of=("self",), no_key=True).get(pk=clock.pk)
    if row.stopped_at is not None:
        raise ClockHasStopped
    _record_passed([row], at=at, work=load_calendar())
    row.stopped_at, row.outcome, row.sweep_at = at, outcome, None
    row.save(update_fields=["stopped_at", "outcome", "sweep_at"])
    clock.stopped_at, clock.outcome, clock.sweep_at = at, outcome, None
    return row


def stop_clocks(rows: models.QuerySet[AnyClock], *, at: datetime, outcome: str) -> list[AnyClock]:
    """End those of `rows` that run, with two queries however many they are. Call it in a transaction."""
    locked = rows.filter(stopped_at__isnull=True).select_for_update(of=("self",), no_key=True)
    stopped = list(locked.order_by("pk"))
    if stopped:
        _record_passed(stopped, at=at, work=load_calendar())
        rows.model._default_manager.filter(pk__in=[row.pk for row in stopped]).update(
            stopped_at=at, outcome=outcome, sweep_at=None
        )
    for row in stopped:
        row.stopped_at, row.outcome, row.sweep_at = at, outcome, None
    return stopped


@transaction.atomic
def next_generation(
    clock: AnyClock,
    *,
    at: datetime,
    limit: Limit,
    started_at: datetime | None = None,
    explanation: Mapping[str, Any] | None = None,
) -> AnyClock:
    """Supersede a running clock by one with another limit, as an extension does; counted from `started_at`, by default `at`."""
    old = stop_clock(clock, at=at, outcome=Clock.Outcome.SUPERSEDED)
    return resume_clock(old, at=started_at or at, limit=limit, explanation=explanation)


def resume_clock(
    clock: AnyClock, *, at: datetime, limit: Limit, explanation: Mapping[str, Any] | None = None
) -> AnyClock:
    """Start the next generation of a stopped clock on the same subject, as 'sent back' does."""
    return start_clock(
        type(clock),
        kind=clock.kind,
        started_at=at,
        limit=limit,
        explanation=explanation,
        generation=clock.generation + 1,
        **_subject(clock),
    )


def continue_clock(clock: AnyClock, *, after: datetime) -> AnyClock:
    """Start the next generation of a stopped clock with its start and its date: what had stopped it was taken back.

    Of its thresholds only those `after` then are written: not again what the old row had passed, nor what passed while
    somebody else had the matter.
    """
    moments = thresholds(clock, load_calendar())
    row = type(clock)(
        kind=clock.kind,
        generation=clock.generation + 1,
        started_at=clock.started_at,
        limit_amount=clock.limit_amount,
        limit_unit=clock.limit_unit,
        due_at=clock.due_at,
        soon_at=clock.soon_at,
        provisional=clock.provisional,
        explanation=clock.explanation,
        sweep_at=next((moment for moment, _ in moments if moment > after), None),
        **_subject(clock),
    )
    row.save(force_insert=True)
    return row


def _subject(clock: Clock) -> dict[str, Any]:
    return {
        field.attname: getattr(clock, field.attname)
        for field in type(clock)._meta.concrete_fields
        if field.name not in _OWN_FIELDS
    }


def remaining_limit(clock: Clock, *, at: datetime) -> Limit:
    """What was left when the clock was stopped at `at`: docs/clocks.md 4."""
    return load_calendar().remaining(clock.due_at, clock.limit, at)


# --- the sweep


def thresholds(clock: Clock, work: WorkCalendar) -> list[tuple[datetime, str]]:
    """Every threshold of a clock with its moment, in order of time."""
    moments = [(clock.soon_at, Breach.Threshold.SOON.value)] if clock.soon_at else []
    moments.append((clock.due_at, Breach.Threshold.DUE.value))
    return moments + [
        (work.add_working(clock.due_at, Limit(days, "wd")), name) for days, name in enumerate(OVERDUE, start=1)
    ]


def sweep_clocks(*, at: datetime, batch: int = 500, rounds: int = 40) -> int:
    """Write what running clocks have passed by `at`, in every room. Returns how many breaches were written.

    Bounded: at most `rounds` transactions of `batch` clocks for each class. Safe to run twice and beside itself.
    """
    work = load_calendar()
    return sum(_sweep_class(model, at=at, batch=batch, rounds=rounds, work=work) for model in clock_models())


def _sweep_class(model: type[Clock], *, at: datetime, batch: int, rounds: int, work: WorkCalendar) -> int:
    ids = list(_due(model, at).order_by("sweep_at", "pk").values_list("pk", flat=True)[: batch * rounds])
    return sum(
        _sweep_batch(model, ids[first : first + batch], at=at, work=work) for first in range(0, len(ids), batch)
    )


def _sweep_batch(model: type[Clock], ids: Sequence[int], *, at: datetime, work: WorkCalendar) -> int:
    try:
        return _sweep_rows(model, ids, at=at, work=work)
    except Exception:
        logger.exception("sweep of %s failed as a whole; trying one by one", model._meta.label)
    return sum(_sweep_alone(model, pk, at=at, work=work) for pk in ids)


def _due(model: type[Clock], at: datetime) -> models.QuerySet[Clock]:
    # `stopped_at IS NULL` must stand in the query, or the partial index is not used.
    return model._default_manager.filter(stopped_at__isnull=True, sweep_at__lte=at)


def _sweep_alone(model: type[Clock], pk: int, *, at: datetime, work: WorkCalendar) -> int:
    try:
        return _sweep_rows(model, [pk], at=at, work=work)
    except Exception:
        logger.exception("sweep of %s %s failed", model._meta.label, pk)
        return 0


@transaction.atomic
def _sweep_rows(model: type[Clock], ids: Sequence[int], *, at: datetime, work: WorkCalendar) -> int:
    locked = _due(model, at).filter(pk__in=ids).select_for_update(of=("self",), no_key=True, skip_locked=True)
    rows = list(locked.order_by("sweep_at", "pk"))
    written = _record_passed(rows, at=at, work=work)
    model._default_manager.bulk_update(rows, ["sweep_at"])
    return written


def _record_passed(rows: Sequence[Clock], *, at: datetime, work: WorkCalendar) -> int:
    """Write the breaches of locked clocks of one class up to `at`, set `sweep_at` (not saved) and announce them together."""
    passed: list[tuple[Clock, datetime, str]] = []
    for row in rows:
        if row.sweep_at is None or row.sweep_at > at:
            continue
        moments = thresholds(row, work)
        passed += [(row, moment, name) for moment, name in moments if row.sweep_at <= moment <= at]
        row.sweep_at = next((moment for moment, _ in moments if moment > at), None)
    return _write_breaches(type(passed[0][0]), passed, at=at) if passed else 0


def breach_model_of(model: type[Clock]) -> Any:
    """The concrete breaches of a clock class, by the related name that every room keeps to."""
    return model.breaches.rel.related_model  # type: ignore[attr-defined]


def _write_breaches(model: type[Clock], entries: Sequence[tuple[Clock, datetime, str]], *, at: datetime) -> int:
    breach_model = breach_model_of(model)
    known = set(
        breach_model._default_manager.filter(clock_id__in={row.pk for row, *_ in entries}).values_list(
            "clock_id", "threshold"
        )
    )
    overdue = {row.pk for row, _, name in entries if name != Breach.Threshold.SOON}
    breaches = breach_model._default_manager.bulk_create(
        breach_model(clock=row, threshold=name, at=moment, found_at=at)
        for row, moment, name in entries
        if (row.pk, name) not in known and not (name == Breach.Threshold.SOON and row.pk in overdue)
    )
    if breaches:
        clocks_breached.send(sender=model, breaches=breaches)
    return len(breaches)
