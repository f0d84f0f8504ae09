from django.dispatch import receiver

from channels_merge.signals import appeal_event
from channels_merge.states import InteractionKind
from evaluation import services, tasks
from hotline.queue import enqueue
from tickets.signals import ticket_event
from tickets.states import TicketState

# Words on a ticket that waits for follow-up change nothing for its callers.
QUIET = frozenset({"note", "instruct", "place_hold"})
# One that joins a ticket by acceptance is found by the reconciliation; until then the ticket does not close.
MOVES_AN_APPEAL = frozenset({"link", "unlink", "withdraw"})


@receiver(ticket_event, dispatch_uid="evaluation.follow_ticket")
def follow_ticket(sender, event, **kwargs):
    if TicketState.PENDING_FOLLOWUP not in {event.source, event.target} or event.act in QUIET:
        return
    if event.act == "publish_reply":
        services.open_follow_ups(ticket_id=event.ticket_id, at=event.at)
    enqueue(tasks.settle_ticket, ticket_id=event.ticket_id)


@receiver(appeal_event, dispatch_uid="evaluation.follow_appeal")
def follow_appeal(sender, event, **kwargs):
    if event.act in MOVES_AN_APPEAL:
        enqueue(tasks.settle_appeal, appeal_id=event.appeal_id)
    elif event.act == InteractionKind.RATING:
        enqueue(tasks.take_rating, event_id=event.pk)
