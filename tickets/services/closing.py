"""After the result: follow-up concluded, redo, close, reopen; void and restore; defer and resume.

Article 10 of the order: 被判定为形式办结的工单，发回主责单位重办.
"""

from datetime import datetime

from django.db import transaction

from hotline import services as hotline
from hotline.models import Clock, Unit, User
from tickets import deadlines, rights
from tickets.models import Assignment, Reply, Ticket, TicketEvent
from tickets.services import dispatch, parts, review
from tickets.services.act import Act, InputRefused, require_reply, require_text
from tickets.services.extensions import cancel_extension
from tickets.states import (
    AssignmentRole,
    AssignmentState,
    ClockKind,
    ClosingKind,
    EndedAs,
    NoteKind,
    Resolved,
    TicketState,
)


@transaction.atomic
def close_ticket(*, ticket_id: int, closing_kind: str, by: User | None, at: datetime) -> TicketEvent:
    """Every caller's follow-up is concluded. Refused while a hold is open."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.CLOSE)
    if closing_kind not in ClosingKind.values:
        raise InputRefused("请选择办结方式。")
    act.move(Ticket.close, closing_kind=closing_kind, at=at)
    return act.record("close", data={"closing_kind": closing_kind})


@transaction.atomic
def close_as_withdrawn(*, ticket_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """The last live appeal was withdrawn and a person agrees to end the matter; the units are released."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.CLOSE)
    reason = require_text(reason, "请写明为何可以按撤诉办结。")
    if not act.ticket.withdrawal_proposed:
        act.refuse("还有反映人没有撤回，不能按撤诉办结。")
    act.move(Ticket.close_as_withdrawn, at=at)
    parts.take_back_all(act, ended_as=EndedAs.WITHDRAWN)
    act.stop_clocks(outcome=Clock.Outcome.VOID)
    return act.record("close_as_withdrawn", reason=reason)


@transaction.atomic
def redo_ticket(*, ticket_id: int, reason: str, by: User | None, at: datetime) -> TicketEvent:
    """A new round for the same unit with the redo limit (parameter redo_limit)."""
    _lock_lead_chain(ticket_id)
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.CLOSE)
    reason = require_text(reason, "请写明为何发回重办。")
    act.move(Ticket.redo, same_unit=_lead_goes_on(act))
    _begin_round(act, "redo_limit", "重办")
    return act.record("redo", reason=reason, data={"round": act.ticket.round})


@transaction.atomic
def reopen_ticket(*, ticket_id: int, same_unit: bool, reason: str, by: User, at: datetime) -> TicketEvent:
    """A closed matter was not done: a new round for the same unit, or a fresh dispatch."""
    _lock_lead_chain(ticket_id)
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.CLOSE)
    reason = require_text(reason, "请写明为何重新打开。")
    act.move(Ticket.reopen, same_unit=same_unit and _lead_goes_on(act))
    _begin_round(act, "redo_limit", "重新办理")
    return act.record("reopen", reason=reason, data={"round": act.ticket.round})


def _lock_lead_chain(ticket_id: int) -> None:
    """None of the units that would do it again is abolished meanwhile: work that is done is not handed over."""
    done = Assignment.objects.filter(ticket=ticket_id, role=AssignmentRole.LEAD, state=AssignmentState.ACCEPTED)
    hotline.lock_units(Unit.objects.filter(pk__in=done.values("unit")))


def _lead_goes_on(act: Act) -> bool:
    """Whether the unit that did it is there to do it again."""
    lead = act.ticket.lead
    return lead is not None and lead.state == AssignmentState.ACCEPTED and lead.unit.is_valid(act.at)


def _begin_round(act: Act, limit_key: str, why: str) -> None:
    """The lead chain has it in hand again with a limit of the new round; or the dispatcher has.

    What was done in the round before proves nothing now: the citizen is called and the place looked at again.
    """
    if act.ticket.state == TicketState.PENDING_DISPATCH:
        parts.take_back_all(act, ended_as=EndedAs.REOPENED)
        dispatch.restart_dispatch(act)
        return
    rule = deadlines.plain_rule(limit_key, why, act.at)
    chain = act.ticket.assignments.filter(role=AssignmentRole.LEAD, state=AssignmentState.ACCEPTED)
    for part in chain.select_related("unit", "parent").order_by("pk"):
        if not part.unit.is_valid(act.at):
            parts.take_back(act, [part], ended_as=EndedAs.TAKEN_BACK)
            act.ticket.holder = part.parent
            continue
        part.objectable, part.contacted_at = False, None
        act.move_assignment(part, Assignment.work_again)
        act.start_clock(ClockKind.HANDLE, rule, assignment=part, round=act.ticket.round)


