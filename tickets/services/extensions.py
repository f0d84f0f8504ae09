"""A unit asks for more time; not decided in time means refused (domain: silent expiry = refused)."""

from datetime import datetime, timedelta

from django.db import transaction

from hotline import services as hotline
from hotline.dates import local
from hotline.limits import Limit
from hotline.models import Clock, User
from tickets import deadlines, rights
from tickets.models import Assignment, ClockShift, ExtensionRequest, TicketClock, TicketEvent
from tickets.selectors.readiness import (
    extension_refusal,
    grant_refusal,
    handle_clock,
    is_extended_again,
    longest_extension,
)
from tickets.services import parts
from tickets.services.act import Act, InputRefused, TransitionRefused, require_text
from tickets.states import UNIT_STATES, ClockKind, Decision, TicketState

DECIDED = "extension_decided"
"""Kind of the notice to whoever asked."""
GRACE = timedelta(minutes=1)
"""A message as young as this is on its way."""


@transaction.atomic
def request_extension(*, assignment_id: int, days: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """Ask whoever gave the matter for ``days`` more working days, before it is due; when what they may grant is used up,
    the head of the city's centre.
    """
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.SUBMIT, assignment)
    act.require_state(TicketState.IN_PROGRESS)
    why = extension_refusal(assignment, at=at)
    if why:
        act.refuse(why)
    reason = require_text(reason, "请写明延期的理由。")
    again = is_extended_again(assignment, at=at)
    most = longest_extension(assignment, again=again, at=at)
    if not 1 <= days <= most:
        raise InputRefused(f"延长天数须在 1 至 {most} 个工作日之间。", field="days")
    if assignment.extensionrequests.filter(decision=Decision.PENDING).exists():
        act.refuse("已有一个延期申请在等审批。")
    ExtensionRequest.objects.create(
        assignment=assignment, days=days, is_again=again, reason=reason, requested_by=by, requested_at=at
    )
    act.start_clock(
        ClockKind.EXTENSION, deadlines.plain_rule("extension_decide_limit", "延期审批", at), assignment=assignment
    )
    return act.record("request_extension", assignment=assignment, reason=reason, data={"days": days})


def _open_request(request_id: int, *, by: User | None, at: datetime) -> tuple[Act, ExtensionRequest, Assignment]:
    assignment_id = ExtensionRequest.objects.values_list("assignment_id", flat=True).get(pk=request_id)
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    request = ExtensionRequest.objects.get(pk=request_id)
    request.assignment = assignment
    if request.decision != Decision.PENDING:
        act.refuse(f"这一延期申请已决定：{request.get_decision_display()}。")
    act.require_state(*UNIT_STATES)
    act.require(rights.of_extension(request), request)
    return act, request, assignment


def _decide(act: Act, request: ExtensionRequest, decision: str, reason: str) -> None:
    request.decision, request.decision_reason = decision, reason
    request.decided_by, request.decided_at = act.by, act.at
    request.save(update_fields=["decision", "decision_reason", "decided_by", "decided_at"])
    act.stop_clocks(ClockKind.EXTENSION, assignment=request.assignment)


