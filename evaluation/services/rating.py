"""A caller who told another platform what became of the matter has been asked: the line sends the rating, nobody rings again."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from channels_merge.models import AppealEvent, Interaction
from channels_merge.states import InteractionKind
from evaluation.models import FollowUp
from evaluation.services.calling import Answer, conclude
from evaluation.services.conclusion import ask_reviewer, close_if_done, decision_ground, lock_ticket
from evaluation.states import SAID_GROUNDS, FollowUpState, Ground, Outcome, Satisfaction, WhyNot
from hotline.services import one_by_one
from tickets.states import TicketState

MAY_RATE = Q(state=FollowUpState.WAITING) | Q(state=FollowUpState.CONCLUDED, why_not=WhyNot.BY_MESSAGE)


@transaction.atomic
def take_rating(*, event_id: int, at: datetime) -> bool:
    """Conclude the follow-up that waits for this appeal, or was left out because its caller was told by message; False
    when there is none. Idempotent.

    A rating that came before the reply was out says nothing of it. On a closed ticket it is kept for the month's review.
    """
    event = AppealEvent.objects.get(pk=event_id)
    said = event.data
    asked = FollowUp.objects.filter(MAY_RATE, appeal=event.appeal_id, opened_at__lte=event.at).order_by("-pk").first()
    if asked is None or said["satisfaction"] == Satisfaction.NOT_RATED:
        return False
    ticket = lock_ticket(asked.ticket_id)
    follow_up = FollowUp.objects.select_for_update(of=("self",)).select_related("reply").get(pk=asked.pk)
    if follow_up.state == FollowUpState.WAITING and ticket.state != TicketState.PENDING_FOLLOWUP:
        return False
    if not FollowUp.objects.filter(MAY_RATE, pk=follow_up.pk, round=ticket.round).exists():
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
    ground = decision_ground(follow_up) if ticket.state == TicketState.PENDING_FOLLOWUP else ""
    if ground:
        ask_reviewer(ticket, follow_up=follow_up, ground=ground, at=at)
    close_if_done(ticket, by=None, at=at)
    return True


def take_missed_ratings(*, at: datetime, most: int = 500) -> int:
    """Ratings whose message was lost, the oldest first; returns how many concluded a follow-up.

    What was said of an earlier round concludes nothing any more, and takes nobody's place.
    """
    of_round = FollowUp.objects.filter(MAY_RATE, round=F("ticket__round"))
    waiting = of_round.filter(appeal=OuterRef("appeal"), opened_at__lte=OuterRef("at"))
    missed = AppealEvent.objects.filter(Exists(waiting), act=InteractionKind.RATING).exclude(
        data__satisfaction=Satisfaction.NOT_RATED
    )
    pks = list(missed.order_by("pk").values_list("pk", flat=True)[:most])
    return len(one_by_one(lambda pk: take_rating(event_id=pk, at=at), pks))
