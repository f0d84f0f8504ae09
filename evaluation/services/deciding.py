"""The reviewer's word on a caller who says it was not done: once more, or enough (parameters review_decision_limit, redo_max).

Two questions, those of the social review of Wuhan: is the appeal reasonable, did the unit do its duty? The answers bind the verdict.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from evaluation import rights, selectors
from evaluation.models import DecisionClock, ReviewDecision
from evaluation.services.conclusion import (
    FollowUpInputRefused,
    FollowUpRefused,
    close_if_done,
    drop_decisions,
    lock_ticket,
    stop_decision_clock,
    void_waiting,
)
from evaluation.states import DecisionState, Ground
from hotline import masking
from hotline.models import User
from tickets import services as tickets
from tickets.models import Ticket
from tickets.rights import Actor
from tickets.states import ClosingKind, TicketState

SHORTEST_SENTENCE = 4


@transaction.atomic
def decide(
    *,
    decision_id: int,
    verdict: str,
    sentence: str,
    by: User,
    at: datetime,
    is_reasonable: bool | None = None,
    duty_done: bool | None = None,
) -> ReviewDecision:
    """Send the ticket back for a new round, or let it close with a sentence. Whoever asked the caller does not decide."""
    decision, ticket = _open_decision(decision_id, by=by, at=at)
    if verdict not in {DecisionState.REDO, DecisionState.CLOSE}:
        raise FollowUpInputRefused("请选择发回重办或不再重办。")
    sentence = masking.redact(sentence.strip())
    if len(sentence) < SHORTEST_SENTENCE:
        raise FollowUpInputRefused(f"请写明复核意见，至少 {SHORTEST_SENTENCE} 个字。")
    if decision.ground == Ground.WITHDRAWN:
        if verdict == DecisionState.REDO:
            raise FollowUpRefused("反映人都已撤回，不能发回重办。")
    else:
        _refuse_contradiction(ticket, verdict, is_reasonable=is_reasonable, duty_done=duty_done, at=at)
    stop_decision_clock(decision, at=at, outcome=DecisionClock.Outcome.MET)
    decision.state, decision.sentence = verdict, sentence
    decision.is_reasonable, decision.duty_done = is_reasonable, duty_done
    decision.decided_at, decision.decided_by = at, by
    decision.save()
    if verdict == DecisionState.REDO:
        drop_decisions(ticket, by=by, at=at)
        void_waiting(ticket)
        tickets.redo_ticket(ticket_id=ticket.pk, reason=sentence, by=by, at=at)
    elif decision.ground == Ground.WITHDRAWN:
        _close_as_withdrawn(ticket, by=by, at=at)
    else:
        close_if_done(ticket, by=by, at=at)
    return decision


def _open_decision(decision_id: int, *, by: User, at: datetime) -> tuple[ReviewDecision, Ticket]:
    ticket = lock_ticket(ReviewDecision.objects.values_list("ticket_id", flat=True).get(pk=decision_id))
    decision = (
        ReviewDecision.objects.select_for_update(of=("self",))
        .select_related("follow_up", "decided_by")
        .get(pk=decision_id)
    )
    why = rights.DECIDE.refusal(decision, Actor(by, at))
    if why:
        raise FollowUpRefused(why)
    if decision.state != DecisionState.PENDING:
        who = decision.decided_by.masked_name if decision.decided_by else "系统"
        when = timezone.localtime(decision.decided_at)
        raise FollowUpRefused(f"{who}已于 {when:%m-%d %H:%M} 决定：{decision.get_state_display()}。没有重复决定。")
    if ticket.state != TicketState.PENDING_FOLLOWUP:
        raise FollowUpRefused(f"工单 {ticket.number} 当前为“{ticket.get_state_display()}”，不需再决定。")
    return decision, ticket


def _refuse_contradiction(
    ticket: Ticket, verdict: str, *, is_reasonable: bool | None, duty_done: bool | None, at: datetime
) -> None:
    if is_reasonable is None or duty_done is None:
        raise FollowUpInputRefused("请先回答两个问题：诉求是否合理，单位是否尽责。")
    ought_to_redo = is_reasonable and not duty_done
    why_no_redo = selectors.redo_refusal(ticket, at=at)
    if verdict == DecisionState.REDO:
        if not ought_to_redo:
            raise FollowUpRefused("诉求合理而单位没有尽责的才发回重办，请核对两个问题的回答。")
        if why_no_redo:
            raise FollowUpRefused(why_no_redo)
    elif ought_to_redo and not why_no_redo:
        raise FollowUpRefused("诉求合理而单位没有尽责的，首次须发回重办。")


def _close_as_withdrawn(ticket: Ticket, *, by: User, at: datetime) -> None:
    if not ticket.withdrawal_proposed:
        raise FollowUpRefused("又有反映人的诉求并到这张工单，不能按撤诉办结。")
    if ticket.open_hold_count:
        raise FollowUpRefused("本工单被督办、核查等事项保留，解除后才能办结。")
    tickets.close_ticket(ticket_id=ticket.pk, closing_kind=ClosingKind.WITHDRAWN, by=by, at=at)
