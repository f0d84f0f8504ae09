"""Counting how the router and the first dispatches did, month by month."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from hotline.dates import SHANGHAI
from responsibility.models import RoutingExample, RoutingFigure
from responsibility.selectors.quality import months_before
from responsibility.states import DISPATCHED, Outcome

_COUNTED_ANEW: Final = 3
"""Months whose tickets may still come back."""


def count_routing(*, at: datetime) -> int:
    """The figures of the last months: the newest three anew, earlier ones where there are none. Rows written.

    A ticket counts in the month of its first dispatch. It came back when after that a return was granted or the centre took it back;
    its final item is that of the last dispatch or ruling. May run any number of times.
    """
    newest = months_before(at)
    there = set(RoutingFigure.objects.filter(month__in=newest).values_list("month", flat=True).distinct())
    return sum(_count(month) for number, month in enumerate(newest) if number < _COUNTED_ANEW or month not in there)


@transaction.atomic
def _count(month: date) -> int:
    start, end = _midnight(month), _midnight((month + timedelta(days=31)).replace(day=1))
    of_the_ticket = RoutingExample.objects.filter(ticket_number=OuterRef("ticket_number"))
    last = of_the_ticket.filter(outcome__in=(*DISPATCHED, Outcome.RULED)).order_by("-at", "-pk")
    rows = (
        RoutingExample.objects.filter(outcome__in=DISPATCHED, at__gte=start, at__lt=end)
        .exclude(final_unit=None)
        .exclude(Exists(of_the_ticket.filter(outcome__in=DISPATCHED, pk__lt=OuterRef("pk"))))
        .annotate(
            proposed=Coalesce("proposed_item__code", Value("")),
            final=Coalesce(Subquery(last.values("final_item__code")[:1]), Value("")),
            back=Exists(of_the_ticket.filter(outcome__in=(Outcome.RETURNED, Outcome.RECALLED), pk__gt=OuterRef("pk"))),
        )
        .values("final_unit", "proposed", "final")
        .annotate(tickets=Count("pk"), came_back=Count("pk", filter=Q(back=True)))
        .order_by()
    )
    figures = [
        RoutingFigure(
            month=month,
            unit_id=row["final_unit"],
            proposed=row["proposed"],
            final=row["final"],
            tickets=row["tickets"],
            came_back=row["came_back"],
        )
        for row in rows
    ]
    RoutingFigure.objects.filter(month=month).delete()
    return len(RoutingFigure.objects.bulk_create(figures))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
