"""Who may see a ticket and where it waits: the one writer of TicketScope and of what queues sort by.

A unit that was given the ticket sees it, and the units above it below the centre; what was recalled, returned or
handed over is theirs no longer. A county's centre sees what one of its resources was asked to settle.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from hotline import services as hotline
from hotline.models import User
from tickets.models import (
    NOTHING_BURNS,
    Approval,
    Assignment,
    ExtensionRequest,
    Mediation,
    ReturnRequest,
    Ticket,
    TicketClock,
    TicketScope,
)
from tickets.states import (
    HELD_STATES,
    LIVE_ASSIGNMENT_STATES,
    SIDE_ROLES,
    UNIT_STATES,
    ApprovalState,
    AssignmentRole,
    AssignmentState,
    ClockKind,
    Decision,
    MediationOutcome,
    TicketState,
)

SEEN_STATES = LIVE_ASSIGNMENT_STATES | {AssignmentState.ACCEPTED}
UNIT_CLOCKS = frozenset({ClockKind.SIGN, ClockKind.CONTACT, ClockKind.HANDLE})
COPIED = [
    "ground",
    "assignment_id",
    "created_at",
    "category_id",
    "kind",
    "state",
    "is_open",
    "sort_at",
    "burning",
    "task",
    "is_redo",
]
# Every act reads them: naming the columns that count nearly halves what reading all of four tables costs.
_READ_OF_PARTS = (
    "unit",
    "role",
    "state",
    "contacted_at",
    *(f"{unit}__{name}" for unit in ("unit", "unit__parent", "unit__parent__parent") for name in ("kind", "parent")),
)
CHECKED_AFTER_CLOSING = timedelta(days=2)


def refresh(ticket: Ticket) -> None:
    """Bring the ticket's sort keys (not saved), its scope rows and its queues in line with parts and clocks. Idempotent."""
    clocks = list(TicketClock.objects.filter(ticket=ticket, stopped_at__isnull=True).order_by("due_at", "pk"))
    ticket.sort_at = clocks[0].due_at if clocks else NOTHING_BURNS
    of_lead = (c for c in clocks if c.kind == ClockKind.HANDLE and c.assignment_id == ticket.lead_id)
    ticket.due_at = next((clock.due_at for clock in of_lead), ticket.due_at)
    _write_rows(ticket, _wanted_rows(ticket, clocks))
    _write_waits(ticket, clocks)


def _write_rows(ticket: Ticket, wanted: dict[int, TicketScope]) -> None:
    """Write what differs only. Grants to people stay, with the columns that lists sort by."""
    there = list(TicketScope.objects.filter(ticket=ticket))
    of_units = {row.unit_id: row for row in there if row.unit_id is not None}
    gone = [row.pk for unit_id, row in of_units.items() if unit_id not in wanted]
    if gone:
        TicketScope.objects.filter(pk__in=gone).delete()
    changed = [row for unit_id, row in wanted.items() if _shown(row) != _shown(of_units.get(unit_id))]
    TicketScope.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["unit", "ticket"], update_fields=COPIED
    )
    if len(there) > len(of_units):
        TicketScope.objects.filter(ticket=ticket, user__isnull=False).update(
            state=ticket.state,
            is_open=ticket.is_open,
            category=ticket.category_id,
            kind=ticket.kind,
            sort_at=ticket.sort_at,
        )


def _shown(row: TicketScope | None) -> list[object]:
    return [getattr(row, name, None) for name in COPIED]


def _wanted_rows(ticket: Ticket, clocks: list[TicketClock]) -> dict[int, TicketScope]:
    """Unit → its row: one for each unit with a part, for each unit above it that has none of its own, for each centre that was asked."""
    parts = list(
        Assignment.objects.filter(ticket=ticket, state__in=SEEN_STATES)
        .select_related("unit__parent__parent")
        .only(*_READ_OF_PARTS)
        .order_by("pk")
    )
    wanted = {}
    for part in parts:
        clock = next((c for c in clocks if c.assignment_id == part.pk and c.kind in UNIT_CLOCKS), None)
        row = wanted[part.unit_id] = _row(ticket, part.unit_id, TicketScope.Ground.ASSIGNED, part.pk, clock)
        row.task = _task(ticket, part)
    for part in parts:
        below = wanted[part.unit_id]
        for unit in part.unit.ancestors_below_centre():
            above = wanted.get(unit.pk)
            if above is None or (above.ground == TicketScope.Ground.ANCESTOR and below.sort_at < above.sort_at):
                wanted[unit.pk] = _row(ticket, unit.pk, TicketScope.Ground.ANCESTOR, None, below)
    for centre in _centres_of_mediations(ticket):
        wanted.setdefault(centre, _row(ticket, centre, TicketScope.Ground.MEDIATION, None, None))
    return wanted


