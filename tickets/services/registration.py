"""A matter becomes a ticket: number, proposal, dispatch clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from hotline import services as hotline
from hotline.models import Clock, Region, StoredFile, Unit, User
from hotline.numbers import next_number
from responsibility import selectors as responsibility
from responsibility.models import Category
from tickets import deadlines, rights
from tickets.models import Attachment, Ticket, TicketClock, TicketEvent
from tickets.services.act import Act, InputRefused
from tickets.states import AttachmentKind, ClockKind, Secrecy, TicketState

RENEWED_AT_ONCE = 500
MODEL_CHANGE_SEEN = timedelta(hours=2)
NO_CANDIDATE = "职责清单中没有相近事项，须人工判断"


@transaction.atomic
def register_ticket(
    *,
    title: str,
    text: str,
    kind: str,
    urgency: str,
    category: Category | None,
    region: Region | None,
    place: str,
    is_enterprise: bool,
    contactable: bool,
    first_channel: str,
    accepted_at: datetime,
    by: User | None,
    at: datetime,
    secrecy: str = Secrecy.OPEN,
    line_code: str = "",
    given_due_at: datetime | None = None,
    point: tuple[Decimal, Decimal] | None = None,
    files: Sequence[StoredFile] = (),
) -> Ticket:
    """A new ticket awaiting dispatch, with the router's proposal or the reason why there is none.

    Called by the room that keeps appeals, which has checked the right to accept one. `line_code` and `given_due_at` are
    for a matter that another platform sent with limits of its own (`deadlines.handle_rule`); `point` is the longitude
    and latitude of the place where the sender knows them.
    """
    proposal = proposal_for(text=f"{title}\n{text}", category=category, region=region, kind=kind, at=at)
    ticket = Ticket(
        number=next_number("GZ", timezone.localdate(accepted_at)),
        title=title,
        text=text,
        kind=kind,
        urgency=urgency,
        secrecy=secrecy,
        category=category,
        region=region,
        place=place,
        longitude=point[0] if point else None,
        latitude=point[1] if point else None,
        is_enterprise=is_enterprise,
        contactable=contactable,
        first_channel=first_channel,
        line_code=line_code,
        given_due_at=given_due_at,
        accepted_at=accepted_at,
        created_at=at,
        appeal_count=1,
        **proposal,
    )
    _save_with_clock(ticket, at=at)
    act = Act(ticket, by=by, at=at)
    event = act.write_event("register", data={"channel": first_channel, "score": ticket.proposed_score})
    act.announce()
    Attachment.objects.bulk_create(
        [Attachment(ticket=ticket, event=event, file=file, kind=AttachmentKind.CITIZEN) for file in files]
    )
    return ticket


def _save_with_clock(ticket: Ticket, *, at: datetime) -> None:
    """The date of its clock is what queues sort a new ticket by: it is known before the ticket is written, once."""
    rule = deadlines.dispatch_rule(urgency=ticket.urgency, at=at)
    clock = hotline.build_clock(
        TicketClock,
        kind=ClockKind.DISPATCH,
        started_at=at,
        limit=rule.limit,
        explanation={"rule": rule.why},
        ticket=ticket,
    )
    ticket.sort_at = clock.due_at
    ticket.save(force_insert=True)
    clock.ticket_id = ticket.pk
    clock.save(force_insert=True)


def proposal_for(*, text: str, category: Any, region: Any, kind: str, at: datetime) -> dict[str, Any]:
    """The ticket's fields that hold what the router proposes. It proposes; a dispatcher decides."""
    candidates = responsibility.suggest(text=text, category=category, region=region, kind=kind, at=at)
    best = next((candidate for candidate in candidates if not candidate.refused), None)
    if best is None:
        return {"proposed_item": None, "proposed_unit": None, "proposed_score": 0, "proposal_note": NO_CANDIDATE}
    reasons = "；".join(reason.removesuffix("。") for reason in best.reasons)
    note = f"{reasons}。" if best.unit is None else best.place_rule
    return {
        "proposed_item": best.item,
        "proposed_unit": best.unit,
        "proposed_score": best.score,
        "proposal_note": note[:200],
    }


def renew_proposals(*, at: datetime) -> int:
    """Propose anew for what waits with a proposal of a list that no longer decides or for a unit that is gone, and for all that
    waited when the router was given another model of the past.

    Returns of how many. A proposal is no act: it says what the router thinks now, and a dispatch that comes first stands.
    """
    waiting = Ticket.objects.filter(state__in=(TicketState.PENDING_DISPATCH, TicketState.PENDING_INFO))
    chosen_at = _another_model_since(at)
    stale = waiting.filter(
        Q(proposed_item__isnull=False) & ~Q(proposed_item__in=responsibility.items_in_force(at))
        | Q(proposed_unit__isnull=False) & ~Q(proposed_unit__in=Unit.objects.valid(at))
        | (Q(created_at__lt=chosen_at) if chosen_at else Q())
    )
    found = stale.select_related("category", "region").order_by("pk")
    if not chosen_at:
        # What is renewed is stale no longer, and the rest comes next time; after another model only the two runs are left.
        found = found[:RENEWED_AT_ONCE]
    return len(
        hotline.one_by_one(lambda ticket: waiting.filter(pk=ticket.pk).update(**_proposal_of(ticket, at)), list(found))
    )


def _another_model_since(at: datetime) -> datetime | None:
    """When another model was chosen, while two runs of the hourly task see it: one may be missed."""
    chosen = responsibility.decided(at).filter(at__gt=at - MODEL_CHANGE_SEEN).first()
    return chosen.at if chosen else None


def _proposal_of(ticket: Ticket, at: datetime) -> dict[str, Any]:
    return proposal_for(
        text=f"{ticket.title}\n{ticket.text}", category=ticket.category, region=ticket.region, kind=ticket.kind, at=at
    )


REVISABLE = frozenset({"title", "text", "kind", "urgency", "category", "region", "place", "is_enterprise"})


@transaction.atomic
def revise_ticket(*, ticket_id: int, changes: dict[str, Any], by: User, at: datetime) -> TicketEvent:
    """Correct what was registered while it waits for dispatch; the proposal is made again.

    A new urgency starts the dispatch clock anew. The event says which fields changed, never their words.
    """
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.DISPATCH)
    act.require_state(TicketState.PENDING_DISPATCH, TicketState.PENDING_INFO)
    ticket = act.ticket
    changed = sorted(name for name, value in changes.items() if name in REVISABLE and getattr(ticket, name) != value)
    if not changed:
        raise InputRefused("没有改动。")
    for name in changed:
        setattr(ticket, name, changes[name])
    if "place" in changed:
        # The point was of the place that was named before.
        ticket.longitude = ticket.latitude = None
    act.shows_elsewhere()
    for name, value in _proposal_of(ticket, at).items():
        setattr(ticket, name, value)
    if "urgency" in changed and ticket.state == TicketState.PENDING_DISPATCH:
        act.stop_clocks(ClockKind.DISPATCH, outcome=Clock.Outcome.SUPERSEDED)
        act.start_clock(ClockKind.DISPATCH, deadlines.dispatch_rule(urgency=ticket.urgency, at=at))
    return act.record("revise", data={"fields": changed})
