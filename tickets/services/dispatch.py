"""The centre gives a matter to units, takes it back, asks for more, answers itself, or lets a ruling decide.

Article 8 of the order: 严格按照职责清单确定责任主体; what is nobody's goes to the nearest unit as 首办.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from hotline import parameters
from hotline import services as hotline
from hotline.models import Unit, User
from hotline.selectors import people_with_right
from responsibility import services as responsibility
from responsibility.models import DutyItem
from responsibility.selectors import items_in_force
from responsibility.states import Outcome
from tickets import deadlines, rights
from tickets.models import Assignment, Reply, Ticket, TicketEvent
from tickets.services import parts, review, rulings
from tickets.services.act import Act, ActNotAllowed, InputRefused, require_reply, require_text
from tickets.states import (
    LIVE_ASSIGNMENT_STATES,
    AssignmentRole,
    ClockKind,
    EndedAs,
    NoteKind,
    Resolved,
    RulingKind,
    Secrecy,
    TicketState,
)

DISPATCHABLE_KINDS = frozenset(
    {Unit.Kind.CITY_DEPARTMENT, Unit.Kind.ENTERPRISE, Unit.Kind.COUNTY_CENTRE, Unit.Kind.AUTHORITY}
)


@transaction.atomic
def dispatch_ticket(
    *,
    ticket_id: int,
    unit: Unit,
    item: DutyItem | None,
    by: User,
    at: datetime,
    co_units: Sequence[Unit] = (),
    superior: Unit | None = None,
    copies: Sequence[Unit] = (),
) -> TicketEvent:
    """Give the ticket to ``unit`` as lead; units of a county only through its centre.

    Refused when two returns were granted: then a ruling decides.
    """
    receivers = hotline.lock_units([unit, *co_units, *([superior] if superior else []), *copies])
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.DISPATCH)
    for receiver in receivers:
        refuse_unit(receiver, at=at)
    if item and not items_in_force(at).filter(pk=item.pk).exists():
        raise InputRefused("这一事项所属的清单已经停止执行，请按现行清单重新选择。", field="item")
    if len({receiver.pk for receiver in receivers}) != len(receivers):
        raise InputRefused("同一单位不能既主办又协办。")
    return give_to_units(act, unit=unit, item=item, co_units=co_units, superior=superior, copies=copies)


def give_to_units(
    act: Act,
    *,
    unit: Unit,
    item: DutyItem | None,
    co_units: Sequence[Unit] = (),
    superior: Unit | None = None,
    copies: Sequence[Unit] = (),
    outcome: Outcome = Outcome.DISPATCHED,
    data: Mapping[str, Any] | None = None,
) -> TicketEvent:
    """The dispatch of a locked ticket by whoever may; the outcome is remembered for the router. `data`: more for the event."""
    act.require_state(TicketState.PENDING_DISPATCH)
    lead = parts.give_lead(act, unit=unit, item=item, objectable=True)
    act.move(Ticket.dispatch, lead=lead)
    for role, units in ((AssignmentRole.CO, co_units), (AssignmentRole.COPY, copies)):
        for other in units:
            parts.give_side_part(act, unit=other, role=role, item=item)
    if superior:
        parts.give_side_part(act, unit=superior, role=AssignmentRole.SUPERIOR, item=item)
    act.stop_clocks(ClockKind.DISPATCH)
    remember_outcome(act.ticket, unit=unit, item=item, outcome=outcome, at=act.at)
    return act.record(
        "dispatch",
        assignment=lead,
        data={"unit": unit.pk, "item": item.code if item else "", "score": act.ticket.proposed_score}
        | ({"co": [other.pk for other in co_units]} if co_units else {})
        | dict(data or {}),
    )


def refuse_unit(unit: Unit, *, at: datetime) -> None:
    """Raise when the centre may not give a matter straight to ``unit``."""
    if not unit.is_valid(at):
        raise InputRefused(f"{unit.name}已停用，请选择承接单位。")
    if unit.kind == Unit.Kind.TOWNSHIP:
        # 国办函〔2025〕66号（五）: 应由职能部门办理的，不得转派基层
        raise InputRefused("不能直接派给乡镇（街道），请派给县（市、区）中心，由其按履职事项清单转派。")
    if unit.kind not in DISPATCHABLE_KINDS:
        raise InputRefused("只能派给市直部门、公共服务企业或县（市、区）中心。")


def can_sign(unit: Unit, at: datetime) -> bool:
    """Whether anybody there could sign or answer: asked before what the unit cannot give back or others wait for."""
    return people_with_right("tickets.sign_ticket", [unit], at=at).exists()


def remember_outcome(
    ticket: Ticket, *, unit: Unit | None, item: DutyItem | None, outcome: Outcome, at: datetime
) -> None:
    """The router learns from what people decided (RoutingExample)."""
    responsibility.record_outcome(
        ticket_number=ticket.number,
        # Who may read a restricted matter is named one by one; those who read the memory are not.
        text="" if ticket.secrecy == Secrecy.RESTRICTED else f"{ticket.title}\n{ticket.text}",
        category=ticket.category,
        region=ticket.region,
        kind=ticket.kind,
        proposed_item=ticket.proposed_item,
        proposed_unit=ticket.proposed_unit,
        final_item=item,
        final_unit=unit,
        outcome=outcome,
        at=at,
    )


@transaction.atomic
def add_co_unit(*, ticket_id: int, unit: Unit, task: str, by: User, at: datetime) -> TicketEvent:
    """Another unit helps: the centre adds any unit, a county centre one of its own."""
    [unit] = hotline.lock_units([unit])
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require_state(TicketState.PENDING_SIGN, TicketState.IN_PROGRESS)
    parent = None
    if rights.at_the_centre(act.ticket, by):
        own = Assignment.objects.filter(
            ticket=act.ticket, unit_id=by.unit_id, role=AssignmentRole.LEAD, state__in=LIVE_ASSIGNMENT_STATES
        ).first()
        if own is None:
            raise ActNotAllowed("只有市中心或主办的县（市、区）中心可以加派协办。")
        parent = own
        act.require(rights.PASS_DOWN, own)
        if unit.parent_id != by.unit_id:
            raise InputRefused("县（市、区）中心只能加派本县（市、区）的单位。")
    else:
        act.require(rights.DISPATCH)
        refuse_unit(unit, at=at)
    parts.refuse_second_part(act, unit)
    part = parts.give_side_part(act, unit=unit, role=AssignmentRole.CO, item=act.ticket.item, parent=parent)
    return act.record(
        "add_co_unit",
        assignment=part,
        reason=require_text(task, "请写明要协办什么。"),
        public=True,
        data={"unit": unit.pk},
    )


@transaction.atomic
def recall_ticket(
    *, ticket_id: int, reason: str, by: User, at: datetime, unsigned_part: int | None = None
) -> TicketEvent:
    """The centre's own mistake: back to the queue, every unit's part ended. Not counted as a return.

    The dispatch clock runs on and gets no new time by it (docs/clocks.md 5).

    With ``unsigned_part`` only while the lead that it names has not signed: who takes back at a glance, one or many,
    does not see what each unit did meanwhile.
    """
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.RECALL)
    ticket = act.ticket
    if unsigned_part is not None:
        act.require_state(TicketState.PENDING_SIGN)
        if ticket.lead_id != unsigned_part:
            act.refuse("已改派其他单位。")
    reason = require_text(reason, "请写明撤回的原因。")
    lead, item = ticket.lead, ticket.item if ticket.lead else None
    had_it = parts.live_parts(act)
    # A ruling that is recalled is ruled anew, not dispatched a third time.
    act.move(Ticket.recall, needs_ruling=ticket.return_count >= parameters.integer("max_returns_per_ticket", at=at))
    parts.take_back_all(act, ended_as=EndedAs.RECALLED)
    rulings.end_ruling(act)
    _go_on_dispatching(act, lead, as_if_never_given=unsigned_part is not None)
    unit = lead.unit if lead else None
    remember_outcome(ticket, unit=unit, item=item, outcome=Outcome.RECALLED, at=at)
    event = act.record("recall", unit=unit, reason=reason)
    if unsigned_part is None:
        # What is undone at a glance, nobody has had in hand.
        parts.tell_units(act, event, "recalled", had_it)
    return event


def _go_on_dispatching(act: Act, lead: Assignment | None, *, as_if_never_given: bool) -> None:
    """A slip that is undone leaves the clock its date, and so does a dispatch that was late: nobody wins time by
    giving a matter away and taking it back. Else it runs on with what remained when the lead got the matter.
    """
    clocks = act.ticket.clocks.filter(kind=ClockKind.DISPATCH)
    ended = clocks.filter(stopped_at=lead.given_at).order_by("-pk").first() if lead else None
    if ended is None:
        # Given by a ruling, or in hand again after closing: no dispatch clock was stopped for it.
        restart_dispatch(act)
    elif as_if_never_given or ended.was_late(act.at):
        act.continue_clock(ended, as_if_never_ended=as_if_never_given)
    else:
        act.resume_clock(ended, why="撤回派单，接着走剩余时限")


def restart_dispatch(act: Act) -> None:
    act.start_clock(ClockKind.DISPATCH, deadlines.dispatch_rule(urgency=act.ticket.urgency, at=act.at))


@transaction.atomic
def ask_information(*, ticket_id: int, question: str, by: User, at: datetime) -> TicketEvent:
    """What is missing is asked of the citizen; the dispatch clock stops meanwhile, the citizen's does not.

    Not for ever: after `need_info_limit` the centre looks at it with what it has.
    """
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.DISPATCH)
    question = require_text(question, "请写明要群众补充什么。")
    act.move(Ticket.ask_information)
    act.stop_clocks(ClockKind.DISPATCH)
    act.start_clock(ClockKind.INFORMATION, deadlines.plain_rule("need_info_limit", "等群众补充", at))
    return act.record("ask_information", reason=question, note_kind=NoteKind.QUESTION, public=True)


@transaction.atomic
def give_information(*, ticket_id: int, information: str, by: User | None, at: datetime) -> TicketEvent:
    """What the citizen added. While information is awaited the ticket goes back to the queue; else it is a note."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.INFORM)
    information = require_text(information, "请写明补充的内容。")
    if act.ticket.state == TicketState.PENDING_INFO:
        act.move(Ticket.give_information)
        act.stop_clocks(ClockKind.INFORMATION)
        restart_dispatch(act)
    return act.record("give_information", reason=information, note_kind=NoteKind.INFORMATION, public=True)


