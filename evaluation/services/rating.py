"""A caller who told another platform what became of the matter has been asked: the line sends the rating, nobody rings again."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from channels_merge.models import AppealEvent, Interaction
from evaluation.models import FollowUp
from evaluation.services.calling import Answer, conclude
from evaluation.services.conclusion import ask_reviewer, close_if_done, decision_ground, lock_ticket
from evaluation.states import SAID_GROUNDS, FollowUpState, Ground, Outcome, Satisfaction
from hotline.services import one_by_one
from tickets.states import TicketState

RATED_ACT = "rating"


@transaction.atomic
def take_rating(*, event_id: int, at: datetime) -> bool:
    """Conclude the follow-up that waits for this appeal; False when none does. Idempotent.

    A rating that came before the reply was out says nothing of it.
    """
    event = AppealEvent.objects.get(pk=event_id)
    said = event.data
    waiting = FollowUp.objects.filter(
        appeal=event.appeal_id, state=FollowUpState.WAITING, opened_at__lte=event.at
    ).first()
    if waiting is None or said["satisfaction"] == Satisfaction.NOT_RATED:
        return False
    ticket = lock_ticket(waiting.ticket_id)
    follow_up = FollowUp.objects.select_for_update(of=("self",)).select_related("reply").get(pk=waiting.pk)
    if follow_up.state != FollowUpState.WAITING or ticket.state != TicketState.PENDING_FOLLOWUP:
        return False
    ground = ""
    if said["satisfaction"] == Satisfaction.DISSATISFIED:
        ground = said["ground"] if said["ground"] in SAID_GROUNDS else Ground.OTHER
    words = Interaction.objects.values_list("text", flat=True).get(pk=said["interaction"])
    conclude(
        follow_up, Outcome.RATED, by=None, at=at, answer=Answer(said["resolved"], said["satisfaction"], ground, words)
    )
    follow_up.caller = follow_up.called_at = None
    follow_up.save()
    ground = decision_ground(follow_up)
    if ground:
        ask_reviewer(ticket, follow_up=follow_up, ground=ground, at=at)
    close_if_done(ticket, by=None, at=at)
    return True


def take_missed_ratings(*, at: datetime) -> int:
    """Ratings whose message was lost; returns how many concluded a follow-up."""
    waiting = FollowUp.objects.filter(
        appeal=OuterRef("appeal"), state=FollowUpState.WAITING, opened_at__lte=OuterRef("at")
    )
    missed = AppealEvent.objects.filter(Exists(waiting), act=RATED_ACT).exclude(
        data__satisfaction=Satisfaction.NOT_RATED
    )
    return len(one_by_one(lambda pk: take_rating(event_id=pk, at=at), list(missed.values_list("pk", flat=True)[:500])))
