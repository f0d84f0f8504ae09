"""What the call platform tells of its calls, whose desk they come to, and calling back those nobody answered.

- An event is written into its call at once, in whatever order events come and however often; that write waits for nobody.
- Who is told, and what a call means for missed calls, follows after the commit; a task finds what was left out.
- Everything that counts calls of a number holds the number's lock, so that an answer and a miss never pass each other.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, connection, transaction
from django.db.models import Max, Min, Q

from channels_merge import rights, selectors
from channels_merge.identity import PhoneNotUnderstood, normal_phone
from channels_merge.models import (
    AgentSeat,
    CallBack,
    CallBackOutcome,
    CallEvent,
    MissedCall,
    MissedEnd,
    PhoneCall,
    Skill,
)
from hotline import parameters, push
from hotline.calendar import load_calendar
from hotline.errors import DomainError
from hotline.models import SecurityLog, User
from hotline.rights import has_right
from hotline.selectors import people_with_right
from hotline.services import log_reveal, log_security, notify, one_by_one
from hotline.typed import clean

EARLIEST: Final = timedelta(days=7)
LATEST: Final = timedelta(minutes=10)
"""The platform's clock may be ahead by so much."""
HELD_FOR: Final = timedelta(minutes=5)
_ANY_NUMBER: Final = re.compile(r"\+?\d{3,20}")
_TIME_OF: Final = {
    CallEvent.RINGING: ("rang_at", min),
    CallEvent.ANSWERED: ("answered_at", min),
    CallEvent.ENDED: ("ended_at", max),
    CallEvent.MISSED: ("missed_at", max),
}


class PhoneEventRefused(DomainError):
    """The platform sent something that cannot be; nothing was written."""


class OtherNumber(PhoneEventRefused):
    message = "这个通话编号先前是另一个号码，没有改动。"


class CallNotYours(DomainError):
    message = "这通电话不在您的坐席上，或者已由别人接入。"


class MissedCallRefused(DomainError):
    """Somebody else calls, or it is settled already."""


class SeatRefused(DomainError):
    """Extension and skills do not make a seat."""


@dataclass(frozen=True)
class PhoneEvent:
    """One message of the call platform. `at` is its own time; what it does not know stays empty."""

    call_id: str
    event: str
    at: datetime
    number: str = ""
    queue: str = ""
    extension: str = ""
    recording: str = ""


# ---- what the platform says


def store_phone_event(*, event: PhoneEvent, at: datetime) -> PhoneCall:
    """Write one event into its call; the same one again, or late, changes nothing that is known better.

    Raises PhoneEventRefused for a number or a time that cannot be, OtherNumber when the call is known with another
    number. The desks it concerns are told after the commit: with the push server down the row is there all the same.
    """
    number = _read_number(event.number)
    if not at - EARLIEST <= event.at <= at + LATEST:
        raise PhoneEventRefused(f"时间 {event.at.isoformat()} 与本机相差太远。")
    with transaction.atomic():
        call, is_new = _locked_call(event, at)
        before = _facts(call)
        # A new one was at nobody's desk yet.
        told = set() if is_new else set(selectors.people_at(call))
        _merge(call, event, number)
        if is_new or _facts(call) != before:
            call.is_settled = call.missed_at is None and call.answered_at is None
            call.save()
            told.update(selectors.people_at(call))
            transaction.on_commit(lambda: push.announce(sorted(told), "calls"), robust=True)
    return call


def _read_number(typed: str) -> str:
    """As `normal_phone` has it; numbers of other kinds (short, foreign) as their digits."""
    digits = re.sub(r"[\s\-().]", "", clean(typed))
    try:
        return normal_phone(digits)
    except PhoneNotUnderstood as exc:
        if _ANY_NUMBER.fullmatch(digits):
            return digits
        raise PhoneEventRefused("号码不对，应为数字。") from exc


def _locked_call(event: PhoneEvent, at: datetime) -> tuple[PhoneCall, bool]:
    name, _ = _TIME_OF[CallEvent(event.event)]
    _, is_new = PhoneCall.objects.get_or_create(call_id=event.call_id, defaults={"heard_at": at, name: event.at})
    return PhoneCall.objects.select_for_update(of=("self",), no_key=True).get(call_id=event.call_id), is_new


def _facts(call: PhoneCall) -> tuple[object, ...]:
    return (
        *(getattr(call, name) for name, _ in _TIME_OF.values()),
        call.number_index,
        call.queue,
        call.extension,
        call.user_id,
        call.placed_at,
        call.recording,
    )


