"""Who returns what (派单异议审核): counts of a month by unit and by item, and matters that were passed round (踢皮球).

Recomputed from rows each time. Only what the city gave to a lead counts, a county being one unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from hotline.dates import month_bounds
from hotline.models import Unit, User
from responsibility.models import DutyItem
from tickets.models import Assignment, ReturnRequest, Ticket
from tickets.selectors.lists import Key, Page, secret_to, take
from tickets.states import AssignmentRole, Decision, EndedAs

WORST = 25
GIVEN_UP = (EndedAs.RETURNED, EndedAs.TAKEN_BACK, EndedAs.RULED)
OUTCOMES: dict[str, Q] = {
    "granted": Q(decision=Decision.GRANTED, is_take_back=False) & ~Q(assignment__ended_as=EndedAs.RULED),
    "refused": Q(decision=Decision.REFUSED, is_take_back=False),
    "disputed": Q(decision=Decision.GRANTED, is_take_back=False, assignment__ended_as=EndedAs.RULED),
    "open": Q(decision=Decision.PENDING, is_take_back=False),
    "late": Q(is_take_back=True),
}
"""What became of a request → which rows. Cancelled ones are in none: the matter went before anybody decided."""


@dataclass(frozen=True)
class Line:
    """Of one unit, or of one item: `subject` None where a dispatch named no item."""

    subject: Unit | DutyItem | None
    query: str
    """What asks for the rows behind it, in an address."""
    dispatched: int
    granted: int
    refused: int
    disputed: int
    open: int
    late: int

    @property
    def returned(self) -> int:
        """退单: asked within the window, whatever became of it."""
        return self.granted + self.refused + self.disputed + self.open

    @property
    def share(self) -> float | None:
        """Per cent of what was dispatched; None where nothing was dispatched in the month itself."""
        return 100 * self.returned / self.dispatched if self.dispatched else None


def _of_leads(begins: datetime, ends: datetime) -> QuerySet[Assignment]:
    return Assignment.objects.filter(
        role=AssignmentRole.LEAD, parent__isnull=True, given_at__gte=begins, given_at__lt=ends
    )


def _asked(begins: datetime, ends: datetime) -> QuerySet[ReturnRequest]:
    return ReturnRequest.objects.filter(
        assignment__role=AssignmentRole.LEAD,
        assignment__parent__isnull=True,
        requested_at__gte=begins,
        requested_at__lt=ends,
    ).exclude(decision=Decision.CANCELLED)


def lines_by_unit(month: date) -> list[Line]:
    """Units that asked for a return in the month, whoever asked most in front. Three queries."""
    return _lines(month, "unit", Unit.objects)


def lines_by_item(month: date) -> list[Line]:
    """Items whose matters came back in the month, at most the worst `WORST`."""
    return _lines(month, "item", DutyItem.objects)[:WORST]


def _lines(month: date, column: str, subjects: Any) -> list[Line]:
    begins, ends = month_bounds(month)
    key = f"assignment__{column}"
    asked = _asked(begins, ends).order_by().values_list(key)
    counted = {
        row[0]: row[1:]
        for row in asked.annotate(**{name: Count("pk", filter=which) for name, which in OUTCOMES.items()})
    }
    given = dict(
        _of_leads(begins, ends)
        .filter(Q(**{f"{column}__in": [pk for pk in counted if pk is not None]}) | Q(**{f"{column}__isnull": True}))
        .order_by()
        .values_list(column)
        .annotate(Count("pk"))
    )
    found = subjects.in_bulk([pk for pk in counted if pk is not None])
    lines = [
        Line(found.get(pk), f"&{column}={pk or 0}", given.get(pk, 0), *numbers) for pk, numbers in counted.items()
    ]
    return sorted(lines, key=lambda line: (-line.returned, -line.late, str(line.subject)))


def returned_page(
    user: User,
    *,
    month: date,
    whose: Q,
    outcome: str,
    after: Key | None,
    at: datetime,
) -> Page[ReturnRequest]:
    """The requests behind a figure, ``whose`` by unit or item, the newest first. Of restricted matters only those opened to the person."""
    rows = _asked(*month_bounds(month)).filter(whose).exclude(assignment__ticket__in=secret_to(user, at))
    if outcome in OUTCOMES:
        rows = rows.filter(OUTCOMES[outcome])
    shown = rows.select_related("assignment__ticket", "assignment__unit", "assignment__item", "suggested_unit")
    return take(shown.defer("assignment__ticket__text"), by="requested_at", pk="id", after=after, newest=True)


@dataclass(frozen=True)
class Passed:
    ticket: Ticket
    units: int
    """踢皮球指数: different units that the city gave the matter to."""
    road: str
    """Their names in order."""


def passed_round(user: User, *, month: date, at: datetime) -> list[Passed]:
    """Matters that a unit got rid of in the month and that have been with two units or more, the worst `WORST`."""
    begins, ends = month_bounds(month)
    leads = Assignment.objects.filter(role=AssignmentRole.LEAD, parent__isnull=True)
    # Ids first, from the index of what ended: a month has few of them, the tickets are many.
    given_up = leads.filter(ended_as__in=GIVEN_UP, ended_at__gte=begins, ended_at__lt=ends)
    of_city = Q(assignments__role=AssignmentRole.LEAD, assignments__parent__isnull=True)
    worst = list(
        Ticket.objects.visible_to(user, at)
        .filter(pk__in=given_up.values("ticket"))
        .annotate(
            units=Count("assignments__unit", filter=of_city, distinct=True),
            last=Max("assignments__given_at", filter=of_city),
        )
        .filter(units__gte=2)
        .order_by("-units", "-last", "-pk")
        .defer("text")[:WORST]
    )
    parts = leads.filter(ticket__in=worst).select_related("unit").order_by("given_at", "pk")
    roads: dict[int, list[str]] = {}
    for part in parts:
        roads.setdefault(part.ticket_id, []).append(part.unit.short_name)
    return [Passed(ticket, ticket.units, " → ".join(roads[ticket.pk])) for ticket in worst]


def index_of(passed: Sequence[Passed]) -> float | None:
    """How many units one of them has been with on the average."""
    return sum(each.units for each in passed) / len(passed) if passed else None
