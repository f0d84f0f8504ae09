"""What callers are told by message of a ticket: the reply of a mass matter, and its end to those who wrote to us.

Of a mass matter all hear the reply, and the room above calls a sample of them. Each message is written once.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from channels_merge.models import AppealLink, OutboxMessage
from channels_merge.selectors import mass
from channels_merge.selectors.appeals import carried_by
from channels_merge.services import messages
from channels_merge.states import MessageKind
from hotline import masking
from hotline.services import one_by_one
from tickets.models import Reply, TicketEvent
from tickets.states import ClosingKind

PUBLISHED, CLOSED = "publish_reply", "close"


@transaction.atomic
def tell_callers(*, event_id: int) -> int:
    """Returns how many messages were written. Nothing for a matter of few, and nothing the second time."""
    event = TicketEvent.objects.get(pk=event_id)
    if event.act != PUBLISHED:
        return 0
    reply = Reply.objects.get(pk=event.data["reply"])
    callers = mass.told_by_message(event.ticket_id, at=event.at)
    told = masking.redact_answer(reply.public_text)
    return messages.tell_each(callers, MessageKind.MASS_REPLY, told=told, ordinal=reply.pk, at=event.at)


@transaction.atomic
def tell_senders(*, event_id: int) -> int:
    """The end of a matter, to those who sent it by machine and left a mobile number; nobody may have rung them. Returns how
    many messages were written, none the second time. Callers of a mass matter had the same words with the reply.
    """
    event = TicketEvent.objects.select_related("ticket").get(pk=event_id)
    if event.act != CLOSED or mass.is_mass(event.ticket_id, at=event.at):
        return 0
    sent = carried_by(event.ticket_id).live().filter(channel__is_machine=True, contactable=True)
    senders = sent.select_related("contact").order_by("pk")
    told = _what_came_of_it(event)
    return messages.tell_each(senders, MessageKind.CLOSED, told=told, ordinal=event.pk, at=event.at)


def _what_came_of_it(event: TicketEvent) -> str:
    reply = Reply.objects.filter(ticket=event.ticket_id).published(until=event.at).first()
    return masking.redact_answer(reply.public_text) if reply else f"{ClosingKind(event.data['closing_kind']).label}。"


def tell_missed_senders(*, since: datetime) -> int:
    """Ends whose message a lost task left unwritten; returns of how many tickets."""
    told = OutboxMessage.objects.filter(
        kind=MessageKind.CLOSED, appeal__links__ticket=OuterRef("ticket"), created_at__gte=OuterRef("at")
    )
    sent = AppealLink.objects.filter(
        Q(ticket=OuterRef("ticket")) | Q(ticket__merged_into=OuterRef("ticket")),
        until=None,
        appeal__channel__is_machine=True,
        appeal__contactable=True,
    )
    events = TicketEvent.objects.filter(~Exists(told), Exists(sent), act=CLOSED, at__gte=since)
    found = list(events.order_by("pk").values_list("pk", flat=True))
    return len(one_by_one(lambda pk: tell_senders(event_id=pk), found))


def tell_missed_callers(*, since: datetime) -> int:
    """Replies whose message a lost task left unwritten; returns of how many matters."""
    told = OutboxMessage.objects.filter(
        kind=MessageKind.MASS_REPLY, appeal__links__ticket=OuterRef("ticket"), created_at__gte=OuterRef("at")
    )
    events = TicketEvent.objects.filter(~Exists(told), act=PUBLISHED, at__gte=since, ticket__appeal_count__gt=1)
    found = list(events.order_by("pk").values_list("pk", flat=True))
    return len(one_by_one(lambda pk: tell_callers(event_id=pk), found))
