"""One call after another: who has the number, what was said, and when trying is enough."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from channels_merge import services as channels
from evaluation import calling_hours, rights
from evaluation.models import FollowUp, FollowUpAttempt
from evaluation.services.conclusion import (
    FollowUpInputRefused,
    FollowUpRefused,
    ask_reviewer,
    close_if_done,
    decision_ground,
    lock_ticket,
)
from evaluation.states import (
    MISSED,
    SAID_GROUNDS,
    CallResult,
    FollowUpState,
    Outcome,
    Satisfaction,
    WhyNot,
)
from hotline import masking, parameters
from hotline.models import User
from tickets.models import Ticket
from tickets.rights import Actor
from tickets.states import Resolved, TicketState

CALL_LASTS = timedelta(minutes=10)
"""Whoever took the number has the case to themselves for so long."""
LONGEST_WORDS = 500

_ENDS = {
    CallResult.REFUSED: (Outcome.EXEMPT, WhyNot.REFUSED),
    CallResult.WRONG_NUMBER: (Outcome.UNREACHABLE, WhyNot.WRONG_NUMBER),
}


@dataclass(frozen=True)
class Answer:
    """What the caller said, checked."""

    resolved: str
    satisfaction: str
    ground: str
    words: str


@transaction.atomic
def take_number(*, follow_up_id: int, by: User, at: datetime, address: str = "") -> channels.Revealed:
    """Name and phone of the call at hand, with a line in the security log. Nobody else may call meanwhile."""
    follow_up, _ = _call_at_hand(follow_up_id, by=by, at=at)
    _refuse_second_try(follow_up, at=at)
    follow_up.caller, follow_up.called_at = by, at
    follow_up.save(update_fields=["caller", "called_at"])
    return channels.reveal_contact(
        appeal_id=follow_up.appeal_id,
        reason=f"回访第 {follow_up.round} 轮答复",
        by=by,
        at=at,
        address=address,
        at_hand=True,
    )


def _call_at_hand(follow_up_id: int, *, by: User, at: datetime) -> tuple[FollowUp, Ticket]:
    """The follow-up and its ticket, both locked, if ``by`` may call now."""
    ticket_id = FollowUp.objects.values_list("ticket_id", flat=True).get(pk=follow_up_id)
    ticket = lock_ticket(ticket_id)
    follow_up = (
        FollowUp.objects.select_for_update(of=("self",))
        .select_related("reply", "caller", "concluded_by", "appeal__channel")
        .get(pk=follow_up_id)
    )
    why = rights.FOLLOW_UP.refusal(follow_up, Actor(by, at))
    if why:
        raise FollowUpRefused(why)
    if follow_up.state == FollowUpState.CONCLUDED:
        who = follow_up.concluded_by.masked_name if follow_up.concluded_by else "系统"
        raise FollowUpRefused(f"{who}已于 {_moment(follow_up.concluded_at)} 回访完这一件，没有重复记录。")
    if follow_up.state == FollowUpState.VOID or ticket.state != TicketState.PENDING_FOLLOWUP:
        raise FollowUpRefused(f"工单 {ticket.number} 当前为“{ticket.get_state_display()}”，不再回访这一轮。")
    if at < follow_up.not_before:
        raise FollowUpRefused(f"答复审定的次日起才能回访，{_moment(follow_up.not_before)} 以后再拨。")
    if not calling_hours.half_day(at):
        raise FollowUpRefused(f"现在不是回访时间，{calling_hours.in_words(at)} 可以拨打。")
    if follow_up.caller_id not in {None, by.pk} and at - follow_up.called_at < CALL_LASTS:
        raise FollowUpRefused(f"{follow_up.caller.masked_name}正在拨打这一件，请办下一件。")
    return follow_up, ticket


def _refuse_second_try(follow_up: FollowUp, *, at: datetime) -> None:
    """Attempts in vain lie in different half-days (parameter followup_attempts)."""
    if follow_up.attempts.filter(half_day=calling_hours.half_day(at), result__in=sorted(MISSED)).exists():
        raise FollowUpRefused("这半天已拨过一次没有接通，请换一个半天再拨。")


def _refuse_unseen(follow_up: FollowUp, *, by: User, at: datetime) -> None:
    """Nobody writes down what was said on a call that they cannot have made.

    Who talks for longer than the case is kept from others, and is not overtaken, need not open the number again. Nor
    need whoever is rung back in the half-day of a call in vain.
    """
    half = calling_hours.half_day(at)
    has_number = follow_up.caller_id == by.pk and calling_hours.half_day(follow_up.called_at) == half
    if not has_number and not follow_up.attempts.filter(half_day=half).exists():
        raise FollowUpRefused("先看号码拨打，再记结果。")


def _moment(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%m-%d %H:%M}" if at else ""


@transaction.atomic
def record_attempt(
    *,
    follow_up_id: int,
    result: str,
    by: User,
    at: datetime,
    resolved: str = "",
    satisfaction: str = "",
    ground: str = "",
    words: str = "",
) -> FollowUp:
    """Write down one call of whoever opened the number for it. An answer concludes the follow-up; so does the last of the
    attempts in vain, as 未评价.

    The ticket closes in the same moment when this was the last caller and nothing is left to decide.
    """
    follow_up, ticket = _call_at_hand(follow_up_id, by=by, at=at)
    if result not in CallResult.values:
        raise FollowUpInputRefused("请选择接通情况。")
    answer = _checked(resolved, satisfaction, ground, words) if result == CallResult.ANSWERED else None
    if result in MISSED:
        _refuse_second_try(follow_up, at=at)
    _refuse_unseen(follow_up, by=by, at=at)
    FollowUpAttempt.objects.create(
        follow_up=follow_up, at=at, by=by, result=result, half_day=calling_hours.half_day(at)
    )
    follow_up.attempt_count += 1
    follow_up.caller = follow_up.called_at = None
    if answer is not None:
        conclude(follow_up, Outcome.RATED, by=by, at=at, answer=answer)
    elif result in _ENDS:
        outcome, why = _ENDS[CallResult(result)]
        conclude(follow_up, outcome, why_not=why, by=by, at=at)
    elif follow_up.attempts.filter(result__in=sorted(MISSED)).count() >= parameters.integer(
        "followup_attempts", at=at
    ):
        conclude(follow_up, Outcome.UNREACHABLE, why_not=WhyNot.ATTEMPTS_USED, by=by, at=at)
    follow_up.save()
    if follow_up.state == FollowUpState.CONCLUDED:
        _tell_line(follow_up, at=at)
    ground = decision_ground(follow_up) if follow_up.outcome == Outcome.RATED else ""
    if ground:
        ask_reviewer(ticket, follow_up=follow_up, ground=ground, at=at)
    close_if_done(ticket, by=None, at=at)
    return follow_up


def _tell_line(follow_up: FollowUp, *, at: datetime) -> None:
    """The platform that sent the appeal hears what came of the call, as it does of every step before."""
    said = {name: getattr(follow_up, name) for name in ("resolved", "satisfaction", "ground", "why_not")}
    channels.report_follow_up(
        follow_up.appeal,
        follow_up=follow_up.pk,
        outcome=follow_up.outcome,
        said={**said, "text": follow_up.words},
        round_number=follow_up.round,
        at=at,
    )


def _checked(resolved: str, satisfaction: str, ground: str, words: str) -> Answer:
    if resolved not in Resolved.values:
        raise FollowUpInputRefused("请选择是否解决。")
    if satisfaction not in Satisfaction.values:
        raise FollowUpInputRefused("请选择是否满意；对方不肯评价的，选“未评价”。")
    if satisfaction != Satisfaction.DISSATISFIED:
        ground = ""
    elif ground not in SAID_GROUNDS:
        raise FollowUpInputRefused("不满意的，请选择原因。")
    words = masking.redact(words.strip())
    if len(words) > LONGEST_WORDS:
        raise FollowUpInputRefused(f"原话最多 {LONGEST_WORDS} 个字，现在有 {len(words)} 个字。")
    return Answer(resolved, satisfaction, ground, words)


def conclude(
    follow_up: FollowUp,
    outcome: str,
    *,
    by: User | None,
    at: datetime,
    why_not: str = "",
    answer: Answer | None = None,
) -> None:
    said = answer or Answer("", Satisfaction.NOT_RATED, "", "")
    follow_up.state, follow_up.outcome, follow_up.why_not = FollowUpState.CONCLUDED, outcome, why_not
    follow_up.resolved, follow_up.satisfaction = said.resolved, said.satisfaction
    follow_up.ground, follow_up.words = said.ground, said.words
    follow_up.concluded_at, follow_up.concluded_by = at, by
