"""The two worklists, what burns first on top, and the one case that is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects

from channels_merge.models import Appeal, ContactRecord, Interaction
from channels_merge.selectors import carried_by
from channels_merge.states import InteractionKind
from evaluation import calling_hours
from evaluation.models import FollowUp, FollowUpAttempt, ReviewDecision
from evaluation.states import MISSED, DecisionState, FollowUpState
from hotline import parameters
from hotline.models import User
from hotline.rights import has_right
from tickets.models import OnSiteRecord, Reply, Ticket, TicketEvent
from tickets.selectors.lists import Key, Page, secret_to, take
from tickets.selectors.page import HIDDEN_ACTS
from tickets.selectors.photos import Visit, visits_of
from tickets.states import Secrecy

TIMELINE_ROWS = 8
_TICKET: Final = (Prefetch("ticket", Ticket.objects.defer("text")), "ticket__lead__unit")
_OF_DECISION: Final = ("ticket__lead__unit", "ticket__region", "follow_up__concluded_by", "follow_up__reply")

Waits = TypeVar("Waits", FollowUp, ReviewDecision)


def _seen(rows: QuerySet[Waits], user: User, at: datetime) -> QuerySet[Waits]:
    """Those whose ticket ``user`` may see. Who sees everything, or all that is in follow-up (and a ticket whose callers or
    decision still wait is), is kept from the few restricted ones, which costs no look at each ticket.
    """
    if has_right(user, "tickets.view_all_tickets", at) or has_right(user, "tickets.view_followup_tickets", at):
        return rows.exclude(ticket__in=secret_to(user, at))
    return rows.filter(ticket__in=Ticket.objects.visible_to(user, at).values("pk"))


def follow_ups_waiting(user: User, *, at: datetime) -> QuerySet[FollowUp]:
    """Every caller still to be asked whose ticket ``user`` may see, nearest limit first."""
    return (
        _seen(FollowUp.objects.filter(state=FollowUpState.WAITING), user, at)
        .select_related("appeal__contact", "appeal__region", "ticket__lead__unit", "reply", "caller")
        .order_by("due_at", "pk")
    )


def follow_up_page(waiting: QuerySet[FollowUp], *, after: Key | None) -> Page[FollowUp]:
    """A page of these with what a row shows: asked once for all rows, not joined to each."""
    page = take(waiting.select_related(None), by="due_at", pk="id", after=after)
    prefetch_related_objects(page.rows, *_TICKET, "appeal", "reply")
    return page


def follow_ups_ended(user: User, *, at: datetime) -> QuerySet[FollowUp]:
    """What waits no more, of tickets that the person could see while it did: to say who was faster."""
    seen = Q(ticket__secrecy=Secrecy.OPEN) | Q(ticket__in=Ticket.objects.visible_to(user, at).values("pk"))
    ended = FollowUp.objects.exclude(state=FollowUpState.WAITING).filter(seen)
    return ended.select_related("appeal", "concluded_by").order_by("pk")


def callable_now(waiting: QuerySet[FollowUp], *, at: datetime) -> QuerySet[FollowUp]:
    """Of these, whom to call at this moment: past the first day, not yet tried in this half-day. None outside hours."""
    return waiting.filter(_is_callable(at))


def callable_later(waiting: QuerySet[FollowUp], *, at: datetime) -> QuerySet[FollowUp]:
    """The others of these."""
    return waiting.exclude(_is_callable(at))


def _is_callable(at: datetime) -> Q:
    half = calling_hours.half_day(at)
    if not half:
        return Q(pk__in=[])
    tried = FollowUpAttempt.objects.filter(follow_up=OuterRef("pk"), half_day=half, result__in=sorted(MISSED))
    return Q(~Exists(tried), not_before__lte=at)


@dataclass(frozen=True)
class Case:
    """What the follow-up agent has before them while the phone rings."""

    follow_up: FollowUp
    reply: Reply | None
    attempts: Sequence[FollowUpAttempt]
    earlier: Sequence[FollowUp]
    """What the same caller said of earlier rounds."""
    words: Sequence[Interaction]
    """What the caller has added since they reported it, and that they urged after the reply, with words or without."""
    others: int
    attempts_allowed: int


def follow_up_case(follow_up: FollowUp, *, at: datetime) -> Case:
    return Case(
        follow_up=follow_up,
        reply=follow_up.reply,
        attempts=list(follow_up.attempts.select_related("by").order_by("at", "pk")),
        earlier=_earlier(follow_up),
        words=list(
            _added(Q(appeal=follow_up.appeal_id))
            .filter(~Q(text="") | Q(at__gte=follow_up.opened_at))
            .order_by("at", "pk")
        ),
        others=carried_by(follow_up.ticket_id).live().exclude(pk=follow_up.appeal_id).count(),
        attempts_allowed=parameters.integer("followup_attempts", at=at),
    )


def _added(of_appeal: Q) -> QuerySet[Interaction]:
    return Interaction.objects.filter(of_appeal, kind__in=[InteractionKind.URGE, InteractionKind.SUPPLEMENT])


def _earlier(follow_up: FollowUp) -> list[FollowUp]:
    rounds = FollowUp.objects.filter(appeal_id=follow_up.appeal_id, state=FollowUpState.CONCLUDED)
    return list(rounds.filter(round__lt=follow_up.round).order_by("-round", "-pk"))


def decisions_pending(user: User, *, at: datetime) -> QuerySet[ReviewDecision]:
    """Cases that wait for a reviewer and whose ticket ``user`` may see, nearest limit first."""
    pending = _seen(ReviewDecision.objects.filter(state=DecisionState.PENDING), user, at)
    return pending.select_related(*_OF_DECISION).order_by("due_at", "pk")


def decision_page(user: User, *, after: Key | None, at: datetime) -> Page[ReviewDecision]:
    """A page of what waits for a reviewer, its parts asked once for all rows."""
    page = take(decisions_pending(user, at=at).select_related(None), by="due_at", pk="id", after=after)
    prefetch_related_objects(page.rows, *_TICKET, "ticket__region", "follow_up__concluded_by", "follow_up__reply")
    return page


def decisions(user: User, *, at: datetime) -> QuerySet[ReviewDecision]:
    """Those made, too: whoever was slower reads who decided."""
    return (
        ReviewDecision.objects.filter(ticket__in=Ticket.objects.visible_to(user, at).values("pk"))
        .select_related(*_OF_DECISION)
        .order_by("due_at", "pk")
    )


def redo_refusal(ticket: Ticket, *, at: datetime) -> str:
    """Why the ticket cannot be sent back once more; empty when it can (parameter redo_max: once, then 督办)."""
    most = parameters.integer("redo_max", at=at)
    done = ticket.events.filter(act="redo").count()
    return f"这一件已重办 {done} 次，不再发回；仍须解决的，报督办。" if done >= most else ""


@dataclass(frozen=True)
class Evidence:
    """Everything a reviewer needs to answer the two questions, on one screen."""

    decision: ReviewDecision
    appeal: Appeal | None
    earlier: Sequence[FollowUp]
    """What the same caller said of earlier rounds."""
    words: Sequence[Interaction]
    reply: Reply | None
    visits: Sequence[Visit]
    """Of every round."""
    contacts: Sequence[ContactRecord]
    others: Sequence[FollowUp]
    timeline: Sequence[TicketEvent]
    redo_refusal: str


def evidence_of(decision: ReviewDecision, *, by: User, at: datetime) -> Evidence:
    ticket = decision.ticket
    follow_up = decision.follow_up
    appeal = (
        Appeal.objects.select_related("channel", "region").get(pk=follow_up.appeal_id)
        if follow_up
        else carried_by(ticket.pk).select_related("channel", "region").order_by("-concluded_at", "pk").first()
    )
    reply = ticket.replies.published().select_related("assignment__unit", "submitted_by").first()
    of_appeal = Q(appeal=appeal) if appeal else Q(pk__in=[])
    return Evidence(
        decision=decision,
        appeal=appeal,
        earlier=_earlier(follow_up) if follow_up else [],
        words=list(_added(of_appeal).exclude(text="").order_by("at", "pk")),
        reply=reply,
        visits=visits_of(ticket, OnSiteRecord.objects.filter(ticket=ticket), by, at),
        contacts=list(
            ContactRecord.objects.filter(ticket=ticket)
            .select_related("by", "unit")
            .order_by("-at", "-pk")[:TIMELINE_ROWS]
        ),
        others=list(
            FollowUp.objects.filter(ticket=ticket, round=decision.round)
            .exclude(pk=decision.follow_up_id)
            .exclude(state=FollowUpState.VOID)
            .select_related("appeal")
            .order_by("pk")
        ),
        timeline=list(
            TicketEvent.objects.filter(ticket=ticket)
            .exclude(act__in=HIDDEN_ACTS)
            .select_related("actor", "unit")
            .order_by("-id")[:TIMELINE_ROWS]
        ),
        redo_refusal=redo_refusal(ticket, at=at),
    )