@transaction.atomic
def void_ticket(*, ticket_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """Registered by mistake. The units keep their parts out of sight, so that it can be restored as it was."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.VOID)
    reason = require_text(reason, "请写明作废的原因。")
    act.move(Ticket.void)
    return act.record("void", reason=reason, data={"suspended": act.suspend_clocks()})


@transaction.atomic
def restore_ticket(*, ticket_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.VOID)
    reason = require_text(reason, "请写明恢复的原因。")
    act.move(Ticket.restore)
    act.resume_clocks(suspended_by(act, "void"), why="工单恢复，接着走剩余时限")
    return act.record("restore", reason=reason)


@transaction.atomic
def conclude_deferred(*, ticket_id: int, public_text: str, reason: str, by: User, at: datetime) -> TicketEvent:
    """It stays undone for good and the citizen is told why: the lead is released and the follow-up begins."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.DEFER)
    reason = require_text(reason, "请写明为何不再挂账。")
    public_text = require_reply(public_text, "请写明怎样向反映人解释。", at=at)
    act.move(Ticket.conclude_deferred)
    act.stop_clocks(ClockKind.DEFERRED_REVIEW)
    _release_units(act)
    event = act.write_event("conclude_deferred", assignment=act.ticket.lead)
    act.note(event, NoteKind.REASON, reason)
    reply = Reply.objects.create(
        ticket=act.ticket,
        event=event,
        assignment=act.ticket.lead,
        round=act.ticket.round,
        resolved=Resolved.NO,
        unresolved_reason=reason,
        public_text=public_text,
        standard_met=True,
        submitted_by=by,
        submitted_at=at,
    )
    return review.publish(act, reply, sampled=True)


def _release_units(act: Act) -> None:
    """The lead's part counts as reported; whatever it gave on is taken back."""
    lead = act.assignment(act.ticket.lead_id)
    _, *below = parts.with_those_below(lead)
    parts.take_back(act, below, ended_as=EndedAs.TAKEN_BACK)
    act.move_assignment(lead, Assignment.submit, at=act.at)
    cancel_extension(act, lead)
    act.ticket.lead = act.ticket.holder = lead


def suspended_by(act: Act, name: str) -> list[int]:
    """The clocks that the ticket's last event of this act had suspended."""
    event = act.ticket.events.filter(act=name).order_by("-id")[0]
    return event.data["suspended"]


@transaction.atomic
def defer_ticket(*, ticket_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """挂账: cannot be done within any limit of this list; it stays on the books and is reviewed now and then (parameter deferred_review)."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.DEFER)
    reason = require_text(reason, "请写明挂账的理由和计划。")
    act.move(Ticket.defer)
    suspended = act.suspend_clocks()
    act.start_clock(ClockKind.DEFERRED_REVIEW, deadlines.plain_rule("deferred_review", "挂账复核", at))
    return act.record("defer", reason=reason, public=True, data={"suspended": suspended})


@transaction.atomic
def keep_deferred(*, ticket_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """Reviewed, and still on the books until the next review; the citizen reads why."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.DEFER)
    act.require_state(TicketState.DEFERRED)
    reason = require_text(reason, "请写明复核的情况和下一步计划。")
    act.stop_clocks(ClockKind.DEFERRED_REVIEW)
    act.start_clock(ClockKind.DEFERRED_REVIEW, deadlines.plain_rule("deferred_review", "挂账复核", at))
    return act.record("keep_deferred", reason=reason, public=True)


@transaction.atomic
def resume_ticket(*, ticket_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.DEFER)
    reason = require_text(reason, "请写明恢复办理的原因。")
    act.move(Ticket.resume)
    act.stop_clocks(ClockKind.DEFERRED_REVIEW)
    act.resume_clocks(suspended_by(act, "defer"), why="挂账后恢复，接着走剩余时限")
    return act.record("resume", reason=reason)
