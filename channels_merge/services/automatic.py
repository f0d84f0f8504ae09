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
    """Whether the ticket was dispatched. May be called any number of times.

    What came while it was looked at and waited for is found by the second look, behind the locks. What comes after that finds
    the ticket itself, as if it had come after the dispatch.
    """
    if not _waiting().filter(pk=ticket_id).exists() or _is_known_otherwise(ticket_id, at=at):
        return False
    event = tickets.dispatch_by_itself(
        ticket_id=ticket_id, unless=lambda: any(_is_for_people(one, at=at) for one in _carried(ticket_id)), at=at
    )
    return event is not None


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
    for appeal in _carried(ticket_id):
        if appeal.secrecy == Secrecy.OPEN:
            # Held against the petition office's on arrival, in no order with this.
            petition.match_appeal(appeal_id=appeal.pk, at=at)
        if _is_for_people(appeal, at=at):
            return True
    return False


def _carried(ticket_id: int) -> QuerySet[Appeal]:
    return reads.with_carrier(Appeal.objects.filter(pk__in=carried_by(ticket_id).values("pk")))


def _is_for_people(appeal: Appeal, *, at: datetime) -> bool:
    """It is not open to all, a similar matter is open, or the petition office has it."""
    if appeal.secrecy != Secrecy.OPEN or in_petition(appeal):
        return True
    return any(one.ticket is None or one.ticket.is_open for one in reads.nearest(appeal, at=at))
