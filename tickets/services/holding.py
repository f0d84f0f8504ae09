"""Holds of higher rooms, and work that changes hands when units or people go."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from hotline import services as hotline
from hotline.models import Clock, Unit, User
from hotline.selectors import people_with_right
from tickets import rights
from tickets.models import Approval, Assignment, Mediation, Reply, Ticket, TicketClock, TicketEvent, TicketHold
from tickets.selectors.acts import NOT_TO_BE_HANDED_OVER
from tickets.selectors.lists import who_may_know
from tickets.services import access
from tickets.services.act import Act, InputRefused, require_text
from tickets.services.dispatch import DISPATCHABLE_KINDS
from tickets.services.handling import refuse_handler, refuse_township
from tickets.states import (
    ENDED_ASSIGNMENT_STATES,
    LIVE_ASSIGNMENT_STATES,
    ApprovalState,
    AssignmentRole,
    Decision,
    TicketState,
)

HANDLING_KINDS = DISPATCHABLE_KINDS | {Unit.Kind.COUNTY_DEPARTMENT, Unit.Kind.TOWNSHIP}
SHOWN = 5
"""Numbers that a sentence names."""


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
    hold = TicketHold.objects.create(ticket=act.ticket, source=source, placed_by=by, placed_at=at)
    act.ticket.open_hold_count += 1
    return act.record("place_hold", reason=reason, data={"source": hold.source})


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


def hand_over(*, unit_from: Unit, unit_to: Unit, reason: str, by: User | None, at: datetime) -> int:
    """Give everything ``unit_from`` has in hand to ``unit_to``; what is not late yet runs on. Returns how many parts moved.

    One ticket, one transaction: a refusal in the middle leaves the others moved and can be run again.
    """
    _refuse_receiver(unit_from, unit_to, at)
    reason = require_text(reason, "请写明移交的原因。")
    moved = 0
    for assignment_id in _to_hand_over(unit_from):
        _hand_over_one(assignment_id, unit_to=unit_to, reason=reason, by=by, at=at)
        moved += 1
    return moved


def parts_in_hand(who: Unit | User) -> QuerySet[Assignment]:
    """Also the parts in tickets that are out of sight: merged and voided ones may come back."""
    own = {"unit": who} if isinstance(who, Unit) else {"handler": who}
    parts = Assignment.objects.filter(**own, state__in=sorted(LIVE_ASSIGNMENT_STATES))
    return parts.exclude(ticket__state=TicketState.CLOSED).order_by("pk")


def said_in_hand(who: Unit | User) -> str:
    """How many tickets and the first numbers, a sentence; "" for none."""
    waiting = list(parts_in_hand(who).values_list("pk", flat=True))
    return f"在办工单 {len(waiting)} 件：{_numbers(waiting)}。" if waiting else ""


def _numbers(parts: Sequence[int]) -> str:
    numbers = Ticket.objects.filter(assignments__in=parts[:SHOWN]).order_by("pk").values_list("number", flat=True)
    return f"{'、'.join(numbers)}{'等' if len(parts) > SHOWN else ''}"


def _to_hand_over(unit: Unit) -> list[int]:
    return list(parts_in_hand(unit).values_list("pk", flat=True))


def hand_over_abolished(*, unit: Unit, successor: Unit | None, at: datetime) -> int:
    """A unit ends: its successor takes what is in hand. Refused with what that is when there is none."""
    waiting = _to_hand_over(unit)
    if not waiting:
        return 0
    if successor is None:
        raise InputRefused(f"{unit.name}还有 {len(waiting)} 件在办（{_numbers(waiting)}），请指定承接单位后再撤销。")
    reason = f"{unit.name}撤销，由{successor.name}承接。"
    return hand_over(unit_from=unit, unit_to=successor, reason=reason, by=None, at=at)


def release_handler(*, person: User, heir: User | None, at: datetime) -> int:
    """A person leaves: the colleague handles their parts from now on. Refused with how many there are when nobody does."""
    waiting = list(parts_in_hand(person).values_list("pk", flat=True))
    if waiting and heir is None:
        raise InputRefused(f"{person.name}还有 {len(waiting)} 件在办，请指定接手的同事后再停用。")
    for assignment_id in waiting:
        _rename_handler(assignment_id, heir=heir, at=at)
    return len(waiting)


@transaction.atomic
def _rename_handler(assignment_id: int, *, heir: User, at: datetime) -> TicketEvent:
    act, assignment = Act.on_assignment(assignment_id, by=None, at=at)
    refuse_handler(heir, assignment)
    assignment.handler = heir
    assignment.save(update_fields=["handler"])
    return act.record("name_handler", assignment=assignment, data={"handler": heir.pk})


@transaction.atomic
def hand_over_part(*, assignment_id: int, unit_to: Unit, reason: str, by: User, at: datetime) -> TicketEvent:
    """One unit's part of one ticket to another unit below the same one, as when duties were moved; clocks that are not late run on."""
    reason = require_text(reason, "请写明移交的原因。")
    return _hand_over_one(assignment_id, unit_to=unit_to, reason=reason, by=by, at=at)


