"""What an act on a ticket means for its appeals. Called by a task after the commit, and again by the reconciliation."""

from datetime import datetime
from typing import Final

from django.db import OperationalError, transaction

from channels_merge import selectors
from channels_merge.models import Appeal, AppealClock
from channels_merge.services import clocks, mass, messages, outbox
from channels_merge.services.indexing import refresh_scope
from channels_merge.services.moves import AppealRefused
from channels_merge.states import MessageKind
from tickets.models import Ticket, TicketEvent
from tickets.states import ClosingKind, TicketState

# The public reply stands; before these states nothing was told.
REPLIED = frozenset({TicketState.PENDING_FOLLOWUP, TicketState.CLOSED})
DEAD = frozenset({TicketState.VOIDED})


def follow_ticket(*, event_id: int) -> None:
    event = TicketEvent.objects.select_related("ticket").get(pk=event_id)
    refresh_scope(ticket_id=event.ticket_id)
    outbox.report_ticket_event(event_id=event_id)
    mass.tell_callers(event_id=event_id)
    mass.tell_senders(event_id=event_id)
    settle_citizen_clocks(ticket_id=event.ticket_id, at=event.at)


def follow_secrecy(*, ticket_id: int) -> None:
    """The appeals that a ticket carries are as secret as the ticket.

    The ticket is held already, and whoever acts on an appeal takes the appeal first: so nobody is waited for here. Refused while
    somebody does, within a moment it can be asked again.
    """
    secrecy = Ticket.objects.values_list("secrecy", flat=True).get(pk=ticket_id)
    appeals = Appeal.objects.filter(links__ticket=ticket_id, links__until=None)
    held = appeals.select_for_update(of=("self",), no_key=True, nowait=True).order_by("pk")
    try:
        with transaction.atomic():
            keys = list(held.values_list("pk", flat=True))
    except OperationalError as error:
        raise AppealRefused("有人正在改动这张工单上的诉求，请稍后再试。") from error
    Appeal.objects.filter(pk__in=keys).update(secrecy=secrecy)


TOLD: Final = {
    "void": MessageKind.VOIDED,
    "ask_information": MessageKind.NEED_INFO,
    "grant_extension": MessageKind.EXTENDED,
    "defer": MessageKind.DEFERRED,
}
"""Acts of a ticket that change what its callers wait for → what they are told."""


def tell_of_act(event: TicketEvent) -> None:
    """Whoever still waits hears that the matter is voided or put off, or of the later date; who is asked, of the question."""
    waiting = selectors.carried_by(event.ticket_id).live().select_related("contact").order_by("pk")
    if event.act == "ask_information":
        waiting = waiting.filter(pk=selectors.asked_first(event.ticket_id, event.at))
    first = waiting.first()
    if first is not None:
        told = selectors.words_of_act(event, first)
        messages.tell_each(waiting, TOLD[event.act], told=told, ordinal=f"act{event.pk}", at=event.at)


@transaction.atomic
def settle_citizen_clocks(*, ticket_id: int, at: datetime) -> None:
    """Bring the citizen clocks of a ticket's appeals into line with the ticket's state; nothing to do when they are.

    Reply approved: met when it was, however late this is told. Voided, or closed without a reply: void. Back in
    work: the same limit counts on.
    """
    ticket = Ticket.objects.select_for_update(of=("self",), no_key=True).get(pk=ticket_id)
    if ticket.state == TicketState.MERGED:
        return
    replied_at = _replied_at(ticket)
    for appeal in selectors.carried_by(ticket_id).live():
        if ticket.state in REPLIED and replied_at is not None:
            clocks.stop_clocks(appeal, AppealClock.CITIZEN, at=replied_at, outcome=AppealClock.Outcome.MET)
        elif ticket.state in REPLIED or ticket.state in DEAD:
            clocks.stop_clocks(appeal, AppealClock.CITIZEN, at=at, outcome=AppealClock.Outcome.VOID)
        else:
            clocks.resume_citizen_clock(appeal)


def _replied_at(ticket: Ticket) -> datetime | None:
    """When the public reply of the round that held was approved; None when the citizens were told nothing."""
    if ticket.closing_kind == ClosingKind.WITHDRAWN:
        return None
    reply = ticket.replies.published().filter(round=ticket.round).first()
    return None if reply is None else reply.published_at