@transaction.atomic
def answer_by_centre(*, ticket_id: int, public_text: str, by: User, at: datetime) -> TicketEvent:
    """The centre knows the answer: no unit is troubled, the caller is still followed up."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.DISPATCH)
    public_text = require_reply(public_text, "请写明答复内容。", at=at)
    act.move(Ticket.answer_by_centre)
    act.stop_clocks(ClockKind.DISPATCH)
    event = act.write_event("answer_by_centre")
    Reply.objects.create(
        ticket=act.ticket,
        event=event,
        round=act.ticket.round,
        resolved=Resolved.YES,
        public_text=public_text,
        standard_met=True,
        submitted_by=by,
        submitted_at=at,
        published_at=at,
    )
    return act.record("publish_reply")


@transaction.atomic
def refer_to_ruling(*, ticket_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """Nobody's matter, or returned twice: a ruling names the first handler (首办)."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.DISPATCH)
    reason = require_text(reason, "请写明为何要裁定。")
    act.move(Ticket.refer_to_ruling)
    act.stop_clocks(ClockKind.DISPATCH)
    start_ruling(act)
    return act.record("refer_to_ruling", reason=reason)


def start_ruling(act: Act) -> None:
    act.start_clock(ClockKind.RULING, deadlines.plain_rule("ruling_limit", "裁定", act.at))


