"""How right the first dispatches and the proposals were, from the figures that are counted every night."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from hotline.dates import local_day
from responsibility.models import DutyItem, RoutingExample, RoutingFigure, RoutingModel, RoutingModelEvent
from responsibility.states import ModelAct, Outcome

ROWS: Final = 50
MOST_UNITS: Final = 200
MOST_WRONG: Final = 20
SAMPLES: Final = 10
MISTAKES: Final = 10
MODELS: Final = 20
EVENTS: Final = 30
MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Tally:
    """Tickets first dispatched, how many came back, how many had an item proposed and an item in the end, how many the same."""

    tickets: int
    came_back: int
    judged: int
    right: int

    @property
    def success(self) -> float | None:
        """首次派出成功率: the share that did not come back of those first dispatched."""
        return 1 - self.came_back / self.tickets if self.tickets else None

    @property
    def accuracy(self) -> float | None:
        """建议准确率: the share whose proposed item is the final one of those with both."""
        return self.right / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Line:
    key: Any
    name: str
    tally: Tally


def months_before(at: datetime) -> list[date]:
    """First days of this month and of eleven before it, the newest first."""
    found = [local_day(at).replace(day=1)]
    while len(found) < MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found


def since(at: datetime) -> date:
    """From when on figures are shown."""
    return months_before(at)[-1]


def figures(at: datetime) -> QuerySet[RoutingFigure]:
    return RoutingFigure.objects.filter(month__gte=since(at))


def whole(rows: QuerySet[RoutingFigure]) -> Tally:
    return _tally(rows.aggregate(**_SUMS))


def by_month(rows: QuerySet[RoutingFigure]) -> list[Line]:
    """The newest first."""
    found = _summed(rows, "month").order_by("-month")
    return [Line(row["month"], f"{row['month']:%Y-%m}", _tally(row)) for row in found]


def by_unit(rows: QuerySet[RoutingFigure]) -> list[Line]:
    """Those with most tickets first; at most `MOST_UNITS`."""
    found = _summed(rows, "unit", "unit__short_name").order_by("-sum_tickets", "unit")[:MOST_UNITS]
    return [Line(row["unit"], row["unit__short_name"], _tally(row)) for row in found]


def by_item(rows: QuerySet[RoutingFigure], *, after: str = "") -> tuple[list[Line], str]:
    """(a page of items by code, the key of the next page or "")."""
    found = list(_summed(rows.exclude(final="").filter(final__gt=after), "final").order_by("final")[: ROWS + 1])
    titles = item_titles([row["final"] for row in found])
    lines = [Line(row["final"], titles.get(row["final"], ""), _tally(row)) for row in found[:ROWS]]
    return lines, lines[-1].key if len(found) > ROWS else ""


@dataclass(frozen=True, slots=True)
class Wrong:
    proposed: str
    proposed_title: str
    final: str
    final_title: str
    tickets: int


def wrong_ways(rows: QuerySet[RoutingFigure]) -> list[Wrong]:
    """What was proposed in place of what, the most frequent first."""
    found = list(
        rows.exclude(Q(proposed="") | Q(final="") | Q(proposed=F("final")))
        .values("proposed", "final")
        .annotate(sum_tickets=Sum("tickets"))
        .order_by("-sum_tickets", "proposed", "final")[:MOST_WRONG]
    )
    titles = item_titles([code for row in found for code in (row["proposed"], row["final"])])
    return [
        Wrong(
            row["proposed"],
            titles.get(row["proposed"], ""),
            row["final"],
            titles.get(row["final"], ""),
            row["sum_tickets"],
        )
        for row in found
    ]


def wrong_samples(*, proposed: str, final: str, at: datetime) -> list[RoutingExample]:
    """The newest tickets, without personal data, for which this was proposed and that was decided; each once."""
    rows = RoutingExample.objects.filter(
        proposed_item__code=proposed,
        final_item__code=final,
        outcome__in=(Outcome.DISPATCHED, Outcome.RULED),
        at__gte=at - timedelta(days=366),
    )
    newest = rows.exclude(text="").order_by("-at", "-pk")[: 2 * SAMPLES]
    return list({row.ticket_number: row for row in reversed(newest)}.values())[::-1][:SAMPLES]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What a model answered in place of the truth on tickets kept out; `samples`: the newest of them, to be read."""

    truth: str
    truth_title: str
    answer: str
    answer_title: str
    times: int
    samples: list[RoutingExample]


def mistakes_of(report: dict[str, Any]) -> list[Mistake]:
    """The most frequent of a report (`Judged` as JSON). A restricted matter is in none of the samples: of it no word is kept. Two queries."""
    ways = report.get("taken_for", [])[:MISTAKES]
    rows = RoutingExample.objects.filter(
        ticket_number__in=[number for way in ways for number in way["tickets"]],
        outcome__in=(Outcome.DISPATCHED, Outcome.RULED),
    )
    texts = {
        (row.ticket_number, row.final_code): row
        for row in rows.exclude(text="").annotate(final_code=F("final_item__code")).order_by("pk")
    }
    titles = item_titles([code for way in ways for code in (way["truth"], way["answer"])])
    return [
        Mistake(
            way["truth"],
            titles.get(way["truth"], ""),
            way["answer"],
            titles.get(way["answer"], ""),
            way["times"],
            [texts[number, way["truth"]] for number in reversed(way["tickets"]) if (number, way["truth"]) in texts],
        )
        for way in ways
    ]


def item_titles(codes: Sequence[str]) -> dict[str, str]:
    """Of the newest version that has each code."""
    rows = DutyItem.objects.filter(code__in=set(codes)).order_by("duty_list__version", "pk")
    return dict(rows.values_list("code", "title"))


def models_learned(*, before: int | None = None) -> QuerySet[RoutingModel]:
    """The newest first, without their weights; `has_weights` says whether one can still be chosen."""
    rows = (
        RoutingModel.objects.annotate(has_weights=Q(weights__isnull=False)).defer("weights", "report").order_by("-pk")
    )
    return rows.filter(pk__lt=before) if before else rows


def first_events(models: Sequence[RoutingModel]) -> list[RoutingModelEvent | None]:
    """What was decided of each when it was learned; None for one that was learned by command."""
    nightly = RoutingModelEvent.objects.filter(model__in=models, act__in=(ModelAct.ADOPT, ModelAct.DECLINE))
    found = {event.model_id: event for event in nightly.order_by("-pk")}
    return [found.get(model.pk) for model in models]


def newest_events() -> list[RoutingModelEvent]:
    rows = RoutingModelEvent.objects.select_related("model", "by__unit").defer("model__weights", "model__report")
    return list(rows.order_by("-pk")[:EVENTS])


_BOTH: Final = ~Q(proposed="") & ~Q(final="")
_SUMS: Final = {
    "sum_tickets": Coalesce(Sum("tickets"), Value(0)),
    "sum_back": Coalesce(Sum("came_back"), Value(0)),
    "sum_judged": Coalesce(Sum("tickets", filter=_BOTH), Value(0)),
    "sum_right": Coalesce(Sum("tickets", filter=_BOTH & Q(proposed=F("final"))), Value(0)),
}


def _summed(rows: QuerySet[RoutingFigure], *fields: str) -> Any:
    return rows.values(*fields).annotate(**_SUMS)


def _tally(row: dict[str, Any]) -> Tally:
    return Tally(row["sum_tickets"], row["sum_back"], row["sum_judged"], row["sum_right"])
