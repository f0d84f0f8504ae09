from django.dispatch import receiver

from hotline.queue import enqueue
from hotline.signals import clock_breached
from supervision import services, tasks
from tickets.models import TicketClock


@receiver(clock_breached, sender=TicketClock, dispatch_uid="supervision.write_card")
def write_card(sender, breach, **kwargs):
    if services.write_card(breach=breach, at=breach.found_at):
        enqueue(tasks.tell_units)