def _refuse_receiver(unit_from: Unit, unit_to: Unit, at: datetime) -> None:
    if unit_from == unit_to or not unit_to.is_valid(at):
        raise InputRefused("请选择另一个在用的单位承接。")
    if unit_to.parent_id != unit_from.parent_id:
        raise InputRefused("只能移交给同一上级的单位。")
    if unit_to.kind not in HANDLING_KINDS:
        raise InputRefused(f"{unit_to.name}不承办诉求，请选择承办单位。")


@transaction.atomic
def _hand_over_one(assignment_id: int, *, unit_to: Unit, reason: str, by: User | None, at: datetime) -> TicketEvent:
    [unit_to] = hotline.lock_units([unit_to])
    act, old = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.HAND_OVER, old)
    _refuse_receiver(old.unit, unit_to, at)
    # A unit that is abolished has nothing to keep it with.
    if by is not None and not old.objectable:
        act.refuse(NOT_TO_BE_HANDED_OVER)
    if act.ticket.assignments.filter(unit=unit_to).exclude(state__in=ENDED_ASSIGNMENT_STATES).exists():
        raise InputRefused(f"{act.ticket.number}：{unit_to.name}已在承办这一件，须先收回其中一方。")
    if old.role == AssignmentRole.LEAD:
        refuse_township(unit_to, item=old.item, ticket=act.ticket, at=at)
    new = Assignment(
        ticket=act.ticket,
        unit=unit_to,
        role=old.role,
        parent=old.parent,
        item=old.item,
        state=old.state,
        objectable=old.objectable,
        given_by=old.given_by,
        given_at=old.given_at,
        signed_at=old.signed_at,
        contacted_at=old.contacted_at,
        submitted_at=old.submitted_at,
    )
    act.move_assignment(old, Assignment.hand_over, at=at)
    new.save()
    old.handed_to = new
    old.save(update_fields=["handed_to"])
    Assignment.objects.filter(parent=old).update(parent=new)
    _carry(act, old, new)
    ticket = act.ticket
    if ticket.lead_id == old.pk:
        ticket.lead = new
    if ticket.holder_id == old.pk:
        ticket.holder = new
    act.shows_elsewhere()
    event = act.record("hand_over", assignment=new, reason=reason, data={"from": old.unit_id, "to": unit_to.pk})
    told = who_may_know(ticket, people_with_right("tickets.pass_down_ticket", [unit_to], at=at), at)
    hotline.notify(users=told, kind="handed_over", number=ticket.number, at=at, dedupe=f"handed_over:{event.pk}")
    return event


def _carry(act: Act, old: Assignment, new: Assignment) -> None:
    """What still counts goes along. What was late stays with the unit that was late; the new one has what a late clock leaves."""
    clocks = old.clocks.filter(kind__in=access.UNIT_CLOCKS)
    late = list(clocks.filter(stopped_at__isnull=True, due_at__lt=act.at).order_by("pk"))
    if late:
        act.stop_clocks(*(clock.kind for clock in late), assignment=old, outcome=Clock.Outcome.VOID)
    old.clocks.exclude(kind__in=access.UNIT_CLOCKS, stopped_at__gt=F("due_at")).update(assignment=new)
    for clock in TicketClock.objects.filter(pk__in=[clock.pk for clock in late]).order_by("pk"):
        act.resume_clock(clock, why="移交，接着走剩余时限")
    # Ended ones stay: what the one unit has asked and was told is no answer to the other.
    old.returnrequests.filter(decision=Decision.PENDING).update(assignment=new)
    for carried in (old.extensionrequests, old.onsite_records, old.objections):
        carried.update(assignment=new)
    Mediation.objects.filter(assignment=old, outcome="").update(assignment=new)
    pending = Approval.objects.filter(ticket=act.ticket, state=ApprovalState.PENDING)
    Reply.objects.filter(assignment=old, pk__in=pending.values("reply")).update(assignment=new)
    pending.filter(assignment=old).update(assignment=new, unit=new.unit)
