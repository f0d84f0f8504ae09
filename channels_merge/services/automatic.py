"""自动派单 begins here: whether a similar matter is open only this room knows. Everything else `tickets` decides."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from channels_merge.models import Appeal
from channels_merge.selectors import merging as reads
from channels_merge.selectors.appeals import carried_by
from channels_merge.selectors.petition import in_petition
from channels_merge.services import petition
from hotline.services import one_by_one
from responsibility import selectors as responsibility
from tickets import services as tickets
from tickets.models import Ticket
from tickets.states import Secrecy, TicketState, Urgency

MISSED_AFTER: Final = timedelta(minutes=2)
MISSED_WITHIN: Final = timedelta(minutes=20)
"""Older ones a dispatcher has seen by now."""


def dispatch_by_itself(*, ticket_id: int, at: datetime) -> bool:
    """Whether the ticket was dispatched. May be called any number of times."""
    if not _waiting().filter(pk=ticket_id).exists() or _is_known_otherwise(ticket_id, at=at):
        return False
    return tickets.dispatch_by_itself(ticket_id=ticket_id, at=at) is not None


def dispatch_missed(*, at: datetime) -> int:
    """New tickets that a lost message left out; one query where no item is switched on."""
    new = _waiting().filter(created_at__gte=at - MISSED_WITHIN, created_at__lte=at - MISSED_AFTER)
    found = list(new.order_by("pk").values_list("pk", flat=True))
    return len(one_by_one(lambda ticket_id: dispatch_by_itself(ticket_id=ticket_id, at=at), found))


def _waiting() -> QuerySet[Ticket]:
    """What is worth a closer look."""
    return Ticket.objects.filter(
        state=TicketState.PENDING_DISPATCH,
        is_open=True,
        urgency=Urgency.NORMAL,
        secrecy=Secrecy.OPEN,
        proposed_item__code__in=responsibility.switches_on().values("code"),
    )


def _is_known_otherwise(ticket_id: int, *, at: datetime) -> bool:
    """A similar matter is open, or the petition office has it: both are for people to look at."""
    for appeal in reads.with_carrier(Appeal.objects.filter(pk__in=carried_by(ticket_id).values("pk"))):
        if appeal.secrecy != Secrecy.OPEN:
            return True
        # Held against the petition office's on arrival, in no order with this.
        petition.match_appeal(appeal_id=appeal.pk, at=at)
        near = reads.nearest(appeal, at=at)
        if in_petition(appeal) or any(one.ticket is None or one.ticket.is_open for one in near):
            return True
    return False
