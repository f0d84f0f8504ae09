"""What a concluded follow-up means: a decision to be made, and, when all are concluded, the end of the ticket."""

from datetime import datetime

from channels_merge import selectors as channels
from evaluation.models import DecisionClock, FollowUp, ReviewDecision
from evaluation.states import (
    SATISFIED,
    SERIOUS_GROUNDS,
    DecisionState,
    FollowUpState,
    Ground,
    Outcome,
    Satisfaction,
)
from hotline import parameters
from hotline.errors import DomainError
from hotline.models import User
from hotline.services import start_clock, stop_clock
from tickets import services as tickets
from tickets.models import Ticket
from tickets.states import ClosingKind, Resolved, TicketState


class FollowUpRefused(DomainError):
    """The state, a rule or a right does not allow it. Nothing was changed."""


class FollowUpInputRefused(DomainError):
    """What was filled in is not enough or not consistent. Nothing was changed."""


def lock_ticket(ticket_id: int) -> Ticket:
    return Ticket.objects.select_for_update(of=("self",), no_key=True).get(pk=ticket_id)


def decision_ground(follow_up: FollowUp) -> str:
    """Why a reviewer must look at this answer; empty when nobody needs to.

    Said to be not done, not true or nobody came; or not resolved, unless the unit itself says so and the caller accepts it.
    """
    if follow_up.satisfaction == Satisfaction.DISSATISFIED and follow_up.ground in SERIOUS_GROUNDS:
        return follow_up.ground
    if follow_up.resolved != Resolved.NO:
        return ""
    unit_says_so = follow_up.reply is not None and follow_up.reply.resolved != Resolved.YES
    return "" if unit_says_so and follow_up.satisfaction in SATISFIED else Ground.UNRESOLVED


def ask_reviewer(ticket: Ticket, *, follow_up: FollowUp | None, ground: str, at: datetime) -> ReviewDecision:
    """Put the case on the reviewers' worklist with a clock of its own (parameter review_decision_limit).

    A decision that had lost its subject is asked for anew when the subject is back.
    """
    asked = {"ground": ground, "state": DecisionState.PENDING, "created_at": at, "due_at": at}
    decision, _ = ReviewDecision.objects.update_or_create(
        ticket=ticket,
        round=ticket.round,
        follow_up=follow_up,
        defaults={**asked, "decided_at": None, "decided_by": None},
    )
    clock = start_clock(
        DecisionClock,
        kind="decision",
        started_at=at,
        limit=parameters.limit("review_decision_limit", at=at),
        explanation={"rule": "不满意件复核"},
        decision=decision,
    )
    decision.due_at = clock.due_at
    decision.save(update_fields=["due_at"])
    return decision


def drop_decisions(ticket: Ticket, *, by: User | None, at: datetime) -> None:
    """What still waits for a reviewer lost its subject."""
    for decision in ReviewDecision.objects.filter(ticket=ticket, state=DecisionState.PENDING).order_by("pk"):
        stop_decision_clock(decision, at=at, outcome=DecisionClock.Outcome.VOID)
        decision.state, decision.decided_at, decision.decided_by = DecisionState.MOOT, at, by
        decision.save(update_fields=["state", "decided_at", "decided_by"])


def stop_decision_clock(decision: ReviewDecision, *, at: datetime, outcome: str) -> None:
    for clock in DecisionClock.objects.filter(decision=decision, stopped_at__isnull=True):
        stop_clock(clock, at=at, outcome=outcome)


def void_waiting(ticket: Ticket) -> None:
    FollowUp.objects.filter(ticket=ticket, state=FollowUpState.WAITING).update(
        state=FollowUpState.VOID, caller=None, called_at=None
    )


def close_if_done(ticket: Ticket, *, by: User | None, at: datetime) -> bool:
    """Close a locked ticket when every live caller of the round is concluded and nothing is left to decide.

    A hold keeps it open; releasing the hold, or the reconciliation, comes here again.
    """
    if ticket.state != TicketState.PENDING_FOLLOWUP or ticket.open_hold_count:
        return False
    if ReviewDecision.objects.filter(ticket=ticket, state=DecisionState.PENDING).exists():
        return False
    live = set(channels.carried_by(ticket.pk).live().values_list("pk", flat=True))
    concluded = list(
        FollowUp.objects.filter(
            ticket=ticket, round=ticket.round, state=FollowUpState.CONCLUDED, appeal__in=live
        ).order_by("pk")
    )
    if not live or len(concluded) < len(live):
        return False
    tickets.close_ticket(ticket_id=ticket.pk, closing_kind=closing_kind(ticket, concluded), by=by, at=at)
    return True


def closing_kind(ticket: Ticket, follow_ups: list[FollowUp]) -> str:
    """What the ticket closes as: the ruling, else what the callers say, else the unit's own word.

    Nobody reached is 无法联系; callers who were never to be called (no number, not wanted) leave the unit's word.
    """
    if ticket.lead_id is None and ticket.events.filter(act="rule_not_government").exists():
        return ClosingKind.NOT_GOVERNMENT
    said = {follow_up.resolved for follow_up in follow_ups if follow_up.outcome == Outcome.RATED}
    if not said:
        if any(follow_up.outcome == Outcome.UNREACHABLE for follow_up in follow_ups):
            return ClosingKind.UNREACHABLE
        reply = ticket.replies.published().first()
        said = {reply.resolved} if reply else set()
    if said == {Resolved.YES}:
        return ClosingKind.RESOLVED
    return ClosingKind.PARTLY_RESOLVED if said & {Resolved.YES, Resolved.PARTLY} else ClosingKind.EXPLAINED