def _centres_of_mediations(ticket: Ticket) -> list[int]:
    if not ticket.mediation_count:
        return []
    asked = Mediation.objects.filter(ticket=ticket, resource__centre__isnull=False)
    return list(asked.exclude(outcome=MediationOutcome.CANCELLED).values_list("resource__centre", flat=True))


def _row(
    ticket: Ticket, unit_id: int, ground: str, assignment_id: int | None, burning: TicketClock | TicketScope | None
) -> TicketScope:
    if isinstance(burning, TicketClock):
        sort_at, kind = burning.due_at, burning.kind
    else:
        sort_at, kind = (burning.sort_at, burning.burning) if burning else (NOTHING_BURNS, "")
    return TicketScope(
        ticket=ticket,
        unit_id=unit_id,
        ground=ground,
        assignment_id=assignment_id,
        created_at=ticket.created_at,
        category_id=ticket.category_id,
        kind=ticket.kind,
        state=ticket.state,
        is_open=ticket.is_open,
        sort_at=sort_at,
        burning=kind,
        is_redo=ticket.round > 1,
    )


def _task(ticket: Ticket, part: Assignment) -> str:
    """What the unit must do next, empty when it waits for others. A co-unit's part does not wait for what the lead waits for."""
    at_the_side = part.role in SIDE_ROLES
    if part.role == AssignmentRole.COPY or ticket.state not in (UNIT_STATES if at_the_side else HELD_STATES):
        return ""
    if part.state == AssignmentState.PENDING_SIGN:
        return TicketScope.Task.SIGN
    if part.state != AssignmentState.SIGNED:
        return ""
    if at_the_side:
        return TicketScope.Task.WORK
    if ticket.state != TicketState.IN_PROGRESS or part.pk != ticket.holder_id:
        return ""
    to_contact = part.contacted_at is None and ticket.contactable
    return TicketScope.Task.CONTACT if to_contact else TicketScope.Task.WORK


def _write_waits(ticket: Ticket, clocks: list[TicketClock]) -> None:
    """Who decides on what was asked, and until when: approvals, returns, extensions."""
    due = {(clock.kind, clock.assignment_id): clock.due_at for clock in clocks}
    for step in Approval.objects.filter(_PENDING_STEP | _HAS_DUE, ticket=ticket):
        _set(step, due_at=due.get((ClockKind.APPROVAL, None)) if step.state == ApprovalState.PENDING else None)
    for model, kind in ((ReturnRequest, ClockKind.RETURN_REVIEW), (ExtensionRequest, ClockKind.EXTENSION)):
        asked = model.objects.filter(_PENDING_REQUEST | _HAS_DUE, assignment__ticket=ticket)
        for request in asked.annotate(above=F("assignment__parent__unit")):
            is_pending = request.decision == Decision.PENDING
            due_at = due.get((kind, request.assignment_id)) if is_pending else None
            _set(request, due_at=due_at, decider_id=request.above if is_pending else request.decider_id)


_PENDING_STEP, _PENDING_REQUEST = Q(state=ApprovalState.PENDING), Q(decision=Decision.PENDING)
_HAS_DUE = Q(due_at__isnull=False)


def _set(row: Approval | ReturnRequest | ExtensionRequest, **wanted: object) -> None:
    if any(getattr(row, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(row, name, value)
        row.save(update_fields=list(wanted))


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
            "kind": ticket.kind,
            "state": ticket.state,
            "is_open": ticket.is_open,
            "sort_at": ticket.sort_at,
        },
    )
    return scope


def check_scopes(ticket_ids: Iterable[int]) -> list[int]:
    """Tickets whose sort keys, scope rows or queues were not what parts and clocks ask for; they are put right."""
    return hotline.one_by_one(_put_right, ticket_ids)


@transaction.atomic
def _put_right(ticket_id: int) -> bool:
    ticket = Ticket.objects.select_for_update(of=("self",), no_key=True).get(pk=ticket_id)
    before = (ticket.sort_at, ticket.due_at, _rows(ticket))
    refresh(ticket)
    ticket.save(update_fields=["sort_at", "due_at"])
    return (ticket.sort_at, ticket.due_at, _rows(ticket)) != before


def _rows(ticket: Ticket) -> set[tuple[object, ...]]:
    return {
        *TicketScope.objects.filter(ticket=ticket).values_list("unit_id", "user_id", *COPIED),
        *Approval.objects.filter(ticket=ticket).values_list("pk", "due_at"),
        *ReturnRequest.objects.filter(assignment__ticket=ticket).values_list("pk", "due_at", "decider"),
        *ExtensionRequest.objects.filter(assignment__ticket=ticket).values_list("pk", "decider", "due_at"),
    }


def to_be_checked(*, after: int, most: int, at: datetime) -> list[int]:
    """Keys of the next tickets for the nightly check: open ones, and those closed in the last days."""
    recent = Q(is_open=True) | Q(closed_at__gte=at - CHECKED_AFTER_CLOSING)
    return list(Ticket.objects.filter(recent, pk__gt=after).order_by("pk").values_list("pk", flat=True)[:most])
