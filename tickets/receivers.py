from django.dispatch import receiver

from hotline.queue import enqueue
from hotline.signals import clock_moved, person_deactivated, unit_abolished, work_in_hand
from tickets import services, tasks
from tickets.models import TicketClock


@receiver(clock_moved, sender=TicketClock, dispatch_uid="tickets.say_that_a_clock_moved")
def say_that_a_clock_moved(sender, clock, old_due_at, at, **kwargs):
    # The publication holds the clock; an act holds the ticket and waits for the clock. So the event comes after the commit.
    shift = services.note_clock_move(clock=clock, old_due_at=old_due_at, at=at)
    enqueue(tasks.record_clock_move, shift_id=shift.pk)


@receiver(unit_abolished, dispatch_uid="tickets.hand_over_of_an_abolished_unit")
def hand_over_of_an_abolished_unit(sender, unit, successor, at, **kwargs):
    services.hand_over_abolished(unit=unit, successor=successor, at=at)


@receiver(person_deactivated, dispatch_uid="tickets.release_a_handler")
def release_a_handler(sender, user, heir, at, **kwargs):
    services.release_handler(person=user, heir=heir, at=at)


@receiver(work_in_hand, dispatch_uid="tickets.say_what_is_in_hand")
def say_what_is_in_hand(sender, who, **kwargs):
    return services.said_in_hand(who)
