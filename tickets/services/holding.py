"""Holds of higher rooms, and work that changes hands when units or people go."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from hotline.models import Unit, User
from tickets import rights
from tickets.models import Approval, Assignment, TicketClock, TicketEvent, TicketHold
from tickets.services.act import Act, InputRefused, require_text
from tickets.states import LIVE_ASSIGNMENT_STATES, ApprovalState


@transaction.atomic
def place_hold(*, ticket_id: int, source: str, reason: str, by: User | None, at: datetime) -> TicketEvent:
    """The ticket cannot close until ``source`` releases it. Clocks run on. Placing it twice is refused."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.HOLD)
    reason = require_text(reason, "请写明为何保留。")
    if not act.ticket.is_open:
        act.refuse("只有未办结的工单可以保留。")
    if act.ticket.holds.filter(source=source, released_at__isnull=True).exists():
        act.refuse(f"已因“{source}”保留。")
    TicketHold.objects.create(ticket=act.ticket, source=source, placed_by=by, placed_at=at)
    act.ticket.open_hold_count += 1
    return act.record("place_hold", reason=reason, data={"source": source})


@transaction.atomic
def release_hold(*, hold_id: int, reason: str, by: User | None, at: datetime) -> TicketEvent:
    ticket_id = TicketHold.objects.values_list("ticket_id", flat=True).get(pk=hold_id)
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.HOLD)
    hold = TicketHold.objects.get(pk=hold_id)
    if hold.released_at is not None:
        act.refuse("这一保留已解除。")
    hold.released_at, hold.released_by = at, by
    hold.save(update_fields=["released_at", "released_by"])
    act.ticket.open_hold_count -= 1
    return act.record("release_hold", reason=reason.strip(), data={"source": hold.source})


def work_in_hand(unit: Unit) -> Iterable[Assignment]:
    """What a unit still has to do: shown before it is abolished."""
    return (
        Assignment.objects.filter(unit=unit, state__in=sorted(LIVE_ASSIGNMENT_STATES), ticket__is_open=True)
        .select_related("ticket", "unit")
        .order_by("pk")
    )


def hand_over(*, unit_from: Unit, unit_to: Unit, reason: str, by: User, at: datetime) -> int:
    """Give everything ``unit_from`` has in hand to ``unit_to``; clocks run on. Returns how many parts moved.

    One ticket, one transaction: a refusal in the middle leaves the others moved and can be run again.
    """
    if unit_from == unit_to or not unit_to.is_valid(at):
        raise InputRefused("请选择另一个在用的单位承接。")
    if unit_to.parent_id != unit_from.parent_id:
        raise InputRefused("只能移交给同一上级的单位。")
    reason = require_text(reason, "请写明移交的原因。")
    moved = 0
    for assignment in work_in_hand(unit_from):
        _hand_over_one(assignment.pk, unit_to=unit_to, reason=reason, by=by, at=at)
        moved += 1
    return moved


@transaction.atomic
def _hand_over_one(assignment_id: int, *, unit_to: Unit, reason: str, by: User, at: datetime) -> TicketEvent:
    act, old = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.HAND_OVER)
    if Assignment.objects.filter(ticket=act.ticket, unit=unit_to, state__in=sorted(LIVE_ASSIGNMENT_STATES)).exists():
        raise InputRefused(f"{act.ticket.number}：{unit_to.name}已在承办这一件，须先收回其中一方。")
    state, signed_at, submitted_at = old.state, old.signed_at, old.submitted_at
    act.move_assignment(old, Assignment.hand_over, at=at)
    new = Assignment(
        ticket=act.ticket,
        unit=unit_to,
        role=old.role,
        parent=old.parent,
        item=old.item,
        state=state,
        objectable=old.objectable,
        given_by=old.given_by,
        given_at=old.given_at,
        signed_at=signed_at,
        contacted_at=old.contacted_at,
        submitted_at=submitted_at,
    )
    new.save()
    Assignment.objects.filter(parent=old).update(parent=new)
    TicketClock.objects.filter(assignment=old, stopped_at__isnull=True).update(assignment=new)
    old.returnrequests.filter(decision="pending").update(assignment=new)
    old.extensionrequests.filter(decision="pending").update(assignment=new)
    Approval.objects.filter(assignment=old, state=ApprovalState.PENDING).update(assignment=new, unit=unit_to)
    ticket = act.ticket
    if ticket.lead_id == old.pk:
        ticket.lead = new
    if ticket.holder_id == old.pk:
        ticket.holder = new
    act.units_changed()
    return act.record("hand_over", assignment=new, reason=reason, data={"from": old.unit_id, "to": unit_to.pk})
