from django.dispatch import receiver

from hotline.queue import enqueue
from hotline.signals import clocks_breached
from supervision import services, tasks
from tickets.models import TicketClock


@receiver(clocks_breached, sender=TicketClock, dispatch_uid="supervision.write_cards")
def write_cards(sender, breaches, **kwargs):
    services.write_cards(breaches=breaches, at=breaches[0].found_at)
    enqueue(tasks.tell_units)
