"""Figures of units and months: recomputed from rows each time, never stored.

What is counted is a *part*: what a unit has to do as a lead in one round, with every generation of its handle clock. It
ends when the unit submits or when a limit runs out, whichever comes first; so each part counts once, a late one in the month
in which it became late, and nobody gains by not finishing. Late stays late: whoever hands in again what was sent back, takes
up what was put off, or whose matter was merged, handed over or withdrawn afterwards, was late at the first limit passed. A
part that turned out not to be the unit's (returned, recalled, taken back) does not count; a redo is a new part. A county
centre and the unit it passed a matter to have one each, which are never summed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
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
    When,
)
from django.db.models.functions import Coalesce, Least

from evaluation.models import FollowUp
from evaluation.states import EVALUATED, SATISFIED, FollowUpState, Outcome, Satisfaction
from hotline.dates import month_bounds
from hotline.models import Clock, Unit, User
from hotline.selectors import subtree_ids
from tickets.models import Ticket, TicketClock, TicketEvent
from tickets.states import AssignmentRole, ClockKind, EndedAs, Resolved, Secrecy, TicketState

EVERYWHERE: Final = frozenset({Unit.Kind.CENTRE, Unit.Kind.AUTHORITY, Unit.Kind.OVERSIGHT})
NEW_ROUND: Final = ("redo", "reopen")
NOT_ITS_OWN: Final = (EndedAs.RETURNED, EndedAs.RECALLED, EndedAs.RULED, EndedAs.TAKEN_BACK)
LAST_KEY: Final = 2**63 - 1


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


def _late(at: datetime) -> Q:
    """Clocks that ran past their limit, whatever stopped them (docs/clocks.md 4)."""
    return Q(stopped_at__gt=F("due_at")) | Q(stopped_at__isnull=True, due_at__lt=at)


def _parts(month: date, *, at: datetime) -> QuerySet[TicketClock]:
    """Parts that ended in the month, each by the clock that ended it, with `ended_at`, `is_late` and `round_number`."""
    begins, ends = month_bounds(month)
    of_part = TicketClock.objects.filter(assignment=OuterRef("assignment"), kind=ClockKind.HANDLE)
    # A part is a first generation with those that follow it; where a matter was handed over, what the new unit got of it.
    first = of_part.filter(generation=1, pk__lte=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    following = of_part.filter(generation=1, pk__gt=OuterRef("pk")).order_by("pk").values("pk")[:1]
    earlier = of_part.filter(_late(at), pk__gte=OuterRef("first"), pk__lt=OuterRef("pk"))
    later = of_part.filter(pk__gt=OuterRef("pk"), pk__lt=OuterRef("following"))
    taken_away = of_part.filter(
        outcome=Clock.Outcome.VOID,
        assignment__ended_as__in=NOT_ITS_OWN,
        stopped_at=F("assignment__ended_at"),
        pk__gte=OuterRef("pk"),
        pk__lt=OuterRef("following"),
    )
    rounds = TicketEvent.objects.filter(ticket=OuterRef("ticket"), act__in=NEW_ROUND, at__lte=OuterRef("started_at"))
    in_month = Q(stopped_at__gte=begins, stopped_at__lt=ends) | Q(due_at__gte=begins, due_at__lt=ends)
    return (
        TicketClock.objects.filter(
            in_month,
            _late(at) | Q(outcome=Clock.Outcome.MET),
            kind=ClockKind.HANDLE,
            assignment__role=AssignmentRole.LEAD,
        )
        .annotate(
            ended_at=Least("stopped_at", "due_at", output_field=DateTimeField()),
            is_late=Case(When(_late(at), then=True), default=False, output_field=BooleanField()),
            first=Coalesce(Subquery(first), 0),
            following=Coalesce(Subquery(following), LAST_KEY, output_field=BigIntegerField()),
            round_number=_count(rounds) + 1,
        )
        # In time is only what nobody sent back, and never what an earlier limit caught.
        .filter(Q(is_late=True) | ~Exists(later), ~Exists(earlier), ended_at__gte=begins, ended_at__lt=ends)
        .exclude(Exists(taken_away))
        .exclude(outcome=Clock.Outcome.VOID, ticket__state=TicketState.VOIDED)
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


def _carried() -> Case:
    """Callers of a part's ticket. Those of a matter that was merged are carried, and counted, by the other."""
    merged = When(ticket__state=TicketState.MERGED, then=0)
    return Case(merged, default=F("ticket__appeal_count"), output_field=IntegerField())


