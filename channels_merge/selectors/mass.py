"""Matters that more people report than can be called: who is told by message, and which of them are called all the same."""

from datetime import datetime

from channels_merge.models import Appeal, Interaction
from channels_merge.selectors.appeals import carried_by, ticket_of
from channels_merge.states import InteractionKind
from hotline import parameters
from hotline.numbers import lot_of
from tickets.states import TicketState


def is_mass(ticket_id: int, *, at: datetime) -> bool:
    """More than `mass_matter_appeals` live appeals hang on the ticket, those of tickets merged into it included."""
    return carried_by(ticket_id).live().count() > parameters.integer("mass_matter_appeals", at=at)


def told_by_message(ticket_id: int, *, at: datetime) -> list[Appeal]:
    """The callers of a mass matter who can be told by message: those who left a mobile number. Of other matters nobody."""
    if not is_mass(ticket_id, at=at):
        return []
    live = carried_by(ticket_id).live().filter(contactable=True).select_related("contact").order_by("pk")
    return [appeal for appeal in live if appeal.contact is not None and appeal.contact.phone.startswith("1")]


def not_called(ticket_id: int, *, round_number: int, at: datetime) -> frozenset[int]:
    """Ids of the appeals whose callers are told by message and not drawn for a call (`mass_followup_sample`)."""
    rate = parameters.number("mass_followup_sample", at=at)
    told = told_by_message(ticket_id, at=at)
    return frozenset(appeal.pk for appeal in told if lot_of(f"mass/{appeal.number}/{round_number}") >= rate)


def may_rate(appeal: Appeal, *, at: datetime) -> bool:
    """Whether there is a result of a mass matter that its caller has not rated yet."""
    ticket = ticket_of(appeal)
    if ticket is None or ticket.state not in {TicketState.PENDING_FOLLOWUP, TicketState.CLOSED}:
        return False
    reply = ticket.replies.published().first()
    if reply is None or not is_mass(ticket.pk, at=at):
        return False
    rated = Interaction.objects.filter(appeal=appeal, kind=InteractionKind.RATING, at__gte=reply.published_at)
    return not rated.exists()
