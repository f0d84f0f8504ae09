"""Two agents at their seats, numbers that nobody answered, and one that called again: all through the services."""

from datetime import datetime, timedelta

from channels_merge import selectors, services
from channels_merge.models import CallBackOutcome, CallEvent, MissedCall, PhoneCall, Skill
from hotline.models import User

SEATS = {"agent1": ("8001", [Skill.NORMAL, Skill.ENTERPRISE]), "agent2": ("8002", [Skill.NORMAL, Skill.HAKKA])}
MISSED = (
    # number, queue, minutes ago (of each ring)
    ("13979700141", Skill.NORMAL, (38, 12)),
    ("13879700152", Skill.HAKKA, (19,)),
    ("15979700163", Skill.ENTERPRISE, (9,)),
    ("18779700174", Skill.NORMAL, (4, 3)),
    ("13507970185", Skill.NORMAL, (55,)),
)
CALLED_AGAIN = "13507970185"
TRIED = "13879700152"
UNSEATED = "8010"


def ring_up(*, now: datetime) -> None:
    """Safe to run twice: calls have their numbers, seats and tries are made once."""
    agents = {user.username: user for user in User.objects.filter(username__in=SEATS, is_demo=True)}
    for username, (extension, skills) in SEATS.items():
        if selectors.seat_of(agents[username]) is None:
            services.set_seat(
                user=agents[username], extension=extension, skills=[*skills], by=None, at=now - timedelta(days=1)
            )
    for number, queue, minutes in MISSED:
        for ago in minutes:
            _hear(
                CallEvent.MISSED,
                f"demo-{number}-{len(minutes)}-{ago}",
                number,
                queue,
                now - timedelta(minutes=ago),
                now,
            )
    _hear(
        CallEvent.ANSWERED, f"demo-{CALLED_AGAIN}-again", CALLED_AGAIN, Skill.NORMAL, now - timedelta(minutes=50), now
    )
    # One that shows no number, at an extension at which nobody sits.
    _hear(CallEvent.MISSED, "demo-withheld", "", Skill.NORMAL, now - timedelta(minutes=26), now, UNSEATED)
    tried = PhoneCall.objects.get(call_id=f"demo-{TRIED}-1-19").missed_call
    if tried is not None and tried.tries == 0:
        _call_back(tried, agents["agent2"], now - timedelta(minutes=6))


def _hear(event: str, call_id: str, number: str, queue: str, at: datetime, now: datetime, extension: str = "") -> None:
    if PhoneCall.objects.filter(call_id=call_id).exists():
        return
    told = services.PhoneEvent(call_id=call_id, event=event, at=at, number=number, queue=queue, extension=extension)
    call = services.store_phone_event(event=told, at=now)
    services.settle_call(call_id=call.pk, at=now)


def _call_back(row: MissedCall, by: User, at: datetime) -> None:
    services.take_missed_call(missed_call_id=row.pk, by=by, at=at)
    services.record_call_back(missed_call_id=row.pk, outcome=CallBackOutcome.NO_ANSWER, by=by, at=at)
