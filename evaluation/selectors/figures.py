"""Figures of units and months: recomputed from rows each time, never stored.

What is counted is a *part*: a lead assignment's handle clock that ended in the month. It ends when the unit submits or
when the limit runs out, whichever comes first; so each part counts once, a late one in the month in which it became late,
and nobody gains by not finishing. Voided clocks (returned, recalled, merged) do not count; of a result that was sent back
and handed in again only the last clock does; a redo is a new part. A county centre and the unit it passed a matter to have
one each, which are never summed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, Least

from evaluation.models import FollowUp
from evaluation.states import EVALUATED, SATISFIED, FollowUpState, Outcome, Satisfaction
from hotline.dates import SHANGHAI
from hotline.models import Clock, Unit, User
from hotline.selectors import subtree_ids
from tickets.models import Ticket, TicketClock, TicketEvent
from tickets.states import AssignmentRole, ClockKind, Resolved

EVERYWHERE: Final = frozenset({Unit.Kind.CENTRE, Unit.Kind.AUTHORITY, Unit.Kind.OVERSIGHT})
NEW_ROUND: Final = ("redo", "reopen")


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """One line of the table. Rates are None when there is nothing to divide by."""

    unit: Unit
    parts: int
    """办件: parts that ended in the month (件事)."""
    appeals: int
    """诉求: callers carried by their tickets (人件), those of merged tickets included."""
    on_time: int
    redo: int
    asked: int
    """Follow-ups concluded of the rounds that these parts answered: every caller, reached or not."""
    rated: int
    """Of them, callers who answered whether it is solved."""
    resolved: int
    evaluated: int
    """Of them, callers who judged: 满意, 基本满意 or 不满意."""
    satisfied: int

    @property
    def late(self) -> int:
        return self.parts - self.on_time

    @property
    def dissatisfied(self) -> int:
        return self.evaluated - self.satisfied

    @property
    def unrated(self) -> int:
        """未评价: exempt, not reached, or reached and not willing to judge."""
        return self.asked - self.evaluated

    @property
    def on_time_rate(self) -> float | None:
        """按时办结率 = completed on time ÷ should be completed in the period (as Lianyungang publishes it)."""
        return _rate(self.on_time, self.parts)

    @property
    def resolution_rate(self) -> float | None:
        """解决率, after exclusion: 已解决 ÷ callers who said so or not (as Gao'an publishes it: resolved ÷ in assessment; 纳入考核
        = reached, as nobody else can say; our reading of Gao'an). 部分解决 does not count as solved.
        """
        return _rate(self.resolved, self.rated)

    @property
    def resolution_rate_before(self) -> float | None:
        """The same before exclusion: exempt and unreached callers stay in the denominator."""
        return _rate(self.resolved, self.asked)

    @property
    def satisfaction_rate(self) -> float | None:
        """满意率 = (满意 + 基本满意) ÷ (满意 + 基本满意 + 不满意), 未评价 left out (参评满意率 of Jiangsu)."""
        return _rate(self.satisfied, self.evaluated)

    @property
    def satisfaction_rate_before(self) -> float | None:
        """The same before exclusion: 未评价 stays in the denominator and is not satisfied."""
        return _rate(self.satisfied, self.asked)


def _rate(part: int, whole: int) -> float | None:
    return None if whole == 0 else 100 * part / whole


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """The first moments of the month and of the next, in Ganzhou."""
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return (
        datetime(month.year, month.month, 1, tzinfo=SHANGHAI),
        datetime(following.year, following.month, 1, tzinfo=SHANGHAI),
    )


def units_seen(user: User) -> QuerySet[Unit]:
    """Whose figures a person sees: all at the centre and in oversight, else the own unit and those below it."""
    if user.unit is None:
        return Unit.objects.none()
    if user.unit.kind in EVERYWHERE:
        return Unit.objects.all()
    return Unit.objects.filter(pk__in=subtree_ids(user.unit))


def _count(rows: QuerySet) -> Coalesce:
    """How many rows of a correlated query belong to a part."""
    grouped = rows.order_by().values("ticket").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(grouped, output_field=IntegerField()), 0)


def _parts(month: date, *, at: datetime) -> QuerySet[TicketClock]:
    """Parts that ended in the month, with `ended_at` and `round_number`."""
    begins, ends = month_bounds(month)
    same = TicketClock.objects.filter(assignment=OuterRef("assignment"), kind=ClockKind.HANDLE, pk__gt=OuterRef("pk"))
    rounds = TicketEvent.objects.filter(ticket=OuterRef("ticket"), act__in=NEW_ROUND, at__lte=OuterRef("started_at"))
    in_month = Q(stopped_at__gte=begins, stopped_at__lt=ends) | Q(due_at__gte=begins, due_at__lt=ends)
    return (
        TicketClock.objects.filter(
            in_month,
            Q(outcome=Clock.Outcome.MET) | Q(outcome="", due_at__lte=at),
            kind=ClockKind.HANDLE,
            assignment__role=AssignmentRole.LEAD,
        )
        .annotate(
            ended_at=Least("stopped_at", "due_at", output_field=DateTimeField()),
            next_generation=Coalesce(Subquery(same.order_by("pk").values("generation")[:1]), 1),
            round_number=_count(rounds) + 1,
        )
        # A later generation means that this result was sent back: the clock went on.
        .filter(next_generation=1, ended_at__gte=begins, ended_at__lt=ends)
    )


def _redone(month: date) -> QuerySet[TicketClock]:
    """Parts that were sent back for a new round in the month: the clock starts in the moment of the redo."""
    begins, ends = month_bounds(month)
    redo = TicketEvent.objects.filter(ticket=OuterRef("ticket"), act="redo", at=OuterRef("started_at"))
    # What began in the month ended after it began: by that the index finds them.
    return TicketClock.objects.alias(over_at=Least("stopped_at", "due_at", output_field=DateTimeField())).filter(
        Exists(redo),
        over_at__gte=begins,
        kind=ClockKind.HANDLE,
        assignment__role=AssignmentRole.LEAD,
        generation=1,
        started_at__gte=begins,
        started_at__lt=ends,
    )


def _said() -> QuerySet[FollowUp]:
    """Concluded follow-ups of the round that a part answered."""
    return FollowUp.objects.filter(
        ticket=OuterRef("ticket"), round=OuterRef("round_number"), state=FollowUpState.CONCLUDED
    )


_ANSWERS: Final[dict[str, Q]] = {
    "asked": Q(),
    "rated": Q(outcome=Outcome.RATED),
    "resolved": Q(resolved=Resolved.YES),
    "evaluated": Q(satisfaction__in=sorted(EVALUATED)),
    "satisfied": Q(satisfaction__in=sorted(SATISFIED)),
}


def unit_figures(user: User, *, month: date, at: datetime, kinds: Sequence[str] = ()) -> list[UnitFigures]:
    """A line for each unit that the person sees and that has something in the month. Three queries."""
    units = units_seen(user)
    if kinds:
        units = units.filter(kind__in=list(kinds))
    unit_of = {unit.pk: unit for unit in units.select_related("parent")}
    merged = Ticket.objects.filter(merged_into=OuterRef("ticket")).order_by().values("merged_into")
    in_merged = Coalesce(Subquery(merged.annotate(n=Sum("appeal_count")).values("n"), output_field=IntegerField()), 0)
    found = (
        _parts(month, at=at)
        .filter(assignment__unit__in=list(unit_of))
        .annotate(carried=F("ticket__appeal_count") + in_merged)
        .annotate(**{name: _count(_said().filter(wanted)) for name, wanted in _ANSWERS.items()})
        .order_by()
        .values("assignment__unit")
        .annotate(
            parts=Count("pk"),
            appeals=Sum("carried"),
            in_time=Count("pk", filter=Q(stopped_at__lte=F("due_at"))),
            **{f"all_{name}": Sum(name) for name in _ANSWERS},
        )
        .values_list("assignment__unit", "parts", "appeals", "in_time", *(f"all_{name}" for name in _ANSWERS))
    )
    ended = {unit: numbers for unit, *numbers in found}
    redone = dict(
        _redone(month)
        .filter(assignment__unit__in=list(unit_of))
        .order_by()
        .values("assignment__unit")
        .annotate(n=Count("pk"))
        .values_list("assignment__unit", "n")
    )
    lines = []
    for pk in ended.keys() | redone.keys():
        parts, appeals, on_time, *answers = ended.get(pk, [0] * 8)
        lines.append(UnitFigures(unit_of[pk], parts, appeals, on_time, redone.get(pk, 0), *answers))
    return sorted(lines, key=lambda line: (-line.parts, line.unit.code))


FIGURES: Final[dict[str, str]] = {
    "parts": "办件",
    "on_time": "按时办结",
    "late": "超期",
    "redo": "重办",
    "resolved": "已解决",
    "unresolved": "未解决或部分解决",
    "satisfied": "满意和基本满意",
    "dissatisfied": "不满意",
    "unrated": "未评价",
}
"""Figures that open to their tickets."""

_OF_PARTS: Final[dict[str, Q]] = {
    "parts": Q(),
    "on_time": Q(stopped_at__lte=F("due_at")),
    "late": Q(stopped_at__isnull=True) | Q(stopped_at__gt=F("due_at")),
}

OF_CALLERS: Final[dict[str, Q]] = {
    "resolved": Q(resolved=Resolved.YES),
    "unresolved": Q(resolved__in=[Resolved.PARTLY, Resolved.NO]),
    "satisfied": Q(satisfaction__in=sorted(SATISFIED)),
    "dissatisfied": Q(satisfaction=Satisfaction.DISSATISFIED),
    "unrated": Q(satisfaction=Satisfaction.NOT_RATED),
}


def figure_rows(user: User, *, unit: Unit, month: date, figure: str, at: datetime) -> QuerySet[TicketClock]:
    """The parts behind a figure whose ticket the person may open, the one that ended last on top.

    `said` of each: how many callers it adds to a figure of callers, 0 for a figure of parts.
    """
    return (
        _behind(figure, month=month, at=at)
        .filter(assignment__unit=unit, ticket__in=Ticket.objects.visible_to(user, at).values("pk"))
        .select_related("ticket__region", "assignment")
        .order_by(F("ended_at").desc(), "-pk")
    )


def _behind(figure: str, *, month: date, at: datetime) -> QuerySet[TicketClock]:
    if figure == "redo":
        return _redone(month).annotate(ended_at=F("started_at"), said=Value(0))
    if figure in _OF_PARTS:
        return _parts(month, at=at).filter(_OF_PARTS[figure]).annotate(said=Value(0))
    return _parts(month, at=at).annotate(said=_count(_said().filter(OF_CALLERS[figure]))).filter(said__gt=0)