@transaction.atomic
def rule_first_handler(
    *, ticket_id: int, unit: Unit, item: DutyItem | None, reason: str, by: User, at: datetime
) -> TicketEvent:
    """首办负责: the unit of the nearest duty handles it and cannot return it (order, article 8)."""
    [unit] = hotline.lock_units([unit])
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.RULE)
    reason = require_text(reason, "请写明裁定的依据。")
    refuse_unit(unit, at=at)
    if not can_sign(unit, at):
        raise InputRefused(f"{unit.name}还没有能签收的人员，不能裁定由它首办。")
    act.require_state(TicketState.PENDING_RULING)
    lead = parts.give_lead(act, unit=unit, item=item, objectable=False)
    act.move(Ticket.rule_first_handler, lead=lead)
    act.stop_clocks(ClockKind.RULING)
    remember_outcome(act.ticket, unit=unit, item=item, outcome=Outcome.RULED, at=at)
    event = act.record("rule_first_handler", assignment=lead, reason=reason, data={"unit": unit.pk})
    rulings.give_ruling(act, event, RulingKind.FIRST, unit=unit, item=item, grounds=reason)
    return event


@transaction.atomic
def rule_not_government(*, ticket_id: int, public_text: str, reason: str, by: User, at: datetime) -> TicketEvent:
    """Not a government duty, or a legal route: the explanation goes through the city's review like any result."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.RULE)
    reason = require_text(reason, "请写明裁定的依据。")
    public_text = require_reply(public_text, "请写明怎样向反映人解释。", at=at)
    act.move(Ticket.rule_not_government)
    act.stop_clocks(ClockKind.RULING)
    event = act.write_event("rule_not_government")
    act.note(event, NoteKind.REASON, reason)
    reply = Reply.objects.create(
        ticket=act.ticket,
        event=event,
        round=act.ticket.round,
        resolved=Resolved.NO,
        unresolved_reason=reason,
        public_text=public_text,
        standard_met=True,
        submitted_by=by,
        submitted_at=at,
    )
    review.start_city_review(act, reply, why="裁定不由政府办理")
    remember_outcome(act.ticket, unit=None, item=None, outcome=Outcome.RULED, at=at)
    return act.record("await_review")