def _merge(call: PhoneCall, event: PhoneEvent, number: str) -> None:
    kind = CallEvent(event.event)
    name, better = _TIME_OF[kind]
    known = getattr(call, name)
    setattr(call, name, better(known, event.at) if known else event.at)
    if number and not call.number_cipher:
        call.seal_number(number)
    elif number and call.number != number:
        raise OtherNumber
    if event.recording:
        call.seal_recording(event.recording)
    if _places(call, kind, event):
        call.placed_at = event.at
        call.queue = event.queue or call.queue
        if event.extension:
            call.extension = event.extension
            seat = AgentSeat.objects.filter(extension=event.extension, until=None).first()
            call.user_id = seat.user_id if seat else None


def _places(call: PhoneCall, kind: CallEvent, event: PhoneEvent) -> bool:
    """Whether this event says where the call is: its answer, else the latest ring."""
    if not event.extension and not event.queue:
        return False
    if call.placed_at is None or kind == CallEvent.ANSWERED:
        return True
    return call.answered_at is None and kind != CallEvent.ENDED and event.at >= call.placed_at


# ---- what it means


def settle_calls(*, at: datetime) -> list[int]:
    """Work out every call that a lost message left. Returns their ids."""
    waiting = PhoneCall.objects.filter(is_settled=False).order_by("pk").values_list("pk", flat=True)[:1000]
    return one_by_one(lambda pk: settle_call(call_id=pk, at=at), waiting)


@transaction.atomic
def settle_call(*, call_id: int, at: datetime) -> bool:
    """Count a missed call for its number, or close what was missed before an answered one. Safe to run twice."""
    call = PhoneCall.objects.select_for_update(of=("self",), no_key=True).get(pk=call_id)
    if call.is_settled:
        return False
    if call.number_index:
        _lock_number(call.number_index)
        if call.was_missed:
            _count_missed(call, at)
        else:
            _count_answered(call, at)
    call.is_settled = True
    call.save(update_fields=["is_settled", "missed_call"])
    return True


def _lock_number(index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 12345))", [index])


def _open_of(index: str) -> MissedCall | None:
    rows = MissedCall.objects.select_for_update(of=("self",), no_key=True)
    return rows.filter(number_index=index, closed_at=None).first()


def _count_missed(call: PhoneCall, at: datetime) -> None:
    if call.missed_call_id is None:
        if _was_reached_after(call):
            return
        row = _open_of(call.number_index)
        if row is None:
            row = MissedCall(queue=call.queue, count=1, first_at=call.missed_at, last_at=call.missed_at)
            row.seal_number(call.number)
            row.due_at = _due_at(call.missed_at, at)
            row.save(force_insert=True)
        call.missed_call = row
        call.save(update_fields=["missed_call"])
    _recount(call.missed_call_id, at)


def _due_at(first_at: datetime, at: datetime) -> datetime:
    return load_calendar().add(first_at, parameters.limit("missed_call_back", at=at)).due_at


def _was_reached_after(call: PhoneCall) -> bool:
    later = PhoneCall.objects.filter(number_index=call.number_index, answered_at__gt=call.missed_at)
    back = CallBack.objects.filter(
        missed_call__number_index=call.number_index, outcome=CallBackOutcome.REACHED, at__gt=call.missed_at
    )
    return later.exists() or back.exists()


def _count_answered(call: PhoneCall, at: datetime) -> None:
    was, call.missed_call = call.missed_call_id, None
    call.save(update_fields=["missed_call"])
    if was:
        _recount(was, at)
    row = _open_of(call.number_index)
    if row is not None and call.answered_at is not None and row.last_at <= call.answered_at:
        _close(row, MissedEnd.CALLED_AGAIN, by=call.user, at=at)


def _recount(row_id: int, at: datetime) -> None:
    row = MissedCall.objects.select_for_update(of=("self",), no_key=True).get(pk=row_id)
    if row.closed_at is not None:
        return
    calls = row.calls.filter(answered_at=None)
    count = calls.count()
    if count == 0:
        _close(row, MissedEnd.ANSWERED, by=None, at=at)
        return
    times = calls.aggregate(first=Min("missed_at"), last=Max("missed_at"))
    if times["first"] != row.first_at:
        # The first one was answered after all, or one before it is heard of only now.
        row.due_at = _due_at(times["first"], at)
    row.count, row.first_at, row.last_at = count, times["first"], times["last"]
    row.queue = calls.order_by("-missed_at", "-pk").values_list("queue", flat=True)[0]
    row.save(update_fields=["count", "first_at", "last_at", "due_at", "queue"])


