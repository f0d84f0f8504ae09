"""How well merging goes, what its decisions teach, and the matters that many people report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from django.db.models import Count, Exists, F, Func, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate, TruncMonth

from channels_merge.models import (
    AppealLink,
    MergeProposal,
    MergeRecord,
    MergeSwitch,
    ProposalState,
    ThresholdProposal,
    ThresholdState,
    UndoneAs,
)
from channels_merge.states import AppealState
from hotline import parameters
from hotline.dates import SHANGHAI, local_day
from tickets.models import Ticket
from tickets.states import Secrecy

BANDS: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01)
PROPOSE_STEPS: Final = tuple(Decimal(hundredths) / 100 for hundredths in range(30, 100, 5))
MONTHS: Final = 6
GROWTH_DAYS: Final = 14
# Not what it only carried out, after reopening, for somebody who had confirmed the pair.
BY_ITSELF: Final = Q(proposal__isnull=False, proposal__by=None)


# --- wrong merges


def counted() -> QuerySet[MergeRecord]:
    """Every merge but those taken back in the same half minute."""
    return MergeRecord.objects.exclude(undone_as=UndoneAs.SLIP)


@dataclass(frozen=True)
class MergeMonth:
    month: date
    merges: int
    by_itself: int
    wrong: int
    wrong_by_itself: int
    split: int

    @property
    def share(self) -> float:
        return self.wrong / self.merges if self.merges else 0.0


def merge_months(*, at: datetime) -> list[MergeMonth]:
    """The last months, the newest first. A merge counts in its own month, whenever it was found to be wrong."""
    wrong = Q(undone_as=UndoneAs.WRONG)
    since = at - timedelta(days=31 * MONTHS)
    rows = (
        counted()
        .filter(at__gte=since, at__lte=at)
        .values(month=TruncMonth("at", tzinfo=SHANGHAI))
        .annotate(
            merges=Count("pk"),
            by_itself=Count("pk", filter=BY_ITSELF),
            wrong=Count("pk", filter=wrong),
            wrong_by_itself=Count("pk", filter=wrong & BY_ITSELF),
            split=Count("pk", filter=Q(undone_as=UndoneAs.SPLIT)),
        )
        .order_by("-month")[:MONTHS]
    )
    return [MergeMonth(**(row | {"month": row["month"].date()})) for row in rows]


# --- how right the proposals are


@dataclass(frozen=True)
class Band:
    least: float
    most: float
    confirmed: int
    refused: int

    @property
    def precision(self) -> float | None:
        decided = self.confirmed + self.refused
        return self.confirmed / decided if decided else None


def _decisions(*, at: datetime) -> list[tuple[float, bool]]:
    """(probability, was it one matter) of the last decisions. What was found to be wrong later counts as wrong, also of
    what the system linked; what it linked and nobody complained of says nothing.
    """
    wrong = Exists(MergeRecord.objects.filter(proposal=OuterRef("pk"), undone_as=UndoneAs.WRONG))
    decided = (
        MergeProposal.objects.filter(state__in=[ProposalState.CONFIRMED, ProposalState.REFUSED], at__lte=at)
        .annotate(wrong=wrong)
        .filter(Q(by__isnull=False) | Q(wrong=True))
        .order_by("-at", "-pk")[: parameters.integer("merge_learn_decisions", at=at)]
    )
    rows = decided.values_list("probability", "state", "wrong")
    return [(chance, state == ProposalState.CONFIRMED and not is_wrong) for chance, state, is_wrong in rows]


def bands(*, at: datetime) -> list[Band]:
    decisions = _decisions(at=at)
    found = []
    for least, most in pairwise(BANDS):
        inside = [same for chance, same in decisions if least <= chance < most]
        found.append(Band(least, min(most, 1.0), sum(inside), len(inside) - sum(inside)))
    return found


@dataclass(frozen=True)
class Learned:
    value: Decimal
    decisions: int
    confirmed: int


def learned_threshold(*, at: datetime) -> Learned | None:
    """The least threshold, in hundredths, above which at least `merge_precision` were one matter; None while too few
    were decided (`merge_learn_least`) or nothing is good enough.
    """
    decisions = _decisions(at=at)
    least = parameters.integer("merge_learn_least", at=at)
    precision = float(parameters.number("merge_precision", at=at))
    best = None
    for hundredths in range(99, 0, -1):
        above = [same for chance, same in decisions if chance >= hundredths / 100]
        if len(above) >= least and sum(above) >= precision * len(above):
            best = Learned(Decimal(hundredths) / 100, len(above), sum(above))
    return best


@dataclass(frozen=True)
class ProposeStep:
    """What the last decisions would have been with another threshold from which pairs are proposed."""

    value: Decimal
    proposed: int
    confirmed: int
    missed: int
    """One matter, and below it."""
    is_suggested: bool = False

    @property
    def hundredths(self) -> int:
        return int(100 * self.value)

    @property
    def precision(self) -> float | None:
        return self.confirmed / self.proposed if self.proposed else None


def propose_steps(*, at: datetime) -> list[ProposeStep]:
    """From the threshold in force upwards: what lies below it was proposed to nobody, so nothing is known of it.

    Suggested is the highest that keeps `merge_propose_keep` of what was one matter, once `merge_learn_least` were decided;
    none where that is the one in force.
    """
    decisions = _decisions(at=at)
    in_force = parameters.number("merge_propose", at=at)
    values = [in_force, *(value for value in PROPOSE_STEPS if value > in_force)]
    steps = [_step(value, decisions) for value in values]
    same = sum(is_same for _, is_same in decisions)
    most_missed = (1 - float(parameters.number("merge_propose_keep", at=at))) * same
    kept = [step for step in steps if step.missed <= most_missed and step.confirmed]
    if len(decisions) < parameters.integer("merge_learn_least", at=at) or not kept or kept[-1].value == in_force:
        return steps
    return [replace(step, is_suggested=step is kept[-1]) for step in steps]


def _step(value: Decimal, decisions: Sequence[tuple[float, bool]]) -> ProposeStep:
    above = [same for chance, same in decisions if chance >= float(value)]
    missed = sum(same for chance, same in decisions if chance < float(value))
    return ProposeStep(value, len(above), sum(above), missed)


def waiting_threshold() -> ThresholdProposal | None:
    return ThresholdProposal.objects.filter(state=ThresholdState.OPEN).first()


def switches() -> QuerySet[MergeSwitch]:
    """With `linked`, what the system linked there by itself while it was on, and `wrong`, how much of that was no one matter."""
    linked = counted().filter(
        BY_ITSELF,
        Q(proposal__appeal__channel=OuterRef("channel"))
        | Q(proposal__appeal__category=OuterRef("category"))
        | Q(proposal__appeal__category__parent=OuterRef("category"))
        | Q(proposal__appeal__category__parent__parent=OuterRef("category")),
        at__gte=OuterRef("on_at"),
        at__lte=Coalesce(OuterRef("off_at"), F("at")),
    )
    return MergeSwitch.objects.annotate(
        linked=_number(linked), wrong=_number(linked.filter(undone_as=UndoneAs.WRONG))
    ).order_by("-pk")


def _number(records: QuerySet[Any]) -> Subquery:
    # One row, also of nothing: an aggregate without groups.
    return Subquery(records.order_by().values(n=Func("pk", function="COUNT")), output_field=IntegerField())


# --- matters with many appeals


@dataclass(frozen=True)
class BigMatter:
    ticket: Ticket
    appeals: int
    channels: int
    days: Sequence[int]
    places: Sequence[tuple[str, int]]

    @property
    def today(self) -> int:
        return self.days[-1]

    @property
    def week(self) -> int:
        return sum(self.days[-7:])


def big_matters(*, at: datetime) -> QuerySet[Ticket]:
    """Open tickets that `matter_many_appeals` or more live appeals hang on, those merged in included, with `appeals` and
    `joined_at`, when the last one joined.
    """
    lead = Coalesce("into__merged_into", "into")
    joined = MergeRecord.objects.filter(undone_at=None, into__merged_into=None)
    moved = MergeRecord.objects.filter(undone_at=None).values_list(lead, flat=True)
    live = AppealLink.objects.filter(until=None).exclude(appeal__state=AppealState.WITHDRAWN)
    own, below = live.filter(ticket=OuterRef("pk")), live.filter(ticket__merged_into=OuterRef("pk"))
    last = joined.filter(into=OuterRef("pk")).order_by().values("into").annotate(last=Max("at")).values("last")
    return (
        Ticket.objects.filter(pk__in=moved, is_open=True, secrecy=Secrecy.OPEN)
        .annotate(joined_at=Subquery(last), appeals=_number(own) + _number(below))
        .filter(joined_at__isnull=False)
        .filter(appeals__gte=parameters.integer("matter_many_appeals", at=at))
    )


def described(tickets: Iterable[Ticket], *, at: datetime) -> list[BigMatter]:
    """What a row shows of each: growth per day, channels and places. The same number of queries whatever their number."""
    shown = list(tickets)
    leads = {ticket.pk: ticket for ticket in shown}
    since = local_day(at) - timedelta(days=GROWTH_DAYS - 1)
    links = AppealLink.objects.filter(Q(ticket__in=leads) | Q(ticket__merged_into__in=leads), until=None).exclude(
        appeal__state=AppealState.WITHDRAWN
    )
    lead = Coalesce("ticket__merged_into", "ticket")
    growth: dict[int, dict[date, int]] = {}
    for pk, day, count in links.values_list(lead, TruncDate("appeal__received_at", tzinfo=SHANGHAI)).annotate(
        n=Count("pk")
    ):
        growth.setdefault(pk, {})[day] = count
    channels = dict(links.values_list(lead).annotate(n=Count("appeal__channel", distinct=True)))
    places: dict[int, list[tuple[str, int]]] = {}
    for pk, region, place, count in (
        links.values_list(lead, "appeal__region__name", "appeal__place")
        .annotate(n=Count("pk"))
        .order_by("-n", "appeal__place")
    ):
        name = f"{region or ''} {place}".strip()
        if name:
            places.setdefault(pk, []).append((name, count))
    return [
        BigMatter(
            ticket,
            sum(growth.get(ticket.pk, {}).values()),
            channels.get(ticket.pk, 0),
            [growth.get(ticket.pk, {}).get(since + timedelta(days=day), 0) for day in range(GROWTH_DAYS)],
            places.get(ticket.pk, [])[:3],
        )
        for ticket in shown
    ]
