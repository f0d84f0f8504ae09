"""One message to all callers of a mass matter, once for each reply. The room above calls a sample of them."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from channels_merge.models import OutboxMessage
from channels_merge.selectors import mass
from channels_merge.services import messages
from channels_merge.states import MessageKind
from hotline import masking
from hotline.services import one_by_one
from tickets.models import Reply, TicketEvent

PUBLISHED = "publish_reply"


@transaction.atomic
def tell_callers(*, event_id: int) -> int:
    """Returns how many messages were written. Nothing for a matter of few, and nothing the second time."""
    event = TicketEvent.objects.get(pk=event_id)
    if event.act != PUBLISHED:
        return 0
    reply = Reply.objects.get(pk=event.data["reply"])
    told = mass.told_by_message(event.ticket_id, at=event.at)
    keys = {messages.dedupe_key(appeal, MessageKind.MASS_REPLY, reply.pk): appeal for appeal in told}
    written = set(OutboxMessage.objects.filter(dedupe__in=keys).values_list("dedupe", flat=True))
    missing = [appeal for key, appeal in keys.items() if key not in written]
    for appeal in missing:
        messages.tell_citizen(
            appeal, MessageKind.MASS_REPLY, told=masking.redact(reply.public_text), ordinal=reply.pk, at=event.at
        )
    return len(missing)


def tell_missed_callers(*, since: datetime) -> int:
    """Replies whose message a lost task left unwritten; returns of how many matters."""
    told = OutboxMessage.objects.filter(
        kind=MessageKind.MASS_REPLY, appeal__links__ticket=OuterRef("ticket"), created_at__gte=OuterRef("at")
    )
    events = TicketEvent.objects.filter(~Exists(told), act=PUBLISHED, at__gte=since, ticket__appeal_count__gt=1)
    found = list(events.order_by("pk").values_list("pk", flat=True))
    return len(one_by_one(lambda pk: tell_callers(event_id=pk), found))
