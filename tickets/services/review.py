"""The way up: unit head, the parent's centre, the city centre by rule or by sample; each step one Approval row.

Submitter ≠ approver. The reply that passes the last step is what the citizen is told.
"""

from datetime import datetime

from django.db import transaction

from hotline import parameters
from hotline.models import Clock, Unit, User
from hotline.numbers import lot_of
from tickets import deadlines, rights
from tickets.models import Approval, Assignment, Reply, Ticket, TicketClock, TicketEvent
from tickets.selectors.readiness import silent_co_units
from tickets.services import parts
from tickets.services.act import Act, require_text
from tickets.services.extensions import cancel_extension
from tickets.states import (
    DENIED,
    ApprovalState,
    ApprovalStep,
    AssignmentState,
    ClockKind,
    EndedAs,
    Resolved,
    TicketState,
    Urgency,
)

NOT_SAMPLED = "市中心未抽查"


def start_review(act: Act, reply: Reply, assignment: Assignment) -> None:
    """First step of a unit's result: its own head signs."""
    _open_step(act, reply, assignment, ApprovalStep.UNIT_HEAD, assignment.unit, "")


def start_city_review(act: Act, reply: Reply, *, why: str) -> None:
    centre = Unit.objects.get(kind=Unit.Kind.CENTRE)
    _open_step(act, reply, None, ApprovalStep.CITY, centre, why)


def _open_step(act: Act, reply: Reply, assignment: Assignment | None, step: str, unit: Unit, why: str) -> Approval:
    act.start_clock(ClockKind.APPROVAL, deadlines.plain_rule("completion_review_limit", "审核", act.at))
    return Approval.objects.create(
        ticket=act.ticket, reply=reply, assignment=assignment, unit=unit, step=step, why=why, created_at=act.at
    )


def city_review_reason(ticket: Ticket, reply: Reply, *, at: datetime) -> str:
    """Why the city centre looks at this result, empty when the sample leaves it out.

    By rule always: redo, urgent, said to be untrue or unreasonable, not resolved, once deferred, held by a higher room.
    Of the rest a share is drawn.
    """
    if ticket.round > 1:
        return "重办件"
    if ticket.urgency != Urgency.NORMAL:
        return "紧急件"
    if reply.claim in DENIED:
        return f"称{reply.get_claim_display()}"
    if reply.resolved != Resolved.YES:
        return "未全部解决"
    if ticket.open_hold_count:
        return "督办保留件"
    if ticket.events.filter(act="defer").exists():
        return "曾挂账"
    return "抽查" if lot_of(f"{ticket.number}/{ticket.round}") < parameters.number("review_sample_rate", at=at) else ""


def _open_approval(approval_id: int, *, by: User | None, at: datetime) -> tuple[Act, Approval]:
    ticket_id = Approval.objects.values_list("ticket_id", flat=True).get(pk=approval_id)
    act = Act.on_ticket(ticket_id, by=by, at=at)
    approval = Approval.objects.select_related("reply", "unit", "assignment__unit", "assignment__parent__unit").get(
        pk=approval_id
    )
    approval.ticket = act.ticket
    if approval.state != ApprovalState.PENDING:
        act.refuse(f"这一审核已处理：{approval.get_state_display()}。")
    act.require_state(TicketState.COMPLETION_REVIEW)
    act.require(rights.REVIEW if approval.step == ApprovalStep.CITY else rights.APPROVE, approval)
    if by is not None and approval.reply.submitted_by_id == by.pk:
        act.refuse("提交人不能审核自己的结果。")
    return act, approval


def _decide(act: Act, approval: Approval, state: str) -> None:
    approval.state, approval.decided_at, approval.decided_by = state, act.at, act.by
    approval.save(update_fields=["state", "decided_at", "decided_by"])
    act.stop_clocks(ClockKind.APPROVAL)


@transaction.atomic
def approve(*, approval_id: int, by: User | None, at: datetime) -> TicketEvent:
    """Pass this step. The next opens, or the reply is final and the ticket waits for follow-up."""
    act, approval = _open_approval(approval_id, by=by, at=at)
    _decide(act, approval, ApprovalState.APPROVED)
    act.write_event("approve", assignment=approval.assignment, unit=approval.unit, data={"step": approval.step})
    reply, part = approval.reply, approval.assignment
    if part is not None and part.parent is not None:
        parent = act.assignment(part.parent_id)
        act.move_assignment(parent, Assignment.submit, at=at)
        act.stop_clocks(ClockKind.HANDLE, assignment=parent)
        cancel_extension(act, parent)
        _open_step(act, reply, parent, ApprovalStep.PARENT, parent.unit, "")
        return act.record("await_review", unit=parent.unit)
    why = "" if approval.step == ApprovalStep.CITY else city_review_reason(act.ticket, reply, at=at)
    if why:
        start_city_review(act, reply, why=why)
        return act.record("await_review", data={"why": why})
    act.move(Ticket.pass_review)
    return publish(act, reply, sampled=approval.step == ApprovalStep.CITY)


def publish(act: Act, reply: Reply, *, sampled: bool) -> TicketEvent:
    """The reply is what the citizen is told: whoever reported is done, whoever did not is let go."""
    reply.published_at = act.at
    reply.save(update_fields=["published_at"])
    for part in act.ticket.assignments.filter(state=AssignmentState.SUBMITTED).order_by("pk"):
        act.move_assignment(part, Assignment.accept)
    # Nobody waits for them any more; the lead has said why.
    parts.take_back(act, silent_co_units(act.ticket), ended_as=EndedAs.TAKEN_BACK)
    return act.record(
        "publish_reply",
        assignment=reply.assignment,
        data={"reply": reply.pk} | ({} if sampled else {"note": NOT_SAMPLED}),
    )


@transaction.atomic
def send_back(*, approval_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """Not good enough: the unit has it in hand again with what remained of its limit."""
    act, approval = _open_approval(approval_id, by=by, at=at)
    reason = require_text(reason, "请写明退回的理由。")
    _decide(act, approval, ApprovalState.SENT_BACK)
    act.move(Ticket.send_back)
    if act.ticket.state == TicketState.IN_PROGRESS:
        for part in act.ticket.assignments.filter(state=AssignmentState.SUBMITTED).order_by("pk"):
            work_again(act, part, why="审核退回，接着走剩余时限")
    else:
        act.start_clock(ClockKind.RULING, deadlines.plain_rule("ruling_limit", "裁定", at))
    return act.record("send_back", assignment=approval.reply.assignment, reason=reason, data={"step": approval.step})


def work_again(act: Act, part: Assignment, *, why: str) -> None:
    """The part is in hand again; its handle clock runs on with what remained, the pause not charged."""
    # Not the highest generation: every round starts to count anew.
    clocks = TicketClock.objects.filter(assignment__in=parts.and_those_before(part), kind=ClockKind.HANDLE)
    ended = clocks.filter(outcome=Clock.Outcome.MET).order_by("-pk").first()
    act.move_assignment(part, Assignment.work_again)
    if ended is not None:
        act.resume_clock(ended, why=why)
