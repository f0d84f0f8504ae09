"""Every clock of every room is heard here: tests/supervision/test_reminders.py fails for one that is not."""

from django.dispatch import receiver

from channels_merge.models import AppealClock
from evaluation.models import DecisionClock
from hotline.queue import enqueue
from hotline.signals import clocks_breached
from supervision import services, tasks
from tickets.models import ObjectionClock, TicketClock


@receiver(clocks_breached, sender=TicketClock, dispatch_uid="supervision.write_cards")
def write_cards(sender, breaches, **kwargs):
    services.write_cards(breaches=breaches, at=breaches[0].found_at)
    enqueue(tasks.tell_people)


@receiver(clocks_breached, sender=AppealClock, dispatch_uid="supervision.remind_of_appeals")
@receiver(clocks_breached, sender=DecisionClock, dispatch_uid="supervision.remind_of_decisions")
@receiver(clocks_breached, sender=ObjectionClock, dispatch_uid="supervision.remind_of_objections")
def write_reminders(sender, breaches, **kwargs):
    services.write_reminders(breaches=breaches, at=breaches[0].found_at)
    enqueue(tasks.tell_people)
