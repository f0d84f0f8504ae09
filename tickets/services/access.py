"""Who may see a ticket: the one writer of TicketScope (design.md 4).

A unit that was given the ticket sees it, and the units above it below the centre; what was recalled, returned or
handed over is theirs no longer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from hotline.models import Unit, User
from tickets.models import NOTHING_BURNS, Assignment, Ticket, TicketClock, TicketScope
from tickets.states import LIVE_ASSIGNMENT_STATES, AssignmentState, ClockKind

SEEN_STATES = LIVE_ASSIGNMENT_STATES | {AssignmentState.ACCEPTED}
UNIT_CLOCKS = frozenset({ClockKind.SIGN, ClockKind.CONTACT, ClockKind.HANDLE})
COPIED = ["ground", "assignment", "created_at", "category", "state", "is_open", "sort_at", "burning"]


@dataclass(frozen=True)
class _Wanted:
    ground: str
    assignment_id: int | None
    sort_at: datetime
    burning: str


def burning_clocks(ticket: Ticket) -> list[TicketClock]:
    """Running clocks of the ticket, the one that is due first in front."""
    return list(TicketClock.objects.filter(ticket=ticket, stopped_at__isnull=True).order_by("due_at", "pk"))


def refresh(ticket: Ticket, *, burning: list[TicketClock] | None = None, units_changed: bool = True) -> None:
    """Bring the ticket's scope rows in line with its assignments and clocks. Idempotent; grants to users stay."""
    clocks = burning_clocks(ticket) if burning is None else burning
    wanted = _wanted_rows(ticket, clocks)
    if units_changed:
        TicketScope.objects.filter(ticket=ticket, user__isnull=True).exclude(unit_id__in=wanted).delete()
    TicketScope.objects.bulk_create(
        [
            TicketScope(
                ticket=ticket,
                unit_id=unit_id,
                ground=row.ground,
                assignment_id=row.assignment_id,
                created_at=ticket.created_at,
                category_id=ticket.category_id,
                state=ticket.state,
                is_open=ticket.is_open,
                sort_at=row.sort_at,
                burning=row.burning,
            )
            for unit_id, row in wanted.items()
        ],
        update_conflicts=True,
        unique_fields=["unit", "ticket"],
        update_fields=COPIED,
    )
    TicketScope.objects.filter(ticket=ticket, user__isnull=False).update(
        state=ticket.state, is_open=ticket.is_open, category=ticket.category_id, sort_at=ticket.sort_at
    )


def _wanted_rows(ticket: Ticket, clocks: list[TicketClock]) -> dict[int, _Wanted]:
    assignments = (
        Assignment.objects.filter(ticket=ticket, state__in=SEEN_STATES)
        .select_related("unit__parent__parent")
        .order_by("pk")
    )
    wanted: dict[int, _Wanted] = {}
    above: list[tuple[Unit, _Wanted]] = []
    for assignment in assignments:
        clock = next((c for c in clocks if c.assignment_id == assignment.pk and c.kind in UNIT_CLOCKS), None)
        row = _Wanted(
            TicketScope.Ground.ASSIGNED,
            assignment.pk,
            clock.due_at if clock else NOTHING_BURNS,
            clock.kind if clock else "",
        )
        wanted[assignment.unit_id] = row
        above += [(ancestor, row) for ancestor in assignment.unit.ancestors_below_centre()]
    for ancestor, row in above:
        known = wanted.get(ancestor.pk)
        if known is None or (known.ground == TicketScope.Ground.ANCESTOR and row.sort_at < known.sort_at):
            wanted[ancestor.pk] = _Wanted(TicketScope.Ground.ANCESTOR, None, row.sort_at, row.burning)
    return wanted


@transaction.atomic
def grant_scope(*, ticket_id: int, user: User, until: datetime | None) -> TicketScope:
    """A personal grant to see one ticket. The caller's room checks and logs why. Granting again moves the end."""
    ticket = Ticket.objects.select_for_update(of=("self",), no_key=True).get(pk=ticket_id)
    scope, _ = TicketScope.objects.update_or_create(
        ticket=ticket,
        user=user,
        defaults={
            "ground": TicketScope.Ground.GRANT,
            "until": until,
            "created_at": ticket.created_at,
            "category": ticket.category,
            "state": ticket.state,
            "is_open": ticket.is_open,
            "sort_at": ticket.sort_at,
        },
    )
    return scope


def check_scopes(ticket_ids: Iterable[int]) -> list[int]:
    """Tickets whose scope rows were not what their assignments ask for; they are put right. For the nightly checker."""
    wrong = []
    for ticket_id in ticket_ids:
        with transaction.atomic():
            ticket = Ticket.objects.select_for_update(of=("self",), no_key=True).get(pk=ticket_id)
            before = _rows(ticket)
            refresh(ticket)
            if _rows(ticket) != before:
                wrong.append(ticket_id)
    return wrong


def _rows(ticket: Ticket) -> set[tuple]:
    return set(
        TicketScope.objects.filter(Q(ticket=ticket)).values_list(
            "unit_id", "user_id", "ground", "assignment_id", "category_id", "state", "is_open", "sort_at", "burning"
        )
    )
