"""A unit says that a matter is not its own; whoever gave it decides. The clock runs meanwhile.

Returns counted are those to the city, granted or disputed, a county being one unit: one each, two in all, within the
window from that unit's dispatch. A township's return to its county is counted there. After the window a unit may ask for a
take-back, which is counted apart (国办函〔2025〕66号（五）派单异议审核制度).
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from hotline import parameters
from hotline.models import StoredFile, Unit, User
from responsibility.states import Outcome
from tickets import deadlines, rights
from tickets.models import Assignment, Attachment, ReturnRequest, Ticket, TicketEvent
from tickets.selectors.readiness import return_deadline, return_refusal
from tickets.services import dispatch, parts
from tickets.services.act import Act, InputRefused, require_text
from tickets.states import (
    HELD_STATES,
    UNIT_STATES,
    AssignmentRole,
    AttachmentKind,
    ClockKind,
    Decision,
    EndedAs,
    ReturnGround,
)


@transaction.atomic
def request_return(
    *,
    assignment_id: int,
    ground: str,
    reason: str,
    by: User,
    at: datetime,
    suggested_unit: Unit | None = None,
    files: Sequence[StoredFile] = (),
) -> TicketEvent:
    """Ask whoever gave the matter to take it back. Only a lead's return to the city moves the ticket."""
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.ASK_RETURN, assignment)
    act.require_state(*(HELD_STATES if is_to_the_city(assignment) else UNIT_STATES))
    why = return_refusal(assignment, at=at)
    if why:
        act.refuse(why)
    if ground not in ReturnGround.values:
        raise InputRefused("请选择退单事由。")
    reason = require_text(reason, "请写明退单的理由和依据。")
    late = at > return_deadline(assignment, at=at)
    if is_to_the_city(assignment):
        act.move(Ticket.request_return)
    act.move_assignment(assignment, Assignment.request_return)
    ReturnRequest.objects.create(
        assignment=assignment,
        ground=ground,
        reason=reason,
        suggested_unit=suggested_unit,
        is_take_back=late,
        requested_by=by,
        requested_at=at,
    )
    act.start_clock(
        ClockKind.RETURN_REVIEW, deadlines.plain_rule("return_review_limit", "退单审核", at), assignment=assignment
    )
    event = act.record("request_return", assignment=assignment, reason=reason, data={"ground": ground, "late": late})
    Attachment.objects.bulk_create(
        [
            Attachment(ticket=act.ticket, event=event, assignment=assignment, file=file, kind=AttachmentKind.EVIDENCE)
            for file in files
        ],
        ignore_conflicts=True,
    )
    return event


def is_to_the_city(assignment: Assignment) -> bool:
    """Only the lead that the city gave moves the ticket; a co-unit's or a township's return never does."""
    return assignment.role == AssignmentRole.LEAD and assignment.parent_id is None


def _open_request(request_id: int, *, by: User | None, at: datetime) -> tuple[Act, ReturnRequest, Assignment]:
    assignment_id = ReturnRequest.objects.values_list("assignment_id", flat=True).get(pk=request_id)
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    request = ReturnRequest.objects.get(pk=request_id)
    request.assignment = assignment
    if request.decision != Decision.PENDING:
        act.refuse(f"这一退单申请已决定：{request.get_decision_display()}。")
    act.require(rights.DECIDE_RETURN, request)
    if not is_to_the_city(assignment):
        act.require_state(*UNIT_STATES)
    return act, request, assignment


def _decide(request: ReturnRequest, decision: str, reason: str, act: Act) -> None:
    request.decision, request.decision_reason = decision, reason
    request.decided_by, request.decided_at = act.by, act.at
    request.save(update_fields=["decision", "decision_reason", "decided_by", "decided_at"])
    act.stop_clocks(ClockKind.RETURN_REVIEW, assignment=request.assignment)


@transaction.atomic
def refuse_return(*, request_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """The unit keeps the matter; its clocks have run on and it goes back to where it was."""
    act, request, assignment = _open_request(request_id, by=by, at=at)
    reason = require_text(reason, "请写明不同意的理由。")
    if is_to_the_city(assignment):
        act.move(Ticket.refuse_return)
    act.move_assignment(assignment, Assignment.refuse_return)
    _decide(request, Decision.REFUSED, reason, act)
    event = act.record("refuse_return", assignment=assignment, reason=reason)
    parts.tell_units(act, event, "return_refused", [assignment])
    return event


@transaction.atomic
def grant_return(*, request_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """The unit is free; its clocks are void and whoever gave the matter gives it again."""
    act, request, assignment = _open_request(request_id, by=by, at=at)
    _decide(request, Decision.GRANTED, reason.strip(), act)
    if is_to_the_city(assignment):
        _free_the_lead(act, request)
    else:
        parts.take_back(act, [assignment], ended_as=_ended_as(request))
        if act.ticket.holder_id == assignment.pk:
            act.ticket.holder = assignment.parent
    return act.record(
        "grant_return", assignment=assignment, reason=reason.strip(), data={"take_back": request.is_take_back}
    )


def _free_the_lead(act: Act, request: ReturnRequest) -> None:
    ticket = act.ticket
    counted = not request.is_take_back
    returns = ticket.return_count + counted
    most = parameters.integer("max_returns_per_ticket", at=act.at)
    unit, item = request.assignment.unit, ticket.item
    act.move(Ticket.grant_return, counted=counted, needs_ruling=returns >= most)
    parts.take_back_all(act, ended_as=_ended_as(request))
    dispatch.restart_dispatch(act)
    dispatch.remember_outcome(ticket, unit=unit, item=item, outcome=Outcome.RETURNED, at=act.at)


def _ended_as(request: ReturnRequest) -> EndedAs:
    """A return and a take-back are counted apart."""
    return EndedAs.TAKEN_BACK if request.is_take_back else EndedAs.RETURNED


@transaction.atomic
def dispute_return(*, request_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """Neither side gives way: the request counts as granted and a ruling names the first handler.

    So it is one of the ticket's returns, whomever the ruling names: the unit asked, and has it no longer.
    """
    act, request, assignment = _open_request(request_id, by=by, at=at)
    reason = require_text(reason, "请写明争议所在。")
    if not is_to_the_city(assignment):
        act.refuse("县（市、区）内的退单由县（市、区）中心决定，不提交市中心裁定。")
    _decide(request, Decision.GRANTED, reason, act)
    act.move(Ticket.dispute_return, counted=not request.is_take_back)
    parts.take_back_all(act, ended_as=EndedAs.RULED)
    dispatch.start_ruling(act)
    return act.record("dispute_return", unit=assignment.unit, reason=reason)
