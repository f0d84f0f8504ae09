"""Which callers are to be asked. Called on every event around follow-up, and by the reconciliation; may run twice."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from channels_merge import selectors as channels
from channels_merge.models import Appeal, AppealLink
from channels_merge.states import AppealState
from evaluation import calling_hours
from evaluation.models import DecisionClock, FollowUp, ReviewDecision
from evaluation.services import conclusion, secret
from evaluation.states import DecisionState, FollowUpState, Ground, Outcome, Satisfaction, WhyNot
from hotline.services import one_by_one
from tickets import services as tickets
from tickets.models import Reply, Ticket
from tickets.states import TicketState

BATCH = 500


def open_follow_ups(*, ticket_id: int, at: datetime) -> int:
    """A row for each live caller of the ticket's round that has none. Inserts only. Returns how many callers there are.

    Who left no number, or said at intake that no call is wanted, is exempt with the reason (docs/clocks.md 5); so is who
    was told by message of a matter that very many report, and is not in the sample. Who joined a matter that was answered
    already had no message and is asked from then on: what was said before was said of something else.
    """
    ticket = Ticket.objects.get(pk=ticket_id)
    if ticket.state != TicketState.PENDING_FOLLOWUP:
        return 0
    reply = ticket.replies.published().first()
    answered_at = reply.published_at if reply else at
    told = channels.not_called(ticket_id, round_number=ticket.round, at=answered_at)
    since = channels.carried_since([ticket_id])
    live = channels.carried_by(ticket_id).live().order_by("pk")
    rows = []
    for appeal in live:
        joined_at = since.get((ticket_id, appeal.pk), at)
        why_not = _why_not_called(appeal, by_message=appeal.pk in told and joined_at <= answered_at)
        row = _row(ticket, appeal, reply, answered_at, why_not=why_not)
        row.opened_at = max(answered_at, joined_at)
        rows.append(row)
    FollowUp.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _why_not_called(appeal: Appeal, *, by_message: bool) -> str:
    if not appeal.contactable:
        return WhyNot.NO_NUMBER
    if not appeal.wants_follow_up:
        return WhyNot.NOT_WANTED
    return WhyNot.BY_MESSAGE if by_message else ""


def _row(ticket: Ticket, appeal: Appeal, reply: Reply | None, answered_at: datetime, *, why_not: str) -> FollowUp:
    row = FollowUp(
        ticket=ticket,
        appeal=appeal,
        round=ticket.round,
        reply=reply,
        opened_at=answered_at,
        not_before=calling_hours.first_call(answered_at),
        due_at=calling_hours.last_call(answered_at),
    )
    if why_not:
        row.state, row.outcome, row.why_not = FollowUpState.CONCLUDED, Outcome.EXEMPT, why_not
        row.satisfaction, row.concluded_at = Satisfaction.NOT_RATED, answered_at
    return row


@transaction.atomic
def settle_ticket(*, ticket_id: int, at: datetime) -> bool:
    """Bring follow-ups and decisions into line with the ticket, and close it when all is said. True if it closed."""
    ticket = conclusion.lock_ticket(ticket_id)
    if ticket.state != TicketState.PENDING_FOLLOWUP:
        conclusion.void_waiting(ticket)
        conclusion.drop_decisions(ticket, by=None, at=at)
        return False
    open_follow_ups(ticket_id=ticket_id, at=at)
    secret.ask_for_caller(ticket, at=at)
    live = list(channels.carried_by(ticket_id).live().values_list("pk", flat=True))
    of_round = FollowUp.objects.filter(ticket=ticket, round=ticket.round)
    of_round.filter(state=FollowUpState.VOID, appeal__in=live).update(state=FollowUpState.WAITING)
    FollowUp.objects.filter(ticket=ticket, state=FollowUpState.WAITING).exclude(
        round=ticket.round, appeal__in=live
    ).update(state=FollowUpState.VOID, caller=None, called_at=None)
    _ask_about_withdrawal(ticket, nobody_left=not live, at=at)
    _ask_again(of_round.filter(appeal__in=live), at=at)
    return conclusion.close_if_done(ticket, by=None, at=at)


def _ask_about_withdrawal(ticket: Ticket, *, nobody_left: bool, at: datetime) -> None:
    """Every caller withdrew: closing as 撤诉 is proposed to a person, never done by itself. Whoever joins ends that."""
    proposed = ReviewDecision.objects.filter(
        ticket=ticket, round=ticket.round, follow_up__isnull=True, state=DecisionState.PENDING
    ).exists()
    if nobody_left and not proposed:
        # Also where nobody had counted: without a caller there is no other way out.
        tickets.count_appeals(ticket_id=ticket.pk, live=0)
        conclusion.drop_decisions(ticket, by=None, at=at)
        conclusion.ask_reviewer(ticket, follow_up=None, ground=Ground.WITHDRAWN, at=at)
    elif proposed and not nobody_left:
        conclusion.drop_decisions(ticket, by=None, at=at)


def _ask_again(of_live: QuerySet[FollowUp], *, at: datetime) -> None:
    """Decisions dropped while the ticket was merged, or while everybody seemed to have withdrawn, are still owed."""
    for follow_up in (
        of_live.filter(decision__state=DecisionState.MOOT).select_related("ticket", "decision").order_by("pk")
    ):
        conclusion.ask_reviewer(follow_up.ticket, follow_up=follow_up, ground=follow_up.decision.ground, at=at)


def settle_appeal(*, appeal_id: int, at: datetime) -> None:
    """An appeal was withdrawn, or moved to another ticket: settle the tickets it is and was on."""
    found = set(FollowUp.objects.filter(appeal=appeal_id).values_list("ticket_id", flat=True))
    ticket = channels.ticket_of(Appeal.objects.get(pk=appeal_id))
    for ticket_id in sorted(found | ({ticket.pk} if ticket else set())):
        settle_ticket(ticket_id=ticket_id, at=at)


def reconcile(*, at: datetime) -> int:
    """Settle what a lost message left behind, each ticket by itself. Returns how many tickets were looked at."""
    _follow_moved_clocks()
    found = _tickets_to_settle()
    one_by_one(lambda ticket_id: settle_ticket(ticket_id=ticket_id, at=at), found)
    return len(found)


def _follow_moved_clocks() -> None:
    """A new work calendar moved the clock of a decision: the worklist sorts by the new date."""
    running = DecisionClock.objects.filter(stopped_at__isnull=True)
    moved = running.exclude(due_at=F("decision__due_at"))
    ReviewDecision.objects.filter(pk__in=moved.values("decision")).update(
        due_at=Subquery(running.filter(decision=OuterRef("pk")).values("due_at")[:1])
    )


def _tickets_to_settle() -> list[int]:
    """Idle ones (nobody to call, nothing to decide, not held), late joiners, and rows whose ticket has moved on."""
    of_round = FollowUp.objects.filter(ticket=OuterRef("pk"), round=OuterRef("round"))
    pending = ReviewDecision.objects.filter(ticket=OuterRef("pk"), state=DecisionState.PENDING)
    waiting_tickets = Ticket.objects.filter(state=TicketState.PENDING_FOLLOWUP)
    idle = waiting_tickets.filter(
        ~Exists(of_round.filter(state=FollowUpState.WAITING)),
        ~Exists(pending),
        Q(open_hold_count=0) | ~Exists(of_round),
    )
    asked = FollowUp.objects.filter(
        appeal=OuterRef("appeal"), ticket=OuterRef(OuterRef("pk")), round=OuterRef(OuterRef("round"))
    ).exclude(state=FollowUpState.VOID)
    carried = AppealLink.objects.filter(
        Q(ticket=OuterRef("pk")) | Q(ticket__merged_into=OuterRef("pk")), until=None
    ).exclude(appeal__state=AppealState.WITHDRAWN)
    joined = waiting_tickets.filter(Exists(carried.filter(~Exists(asked))))
    gone = FollowUp.objects.filter(state=FollowUpState.WAITING).filter(
        ~Q(ticket__state=TicketState.PENDING_FOLLOWUP) | Q(appeal__state=AppealState.WITHDRAWN)
    )
    left = ReviewDecision.objects.filter(state=DecisionState.PENDING).exclude(
        ticket__state=TicketState.PENDING_FOLLOWUP
    )
    ids: set[int] = set()
    for rows in (
        idle.values_list("pk", flat=True),
        joined.values_list("pk", flat=True),
        gone.values_list("ticket_id", flat=True),
        left.values_list("ticket_id", flat=True),
    ):
        ids.update(rows.order_by("pk")[:BATCH])
    return sorted(ids)
