from django.dispatch import receiver

from channels_merge import services, tasks
from channels_merge.services import grid, merge_records, telephone
from channels_merge.signals import appeal_event
from hotline.models import User
from hotline.queue import enqueue
from hotline.signals import person_deactivated, unit_abolished, work_in_hand
from responsibility import selectors as duty_lists
from tickets.signals import ticket_event

# Acts that change neither who may see the ticket nor whether the citizen has an answer.
QUIET = frozenset(
    {"register", "revise", "note", "instruct", "record_contact", "record_onsite", "sign", "request_extension", "approve",
     "report_as_co", "refuse_extension", "lapse_extension", "grant_extension",
     "grant_extension_below", "place_hold", "release_hold"}
)  # fmt: skip


SECRECY = frozenset({"restrict_ticket", "lift_restriction"})


@receiver(ticket_event, dispatch_uid="channels_merge.follow_secrecy")
def follow_secrecy(sender, event, **kwargs):
    """At once and not by a task: until then the people behind a restricted matter would stand in others' lists."""
    if event.act in SECRECY:
        services.follow_secrecy(ticket_id=event.ticket_id)


# A ticket comes back, or takes callers in or lets them out, while some have withdrawn.
RECOUNTED = frozenset({"merge", "take_in", "unmerge", "let_out", "reopen", "restore"})


@receiver(ticket_event, dispatch_uid="channels_merge.count_live")
def count_live(sender, event, **kwargs):
    """At once: with nobody left the ticket's one way out is 撤诉, and whoever opens it must see that."""
    if event.act in RECOUNTED:
        services.tell_ticket(event.ticket_id)


@receiver(ticket_event, dispatch_uid="channels_merge.tell_of_act")
def tell_of_act(sender, event, **kwargs):
    if event.act in services.TOLD:
        services.tell_of_act(event)


@receiver(ticket_event, dispatch_uid="channels_merge.record_merge")
def record_merge(sender, event, **kwargs):
    """At once, like the links of appeals: what was brought together stands in the same transaction."""
    if event.act in merge_records.TICKET_ACTS:
        merge_records.follow_merge(event)


@receiver(ticket_event, dispatch_uid="channels_merge.follow_ticket")
def follow_ticket(sender, event, **kwargs):
    if event.act not in QUIET:
        enqueue(tasks.follow_ticket, event_id=event.pk)
    elif event.act in services.TOLD_ACTS:
        enqueue(tasks.tell_lines, event_id=event.pk)


@receiver(ticket_event, dispatch_uid="channels_merge.dispatch_by_itself")
def dispatch_by_itself(sender, event, **kwargs):
    if event.act == "register" and duty_lists.something_is_switched_on():
        enqueue(tasks.dispatch_by_itself, ticket_id=event.ticket_id)


@receiver(appeal_event, dispatch_uid="channels_merge.look_at")
def look_at(sender, event, **kwargs):
    """What came by machine is held against the pool on arrival; what an agent types is, some minutes later, by the clock."""
    if event.act == "register" and event.appeal.channel.is_machine:
        enqueue(tasks.look_at, appeal_id=event.appeal_id)


@receiver(appeal_event, dispatch_uid="channels_merge.match_petitions")
def match_petitions(sender, event, **kwargs):
    if event.act == "register":
        enqueue(tasks.match_petitions, appeal_id=event.appeal_id)


@receiver(unit_abolished, dispatch_uid="channels_merge.pass_on_codes")
def pass_on_codes(sender, unit, successor, by, at, **kwargs):
    services.pass_on_codes(unit=unit, successor=successor, by=by, at=at)


@receiver(person_deactivated, dispatch_uid="channels_merge.leave_seat_and_errands")
def leave_seat_and_errands(sender, user, heir, by, at, **kwargs):
    grid.pass_on_checks(worker=user, heir=heir, at=at)
    telephone.leave_seat(user=user, by=by, at=at)


@receiver(work_in_hand, sender=User, dispatch_uid="channels_merge.say_what_is_in_hand")
def say_what_is_in_hand(sender, who, **kwargs):
    return grid.said_in_hand(who) + telephone.said_of_seat(who)