@transaction.atomic
def grant_extension(*, request_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """The handle clock ends as superseded and its next generation is due that many working days later.

    The date that the city gave is the one that the citizen is told, with the reason. What a county gave on may take longer only
    as long as the county has itself.
    """
    act, request, assignment = _open_request(request_id, by=by, at=at)
    clock = handle_clock(assignment)
    if clock is None or act.ticket.state != TicketState.IN_PROGRESS:
        act.refuse("办理时限已不在计时，不能延期。")
    why = grant_refusal(request, clock)
    if why:
        raise TransitionRefused(why)  # a limit, not somebody who was faster
    _decide(act, request, Decision.GRANTED, reason.strip())
    moved = hotline.next_generation(
        clock,
        at=at,
        started_at=clock.due_at,
        limit=Limit(request.days, "wd"),
        explanation={"rule": f"同意延期 {request.days} 个工作日，从原期限起算"},
    )
    act.shows_elsewhere()
    event = act.record(
        "grant_extension_below" if assignment.parent else "grant_extension",
        assignment=assignment,
        reason=request.reason,
        public=assignment.parent is None,
        data={"days": request.days, "from": clock.due_at.isoformat(), "to": moved.due_at.isoformat()},
    )
    parts.tell_units(act, event, DECIDED, [assignment])
    return event


@transaction.atomic
def refuse_extension(*, request_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    act, request, assignment = _open_request(request_id, by=by, at=at)
    reason = require_text(reason, "请写明不同意的理由。")
    _decide(act, request, Decision.REFUSED, reason)
    event = act.record("refuse_extension", assignment=assignment, reason=reason)
    parts.tell_units(act, event, DECIDED, [assignment])
    return event


def note_clock_move(*, clock: TicketClock, old_due_at: datetime, at: datetime) -> ClockShift:
    """A new work calendar moved a clock that the caller holds: inserts one row, `record_clock_move` does the rest."""
    return ClockShift.objects.create(clock=clock, old_due_at=old_due_at, new_due_at=clock.due_at, at=at)


@transaction.atomic
def record_clock_move(*, shift_id: int) -> TicketEvent | None:
    """Say on the timeline that a clock was moved, sort by the new date. None when somebody was faster. Idempotent."""
    shift = ClockShift.objects.select_related("clock__assignment__unit").filter(pk=shift_id).first()
    if shift is None:
        return None
    clock = shift.clock
    act = Act.on_ticket(clock.ticket_id, by=None, at=shift.at)
    taken, _ = ClockShift.objects.filter(pk=shift_id).delete()
    if not taken:
        return None
    old, new = local(shift.old_due_at).isoformat(), local(shift.new_due_at).isoformat()
    act.shows_elsewhere()
    data = {"clock": clock.pk, "kind": clock.kind, "from": old, "to": new}
    return act.record("clock_moved", assignment=clock.assignment, data=data)


def reconcile_clock_moves(*, at: datetime, most: int = 500) -> int:
    """Record the moves whose message was lost. Returns how many; each is a transaction of its own."""
    waiting = ClockShift.objects.filter(at__lte=at - GRACE).order_by("pk").values_list("pk", flat=True)[:most]
    return len(hotline.one_by_one(lambda pk: record_clock_move(shift_id=pk), list(waiting)))


def cancel_extension(act: Act, assignment: Assignment) -> None:
    """The unit reports its result: it needs no more time."""
    cancelled = assignment.extensionrequests.filter(decision=Decision.PENDING).update(
        decision=Decision.CANCELLED, decided_at=act.at
    )
    if cancelled:
        act.stop_clocks(ClockKind.EXTENSION, assignment=assignment, outcome=Clock.Outcome.VOID)


def lapse_extensions(*, at: datetime, most: int = 500) -> int:
    """Refuse the requests that nobody decided in time. Returns how many; each is a transaction of its own."""
    overdue = ExtensionRequest.objects.filter(
        decision=Decision.PENDING,
        assignment__clocks__kind=ClockKind.EXTENSION,
        assignment__clocks__stopped_at__isnull=True,
        assignment__clocks__due_at__lte=at,
    )
    waiting = list(overdue.order_by("pk").values_list("assignment_id", flat=True)[:most])
    return len(hotline.one_by_one(lambda pk: lapse_extension(assignment_id=pk, at=at), waiting))


@transaction.atomic
def lapse_extension(*, assignment_id: int, at: datetime) -> TicketEvent | None:
    """Nobody decided in time: refused, and nothing moves. None when it was decided meanwhile. Idempotent."""
    act, assignment = Act.on_assignment(assignment_id, by=None, at=at)
    running = assignment.clocks.filter(kind=ClockKind.EXTENSION, stopped_at__isnull=True, due_at__lte=at)
    request = assignment.extensionrequests.filter(decision=Decision.PENDING).order_by("pk").first()
    if request is None or not running.exists():
        return None
    request.assignment = assignment
    _decide(act, request, Decision.LAPSED, "")
    event = act.record("lapse_extension", assignment=assignment)
    parts.tell_units(act, event, DECIDED, [assignment])
    return event