def _close(row: MissedCall, outcome: str, *, by: User | None, at: datetime) -> None:
    row.closed_at, row.closed_by, row.outcome = at, by, outcome
    row.holder = row.held_at = None
    row.save(update_fields=["closed_at", "closed_by", "outcome", "holder", "held_at"])


# ---- at the desk


@transaction.atomic
def take_phone_call(*, token: str, by: User, at: datetime) -> PhoneCall:
    """Its agent takes the call into the form, or puts it aside: it no longer waits at the desk. Twice is once.

    One that rings at every seat of a queue becomes theirs; CallNotYours when it is somebody else's.
    """
    calls = PhoneCall.objects.select_for_update(of=("self",), no_key=True)
    call = calls.filter(Q(user=by) | Q(user=None, extension=""), token=token).first()
    if call is None or (call.user_id is None and call.queue not in selectors.skills_of(by)):
        raise CallNotYours
    others = set(selectors.people_at(call)) - {by.pk}
    if call.taken_at is None or call.user_id is None:
        call.user, call.taken_at = by, call.taken_at or at
        call.save(update_fields=["user", "taken_at"])
        transaction.on_commit(lambda: push.announce(sorted(others), "calls"), robust=True)
    return call


def hear_recording(*, call: PhoneCall, reason: str, by: User, at: datetime, address: str = "") -> str:
    """Where the recording lies, with a line in the security log; a refusal is logged too."""
    reason = clean(reason)
    refusal = ""
    if not has_right(by, rights.HEAR_RECORDING, at):
        refusal = "您的岗位没有这项权限。"
    elif not call.recording_cipher:
        refusal = "这通电话没有录音。"
    elif len(reason) < 4:
        refusal = "查看录音须写明理由，至少 4 个字。"
    log_reveal(subject=f"录音 {call.call_id}", refusal=refusal, reason=reason, by=by, at=at, address=address)
    if refusal:
        raise CallNotYours(refusal)
    return call.recording


# ---- calling back


@transaction.atomic
def take_missed_call(*, missed_call_id: int, by: User, at: datetime, address: str = "") -> str:
    """The number in clear for the call that `by` makes now, logged. For five minutes it is given to nobody else."""
    row = _locked_missed(missed_call_id, by, at)
    if row.closed_at is not None:
        raise MissedCallRefused(_settled(row))
    if row.holder_id not in {None, by.pk} and at - row.held_at < HELD_FOR:
        raise MissedCallRefused(f"{row.holder.masked_name}正在回拨这个号码。")
    row.holder, row.held_at = by, at
    row.save(update_fields=["holder", "held_at"])
    row.callers.add(by)
    log_reveal(subject=f"漏接 {row.pk}", refusal="", reason="回拨漏接电话", by=by, at=at, address=address)
    return row.number


@transaction.atomic
def record_call_back(*, missed_call_id: int, outcome: str, by: User, at: datetime) -> MissedCall:
    """One try of somebody who was given the number. 接通 and 空号 settle it, the others after `missed_call_tries` of them.

    Two may have it, when the first one talks for longer than it is kept from others: each has a try of their own. What is
    settled stays so, but a caller who was reached after all was reached.
    """
    row = _locked_missed(missed_call_id, by, at)
    if outcome not in CallBackOutcome.values:
        raise MissedCallRefused("请选择回拨结果。")
    if not row.callers.filter(pk=by.pk).exists():
        raise MissedCallRefused(_settled(row) if row.closed_at else "先看号码回拨，再记结果。")
    CallBack.objects.create(missed_call=row, by=by, at=at, outcome=outcome)
    row.callers.remove(by)
    row.tries += 1
    if row.holder_id == by.pk:
        row.holder = row.held_at = None
    row.save(update_fields=["tries", "holder", "held_at"])
    end = _end_of(row, outcome, at)
    if end and (row.closed_at is None or (end == MissedEnd.REACHED and row.outcome in _IN_VAIN)):
        _close(row, end, by=by, at=at)
    return row


_IN_VAIN: Final = frozenset({MissedEnd.EMPTY.value, MissedEnd.GIVEN_UP.value})


def _end_of(row: MissedCall, outcome: str, at: datetime) -> str:
    ends: dict[str, str] = {CallBackOutcome.REACHED: MissedEnd.REACHED, CallBackOutcome.EMPTY: MissedEnd.EMPTY}
    is_last = row.tries >= parameters.integer("missed_call_tries", at=at)
    return ends.get(outcome, MissedEnd.GIVEN_UP if is_last else "")


def _settled(row: MissedCall) -> str:
    return f"这个号码已了结：{row.get_outcome_display()}。没有重复记录。"