def unit_figures(user: User, *, month: date, at: datetime, kinds: Sequence[str] = ()) -> list[UnitFigures]:
    """A line for each unit that the person sees and that has something in the month. Three queries."""
    units = units_seen(user)
    if kinds:
        units = units.filter(kind__in=list(kinds))
    unit_of = {unit.pk: unit for unit in units.select_related("parent")}
    found = (
        _parts(month, at=at)
        .filter(assignment__unit__in=list(unit_of))
        .annotate(carried=_carried())
        .annotate(**{name: _count(_said().filter(wanted)) for name, wanted in _ANSWERS.items()})
        .order_by()
        .values("assignment__unit")
        .annotate(
            parts=Count("pk"),
            appeals=Sum("carried"),
            in_time=Count("pk", filter=Q(is_late=False)),
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
    "appeals": "诉求",
    "on_time": "按时办结",
    "late": "超期",
    "redo": "重办",
    "asked": "回访完成",
    "resolved": "已解决",
    "unresolved": "未解决或部分解决",
    "satisfied": "满意和基本满意",
    "dissatisfied": "不满意",
    "unrated": "未评价",
}
"""Figures that open to their tickets."""

_OF_PARTS: Final[dict[str, Q]] = {
    "parts": Q(),
    "on_time": Q(is_late=False),
    "late": Q(is_late=True),
}

_OF_CALLERS: Final[dict[str, Q]] = {
    "asked": Q(),
    "resolved": Q(resolved=Resolved.YES),
    "unresolved": Q(resolved__in=[Resolved.PARTLY, Resolved.NO]),
    "satisfied": Q(satisfaction__in=sorted(SATISFIED)),
    "dissatisfied": Q(satisfaction=Satisfaction.DISSATISFIED),
    "unrated": Q(satisfaction=Satisfaction.NOT_RATED),
}
OF_CALLERS: Final = frozenset({"appeals", *_OF_CALLERS})
"""Figures that count callers and not parts."""


def figure_rows(user: User, *, unit: Unit, month: date, figure: str, at: datetime) -> QuerySet[TicketClock]:
    """The parts behind a figure whose ticket the person may open, the one that ended last on top.

    `said` of each: how many callers it adds to a figure of callers, 0 for a figure of parts.
    """
    return _rows(unit, Ticket.objects.visible_to(user, at).values("pk"), month=month, figure=figure, at=at)


def figure_rows_without_words(*, unit: Unit, month: date, figure: str, at: datetime) -> QuerySet[TicketClock]:
    """The same for whoever is shown the figures of the unit and no words: all but the restricted ones, with categories."""
    known = Ticket.objects.filter(secrecy=Secrecy.OPEN).values("pk")
    return _rows(unit, known, month=month, figure=figure, at=at).select_related("ticket__category")


def _rows(unit: Unit, known: QuerySet, *, month: date, figure: str, at: datetime) -> QuerySet[TicketClock]:
    return (
        _behind(figure, month=month, at=at)
        .filter(assignment__unit=unit, ticket__in=known)
        .select_related("ticket__region", "assignment")
        .order_by(F("ended_at").desc(), "-pk")
    )


def _behind(figure: str, *, month: date, at: datetime) -> QuerySet[TicketClock]:
    if figure == "redo":
        return _redone(month).annotate(ended_at=F("started_at"), said=Value(0))
    if figure in _OF_PARTS:
        return _parts(month, at=at).filter(_OF_PARTS[figure]).annotate(said=Value(0))
    said = _carried() if figure == "appeals" else _count(_said().filter(_OF_CALLERS[figure]))
    return _parts(month, at=at).annotate(said=said).filter(said__gt=0)
