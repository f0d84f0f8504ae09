"""What rings at whose seat, and what nobody answered."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Case, Count, Max, Prefetch, Q, QuerySet, When

from channels_merge import rights
from channels_merge.identity import PhoneNotUnderstood
from channels_merge.models import (
    AgentSeat,
    Appeal,
    CallBack,
    CallBackOutcome,
    Interaction,
    MissedCall,
    PhoneCall,
    Skill,
)
from channels_merge.selectors.appeals import caller_history
from hotline.models import User
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.selectors import people_with_right

RINGS_FOR: Final = timedelta(minutes=3)
"""A ring of which nothing more was heard is over by then."""
WAITS_FOR: Final = timedelta(minutes=30)
"""So long an answered call that nobody wrote down stays at the desk."""
UNKNOWN_FOR: Final = timedelta(days=7)
LONGEST_CALL: Final = timedelta(hours=2)


def seat_of(user: User) -> AgentSeat | None:
    return AgentSeat.objects.filter(user=user, until=None).first()


def skills_of(user: User) -> list[str]:
    """Whoever sits at no seat serves the ordinary queue."""
    seat = seat_of(user)
    return list(seat.skills) if seat else [Skill.NORMAL.value]


def seats() -> QuerySet[AgentSeat]:
    return AgentSeat.objects.filter(until=None).select_related("user__unit").order_by("extension", "pk")


def agents_on_duty(queue: str, *, at: datetime) -> list[User]:
    """Those at a seat who serve the queue and are not away; else anybody at a seat; without seats every agent."""
    agents = people_with_right(rights.USE_DESK)
    at_seat = {"seats__isnull": False, "seats__until": None}
    for people in (agents.filter(**at_seat, seats__skills__contains=[queue]), agents.filter(**at_seat), agents):
        if here := [user for user in people if not user.is_away(at)]:
            return here
    return []


def people_at(call: PhoneCall) -> list[int]:
    """Ids of those at whose desk a call rings: its seat, or every seat of its queue."""
    if call.user_id:
        return [call.user_id]
    if call.extension:
        return []
    open_seats = AgentSeat.objects.filter(until=None, skills__contains=[call.queue])
    return list(open_seats.order_by("pk").values_list("user", flat=True))


def calls_at_desk(user: User, *, at: datetime) -> list[PhoneCall]:
    """Calls answered at this desk and not yet written down, then those that ring there; special queues first."""
    at_seat = Q(user=user) | Q(user=None, extension="", queue__in=skills_of(user))
    answered = Q(user=user, answered_at__isnull=False)
    ringing = Q(answered_at=None, ended_at=None, heard_at__gte=at - RINGS_FOR)
    calls = PhoneCall.objects.filter(at_seat, answered | ringing, taken_at=None, missed_at=None)
    # Before the five are taken: in a rush a dozen ring at every seat, and nobody's own call may be left out for them.
    rank = Case(When(answered_at=None, then=2), default=0) + Case(When(queue=Skill.NORMAL, then=1), default=0)
    return list(calls.filter(heard_at__gte=at - WAITS_FOR).order_by(rank, "heard_at", "pk")[:5])


def call_of(user: User, token: str) -> PhoneCall | None:
    """A call that is this person's, by the key that the page knows."""
    calls = PhoneCall.objects.filter(user=user)
    return calls.filter(token=token).first() if _is_key(token) else None


def call_at_hand(user: User, *, at: datetime) -> PhoneCall | None:
    """The call that this person is in."""
    calls = PhoneCall.objects.filter(user=user, answered_at__isnull=False, ended_at=None)
    return calls.filter(heard_at__gte=at - LONGEST_CALL).order_by("-answered_at", "-pk").first()


def call_of_appeal(appeal: Appeal) -> PhoneCall | None:
    """The call that an appeal was written down in."""
    first = Interaction.objects.select_related("call").filter(appeal=appeal, call__isnull=False)
    row = first.order_by("at", "pk").first()
    return row.call if row else None


def called_back(user: User, number: str, *, at: datetime) -> MissedCall | None:
    """A missed call whose caller this person has just reached."""
    if (key := key_of(number)) is None:
        return None
    reached = CallBack.objects.filter(
        missed_call=key, by=user, outcome=CallBackOutcome.REACHED, at__gte=at - WAITS_FOR
    )
    row = reached.select_related("missed_call").first()
    return row.missed_call if row else None


def history_of(call: PhoneCall) -> list[Appeal] | None:
    """What this number reported before; None for a number of which none can be kept."""
    try:
        return caller_history(call.number) if call.number_cipher else None
    except PhoneNotUnderstood:
        return None


def missed_calls_seen(user: User, *, at: datetime) -> QuerySet[MissedCall]:
    """Queues of the person's own seat first; what is overdue is everybody's. Whoever manages seats sees all."""
    if has_right(user, rights.MANAGE_SEATS, at):
        return MissedCall.objects.all()
    return MissedCall.objects.filter(Q(queue__in=skills_of(user)) | Q(due_at__lte=at))


def open_missed_calls(user: User, *, at: datetime) -> QuerySet[MissedCall]:
    """In the order in which they are due, with tries and holder."""
    rows = missed_calls_seen(user, at=at).filter(closed_at=None)
    tries = CallBack.objects.select_related("by").order_by("at", "pk")
    return rows.select_related("holder").prefetch_related(Prefetch("call_backs", tries)).order_by("due_at", "pk")


def closed_missed_calls(user: User, *, at: datetime) -> QuerySet[MissedCall]:
    rows = missed_calls_seen(user, at=at).filter(closed_at__isnull=False)
    return rows.select_related("closed_by").order_by("-closed_at", "-pk")


def count_open_missed(user: User, *, at: datetime) -> int:
    """At most 100."""
    return missed_calls_seen(user, at=at).filter(closed_at=None)[:100].count()


def withheld_calls(user: User, *, at: datetime) -> QuerySet[PhoneCall]:
    """Missed calls that showed no number, the latest first, of the queues that the person sees: nobody can call back."""
    calls = PhoneCall.objects.filter(number_index="", missed_at__isnull=False, answered_at=None)
    if not has_right(user, rights.MANAGE_SEATS, at):
        calls = calls.filter(queue__in=skills_of(user))
    return calls.order_by("-missed_at", "-pk")


def count_withheld(user: User, *, at: datetime) -> int:
    """Of the last 24 hours, at most 100."""
    return withheld_calls(user, at=at).filter(missed_at__gte=at - timedelta(days=1))[:100].count()


def unknown_extensions(*, at: datetime) -> QuerySet[PhoneCall, Any]:
    """Extensions at which calls came in the last seven days and nobody sits: `extension`, `calls`, `last_at`, by extension."""
    seated = AgentSeat.objects.filter(until=None).values("extension")
    calls = PhoneCall.objects.filter(user=None, heard_at__gte=at - UNKNOWN_FOR).exclude(extension="")
    calls = calls.exclude(extension__in=seated)
    return calls.values("extension").annotate(calls=Count("pk"), last_at=Max("heard_at")).order_by("extension")


def missed_badge(user: User, *, at: datetime) -> tuple[int, bool]:
    """For the rail: how many wait (at most 100 are counted), and whether one is overdue."""
    if not has_right(user, rights.USE_DESK, at):
        return 0, False
    waiting = missed_calls_seen(user, at=at).filter(closed_at=None).order_by("due_at")
    due = list(waiting.values_list("due_at", flat=True)[:100])
    return len(due), bool(due) and due[0] <= at


def _is_key(token: str) -> bool:
    return len(token) in {32, 36} and not set(token.lower()) - set("0123456789abcdef-")