def _locked_missed(pk: int, by: User, at: datetime) -> MissedCall:
    """The row with its number: an older miss that is worked out meanwhile would not see that the caller was reached."""
    rights.require_any(by, (rights.USE_DESK, rights.MANAGE_SEATS), at)
    seen = selectors.missed_calls_seen(by, at=at).filter(pk=pk)
    index = seen.values_list("number_index", flat=True).first()
    if index is None:
        raise MissedCallRefused("没有找到这个漏接电话。")
    _lock_number(index)
    # The number first, as in settle_call; the row has it for good.
    return MissedCall.objects.select_for_update(of=("self",), no_key=True).select_related("holder").get(pk=pk)


def tell_of_late_missed_calls(*, at: datetime) -> list[int]:
    """Tell of each number that nobody called back in time, once: agents on duty and who manages the seats. Returns their ids."""
    late = MissedCall.objects.filter(closed_at=None, told_at=None, due_at__lte=at).order_by("due_at", "pk")
    return one_by_one(lambda pk: _tell_late(pk, at), late.values_list("pk", flat=True)[:500])


@transaction.atomic
def _tell_late(pk: int, at: datetime) -> bool:
    rows = MissedCall.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    row = rows.filter(pk=pk, closed_at=None, told_at=None).first()
    if row is None:
        return False
    notify(
        users=[*people_with_right(rights.MANAGE_SEATS, at=at), *selectors.agents_on_duty(row.queue, at=at)],
        kind="missed_call_late",
        number=str(pk),
        at=at,
        dedupe=f"missed-call:{pk}",
    )
    row.told_at = at
    row.save(update_fields=["told_at"])
    return True


# ---- seats


def set_seat(*, user: User, extension: str, skills: list[str], by: User | None, at: datetime) -> AgentSeat:
    """Whoever sat there, and where this person sat, ends at `at`; logged. SeatRefused when somebody else was faster."""
    rights.require(by, rights.MANAGE_SEATS, at)
    extension = clean(extension)[:20]
    if not re.fullmatch(r"[0-9A-Za-z_.@-]{1,20}", extension):
        raise SeatRefused("分机写数字或字母，最多 20 个。")
    if not skills or set(skills) - set(Skill.values):
        raise SeatRefused("至少选一项技能。")
    if not has_right(user, rights.USE_DESK, at):
        raise SeatRefused(f"{user.name}不是话务员。")
    kept = [skill for skill in Skill.values if skill in skills]
    try:
        with transaction.atomic():
            return _seat(user, extension, kept, by, at)
    except IntegrityError as exc:
        raise SeatRefused(f"分机 {extension} 或{user.name}的坐席刚被别人改过，请看过现在的坐席再安排。") from exc


def _seat(user: User, extension: str, skills: list[str], by: User | None, at: datetime) -> AgentSeat:
    taken = AgentSeat.objects.select_for_update(no_key=True).filter(Q(user=user) | Q(extension=extension), until=None)
    for seat in taken.order_by("pk"):
        _end(seat, at)
    seat = AgentSeat.objects.create(user=user, extension=extension, skills=skills, since=at)
    _log_seat(seat, f"坐席 {extension}：{'、'.join(seat.skill_names)}", by, at)
    return seat


def _end(seat: AgentSeat, at: datetime) -> None:
    # Whoever waited for the row may have begun before it was made.
    seat.until = max(at, seat.since)
    seat.save(update_fields=["until"])


@transaction.atomic
def end_seat(*, seat_id: int, by: User | None, at: datetime) -> None:
    """Nobody sits there any more. Twice is once."""
    rights.require(by, rights.MANAGE_SEATS, at)
    seat = AgentSeat.objects.select_for_update(no_key=True).select_related("user").get(pk=seat_id)
    if seat.until is None:
        _end(seat, at)
        _log_seat(seat, f"坐席 {seat.extension} 撤下", by, at)


@transaction.atomic
def leave_seat(*, user: User, by: User | None, at: datetime) -> None:
    """Somebody whose account is closed: what rings there rings at nobody, and stands under the unknown extensions."""
    for seat in AgentSeat.objects.select_for_update(no_key=True).filter(user=user, until=None).select_related("user"):
        _end(seat, at)
        _log_seat(seat, f"坐席 {seat.extension} 撤下", by, at)


def said_of_seat(user: User) -> str:
    seat = selectors.seat_of(user)
    return f"坐在分机 {seat.extension}，停用后撤下。" if seat else ""


def _log_seat(seat: AgentSeat, what: str, by: User | None, at: datetime) -> None:
    log_security(kind=SecurityLog.Kind.ACCESS, subject=seat.user.username, reason=what, user=by, at=at)
