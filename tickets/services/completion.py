"""A lead reports its result. What is still missing is listed before, by the same rules that refuse it."""

from datetime import datetime

from django.db import transaction

from hotline.models import User
from tickets import rights
from tickets.models import Assignment, Reply, Ticket, TicketEvent
from tickets.selectors.readiness import reasons_owed, requirements, silent_co_units
from tickets.services import review
from tickets.services.act import Act, InputRefused, require_reply, require_text
from tickets.services.extensions import cancel_extension
from tickets.states import (
    Claim,
    ClockKind,
    Resolved,
    TicketState,
)


@transaction.atomic
def submit_result(
    *,
    assignment_id: int,
    resolved: str,
    public_text: str,
    by: User,
    at: datetime,
    claim: str = "",
    internal_text: str = "",
    unresolved_reason: str = "",
    standard_met: bool = False,
    standard_note: str = "",
    missing_co_reason: str = "",
) -> TicketEvent:
    """The holder's result goes up the chain. Its handle clock stops; it runs on if the result is sent back.

    Refused without a handler who may be one; where the unit has named none, whoever submits is it from now on.
    """
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.SUBMIT, assignment)
    act.require_state(TicketState.IN_PROGRESS)
    if act.ticket.holder_id != assignment.pk:
        act.refuse("已转派下级单位，由其先提交结果。")
    missing = [line.sentence for line in requirements(assignment, by=by, at=at) if not line.met]
    if missing:
        raise InputRefused(f"还不能提交，缺：{'；'.join(missing)}。")
    assignment.handler = assignment.handler or by
    if resolved not in Resolved.values:
        raise InputRefused("请选择是否解决。", field="resolved")
    if claim and claim not in Claim.values:
        raise InputRefused("请选择核查情况。", field="claim")
    public_text = require_reply(public_text, "请写明给群众的答复。", at=at)
    reasons = {
        "internal_text": internal_text.strip(),
        "unresolved_reason": unresolved_reason.strip(),
        "standard_note": standard_note.strip(),
        "missing_co_reason": missing_co_reason.strip(),
    }
    owed = reasons_owed(resolved=resolved, claim=claim, standard_met=standard_met, silent=silent_co_units(act.ticket))
    for field, sentence in owed.items():
        require_text(reasons[field], sentence, field=field)
    act.move(Ticket.submit_result)
    act.move_assignment(assignment, Assignment.submit, at=at)
    act.stop_clocks(ClockKind.HANDLE, assignment=assignment)
    cancel_extension(act, assignment)
    event = act.write_event("submit_result", assignment=assignment, data={"resolved": resolved})
    reply = Reply.objects.create(
        ticket=act.ticket,
        event=event,
        assignment=assignment,
        round=act.ticket.round,
        resolved=resolved,
        claim=claim,
        public_text=public_text,
        standard_met=standard_met,
        **reasons,
        submitted_by=by,
        submitted_at=at,
    )
    review.start_review(act, reply, assignment)
    return act.record("await_review", unit=assignment.unit)
