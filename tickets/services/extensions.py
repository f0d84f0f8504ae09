"""A unit asks for more time; not decided in time means refused (domain: silent expiry = refused)."""

from datetime import datetime

from django.db import transaction

from hotline import parameters
from hotline import services as hotline
from hotline.calendar import add_working, working_between
from hotline.limits import Limit
from hotline.models import User
from tickets import deadlines, rights
from tickets.models import Assignment, ExtensionRequest, TicketClock, TicketEvent
from tickets.services.act import Act, InputRefused, require_text
from tickets.states import AssignmentRole, AssignmentState, ClockKind, Decision, TicketState


def handle_clock(assignment: Assignment) -> TicketClock | None:
    return assignment.clocks.filter(kind=ClockKind.HANDLE, stopped_at__isnull=True).first()


def extension_refusal(assignment: Assignment, *, at: datetime) -> str:
    """Why no extension can be asked for now; empty when it can."""
    clock = handle_clock(assignment)
    if assignment.role != AssignmentRole.LEAD:
        return "只有主办单位可以申请延期。"
    if assignment.state != AssignmentState.SIGNED or clock is None:
        return "签收后、提交前才能申请延期。"
    if at >= clock.due_at:
        return "已超过办理时限，不能再申请延期。"
    before = parameters.limit("extension_apply_before", at=at)
    if add_working(at, before) > clock.due_at and clock.limit_unit == "wd" and clock.limit_amount > 1:
        return f"延期须在到期前 {before}申请。"
    granted = assignment.extensionrequests.filter(decision=Decision.GRANTED).count()
    most = parameters.integer("extension_max_count", at=at)
    if granted >= most:
        return f"每件最多延期 {most} 次。"
    return ""


@transaction.atomic
def request_extension(*, assignment_id: int, days: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """Ask whoever gave the matter for ``days`` more working days, before it is due."""
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.SUBMIT, assignment)
    act.require_state(TicketState.IN_PROGRESS)
    why = extension_refusal(assignment, at=at)
    if why:
        act.refuse(why)
    reason = require_text(reason, "请写明延期的理由。")
    clock = handle_clock(assignment)
    most = longest_extension(clock, at=at)
    if not 1 <= days <= most:
        raise InputRefused(f"延长天数须在 1 至 {most} 个工作日之间。")
    if assignment.extensionrequests.filter(decision=Decision.PENDING).exists():
        act.refuse("已有一个延期申请在等审批。")
    ExtensionRequest.objects.create(
        assignment=assignment, days=days, reason=reason, requested_by=by, requested_at=at
    )
    act.start_clock(
        ClockKind.EXTENSION, deadlines.plain_rule("extension_decide_limit", "延期审批", at), assignment=assignment
    )
    return act.record("request_extension", assignment=assignment, reason=reason, data={"days": days})


def longest_extension(clock: TicketClock, *, at: datetime) -> int:
    """Working days of one extension: not more than the original limit and not more than the parameter."""
    most = parameters.limit("extension_max_length", at=at).amount
    original = (
        clock.limit_amount
        if clock.limit_unit == "wd"
        else max(1, working_between(clock.started_at, clock.due_at))
    )
    return min(most, original)


def _open_request(request_id: int, *, by: User | None, at: datetime) -> tuple[Act, ExtensionRequest, Assignment]:
    assignment_id = ExtensionRequest.objects.values_list("assignment_id", flat=True).get(pk=request_id)
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    request = ExtensionRequest.objects.get(pk=request_id)
    request.assignment = assignment
    if request.decision != Decision.PENDING:
        act.refuse(f"这一延期申请已决定：{request.get_decision_display()}。")
    act.require(rights.DECIDE_EXTENSION, request)
    return act, request, assignment


def _decide(act: Act, request: ExtensionRequest, decision: str, reason: str) -> None:
    request.decision, request.decision_reason = decision, reason
    request.decided_by, request.decided_at = act.by, act.at
    request.save(update_fields=["decision", "decision_reason", "decided_by", "decided_at"])
    act.stop_clocks(ClockKind.EXTENSION, assignment=request.assignment)


@transaction.atomic
def grant_extension(*, request_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """The handle clock ends as superseded and its next generation is due that many working days later.

    The citizen is told the new date and why (domain row 35): the event is public.
    """
    act, request, assignment = _open_request(request_id, by=by, at=at)
    clock = handle_clock(assignment)
    if clock is None or act.ticket.state != TicketState.IN_PROGRESS:
        act.refuse("办理时限已不在计时，不能延期。")
    _decide(act, request, Decision.GRANTED, reason.strip())
    moved = hotline.next_generation(
        clock,
        at=at,
        started_at=clock.due_at,
        limit=Limit(request.days, "wd"),
        explanation={"rule": f"同意延期 {request.days} 个工作日，从原期限起算"},
    )
    return act.record(
        "grant_extension",
        assignment=assignment,
        reason=request.reason,
        public=True,
        data={"days": request.days, "from": clock.due_at.isoformat(), "to": moved.due_at.isoformat()},
    )


@transaction.atomic
def refuse_extension(*, request_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    act, request, assignment = _open_request(request_id, by=by, at=at)
    reason = require_text(reason, "请写明不同意的理由。")
    _decide(act, request, Decision.REFUSED, reason)
    return act.record("refuse_extension", assignment=assignment, reason=reason)


@transaction.atomic
def lapse_extension(*, assignment_id: int, at: datetime) -> TicketEvent | None:
    """Nobody decided in time: refused, and nothing moves. Idempotent."""
    act, assignment = Act.on_assignment(assignment_id, by=None, at=at)
    request = assignment.extensionrequests.filter(decision=Decision.PENDING).first()
    if request is None:
        return None
    request.assignment = assignment
    _decide(act, request, Decision.LAPSED, "")
    return act.record("lapse_extension", assignment=assignment)
