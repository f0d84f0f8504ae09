"""Who is asked, when, how often, and what follows; days worked out by hand.

2026-11-10 is a Tuesday; the reply is published at 16:00, callers may be called from Wednesday 09:00 to Friday 17:30.
"""

import pytest

from channels_merge import services as channels
from channels_merge.models import Channel
from evaluation import services
from evaluation.models import DecisionClock, FollowUp, FollowUpAttempt, ReviewDecision
from hotline import services as hotline
from hotline.models import SecurityLog
from tests.factories.evaluation import (
    ANSWERED_AT,
    WEDNESDAY,
    call,
    complain,
    decide,
    refused,
    replied,
    said,
    take_appeal,
)
from tests.factories.hotline import UserFactory
from tests.factories.tickets import at, fresh, state_of
from tickets import services as tickets
from tickets.models import Ticket
from tickets.signals import ticket_event

# --- who is asked


def test_the_published_reply_opens_a_follow_up_for_each_caller(city):
    case = replied(city, callers=2, settle=False)

    rows = FollowUp.objects.filter(ticket=case.ticket).order_by("pk")
    assert [(row.appeal, row.round, row.state, row.opened_at, row.not_before, row.due_at) for row in rows] == [
        (case.appeals[0], 1, "waiting", at("11-10 16:00"), at("11-11 09:00"), at("11-13 17:30")),
        (case.appeals[1], 1, "waiting", at("11-10 16:00"), at("11-11 09:00"), at("11-13 17:30")),
    ]
    assert rows[0].reply == case.ticket.replies.get()


def test_opening_and_settling_twice_writes_once(city):
    case = replied(city)

    services.open_follow_ups(ticket_id=case.ticket.pk, at=ANSWERED_AT)
    services.settle_ticket(ticket_id=case.ticket.pk, at=ANSWERED_AT)

    assert FollowUp.objects.get() == case.follow_ups[0]


def test_nobody_without_a_number_is_called_and_the_ticket_closes_with_the_units_word(city, committing):
    with committing():
        case = replied(city, phone="", name="", person_is_anonymous=True, settle=False)

    row = FollowUp.objects.get()
    assert said(row) == ("concluded", "exempt", "no_number", "", "not_rated")
    assert (row.concluded_at, row.concluded_by) == (ANSWERED_AT, None)
    ticket = fresh(case.ticket)
    assert (ticket.state, ticket.closing_kind) == ("closed", "resolved")


def test_who_wants_no_call_is_exempt(city):
    case = replied(city, wants_follow_up=False)

    assert said(case.follow_ups[0]) == ("concluded", "exempt", "not_wanted", "", "not_rated")
    assert state_of(case.ticket) == "closed"


def test_the_reconciliation_finds_what_a_lost_message_left_out(city):
    case = replied(city, settle=False)
    FollowUp.objects.all().delete()

    assert services.reconcile(at=WEDNESDAY) == 1

    assert [row.appeal for row in FollowUp.objects.all()] == case.appeals
    assert services.reconcile(at=WEDNESDAY) == 0


def test_a_ticket_that_fails_does_not_hold_up_the_others(city):
    """Both callers want no call: both tickets could close, and the first is kept from it."""
    first, second = (replied(city, settle=False, wants_follow_up=False) for _ in range(2))

    def fail(sender, event, **kwargs):
        if event.ticket_id == first.ticket.pk:
            raise ValueError("broken")

    ticket_event.connect(fail)
    try:
        with pytest.raises(hotline.RowsFailed, match=f"failed for {first.ticket.pk}; 1 others are done"):
            services.reconcile(at=WEDNESDAY)
    finally:
        ticket_event.disconnect(fail)

    assert [state_of(case.ticket) for case in (first, second)] == ["pending_followup", "closed"]
    assert services.reconcile(at=WEDNESDAY) == 1
    assert state_of(first.ticket) == "closed"


def test_a_caller_who_joins_later_is_asked_too(city):
    case = replied(city)
    joined = take_appeal(at=at("11-11 09:30"), ticket=case.ticket, phone="13907970000")
    call(city, case.follow_ups[0], at=at("11-11 10:00"))
    assert state_of(case.ticket) == "pending_followup"

    assert services.reconcile(at=at("11-11 10:05")) == 1

    late = FollowUp.objects.get(appeal=joined)
    assert (late.state, late.not_before) == ("waiting", at("11-11 09:00"))
    call(city, late, at=at("11-11 10:10"))
    assert state_of(case.ticket) == "closed"


def test_one_of_two_withdraws_and_the_other_is_asked(city, committing):
    case = replied(city, callers=2)
    first, second = case.follow_ups

    with committing():
        channels.withdraw_appeal(
            appeal_id=case.appeals[0].pk,
            channel=Channel.objects.get(code="phone"),
            reason="不用办了",
            by=None,
            at=at("11-11 08:00"),
        )

    assert said(first)[0] == "void"
    call(city, second)
    assert (state_of(case.ticket), fresh(case.ticket).closing_kind) == ("closed", "resolved")


def test_when_all_withdraw_a_person_decides_and_nothing_closes_by_itself(city, committing):
    case = replied(city)
    with committing():
        channels.withdraw_appeal(
            appeal_id=case.appeals[0].pk,
            channel=Channel.objects.get(code="phone"),
            reason="不用办了",
            by=None,
            at=at("11-11 09:00"),
        )

    assert state_of(case.ticket) == "pending_followup"
    decision = ReviewDecision.objects.get()
    assert (decision.ground, decision.follow_up, decision.state) == ("withdrawn", None, "pending")
    with pytest.raises(services.FollowUpRefused, match="反映人都已撤回，不能发回重办"):
        decide(city, decision, verdict="redo")
    decide(city, decision, verdict="close", is_reasonable=None, duty_done=None)
    assert (state_of(case.ticket), fresh(case.ticket).closing_kind) == ("closed", "withdrawn")


def withdraw_all(case, *, moment):
    for appeal in case.appeals:
        channels.withdraw_appeal(
            appeal_id=appeal.pk, channel=Channel.objects.get(code="phone"), reason="不用办了", by=None, at=moment
        )


def test_who_joins_after_all_withdrew_is_asked_and_nothing_closes_as_withdrawn(city, committing):
    case = replied(city)
    with committing():
        withdraw_all(case, moment=at("11-11 08:00"))
    decision = ReviewDecision.objects.get()
    late = take_appeal(at=at("11-11 08:30"), ticket=case.ticket, phone="13900000009")

    with pytest.raises(services.FollowUpRefused, match="又有反映人的诉求并到这张工单，不能按撤诉办结"):
        decide(city, decision, verdict="close", is_reasonable=None, duty_done=None)
    services.settle_ticket(ticket_id=case.ticket.pk, at=at("11-11 08:31"))

    assert (fresh(decision).state, state_of(case.ticket)) == ("moot", "pending_followup")
    call(city, FollowUp.objects.get(appeal=late, state="waiting"))
    assert (state_of(case.ticket), fresh(case.ticket).closing_kind) == ("closed", "resolved")


def test_when_the_one_who_joined_withdraws_too_a_person_is_asked_again(city, committing):
    case = replied(city)
    with committing():
        withdraw_all(case, moment=at("11-11 08:00"))
    late = take_appeal(at=at("11-11 08:30"), ticket=case.ticket, phone="13900000009")
    services.settle_ticket(ticket_id=case.ticket.pk, at=at("11-11 08:31"))
    with committing():
        channels.withdraw_appeal(
            appeal_id=late.pk,
            channel=Channel.objects.get(code="phone"),
            reason="也不用办了",
            by=None,
            at=at("11-11 09:00"),
        )

    decision = ReviewDecision.objects.get()
    assert (decision.ground, decision.state, decision.decided_at) == ("withdrawn", "pending", None)
    clocks = DecisionClock.objects.filter(decision=decision).order_by("pk")
    assert [clock.outcome for clock in clocks] == ["void", ""]


def test_a_decision_dropped_by_a_merge_is_owed_again_after_it(city, committing):
    case, other = replied(city), replied(city)
    decision = complain(city, case.follow_ups[0])
    with committing():
        tickets.merge_ticket(
            ticket_id=case.ticket.pk, into_id=other.ticket.pk, reason="同一件事", by=city.dispatcher, at=WEDNESDAY
        )
    assert fresh(decision).state == "moot"

    with committing():
        tickets.unmerge_ticket(ticket_id=case.ticket.pk, reason="并错了", by=city.dispatcher, at=WEDNESDAY)

    assert (fresh(decision).state, state_of(case.ticket)) == ("pending", "pending_followup")
    decide(city, decision, verdict="redo")
    assert state_of(case.ticket) == "in_progress"


def test_merged_away_and_back(city, committing):
    case = replied(city)
    into = Ticket.objects.get(pk=take_appeal(at=at("11-11 09:00")).links.get(until=None).ticket_id)
    with committing():
        tickets.merge_ticket(
            ticket_id=case.ticket.pk, into_id=into.pk, reason="同一工地", by=city.dispatcher, at=at("11-11 09:10")
        )
    assert said(case.follow_ups[0])[0] == "void"
    assert "不再回访这一轮" in refused(city, case.follow_ups[0])

    with committing():
        tickets.unmerge_ticket(ticket_id=case.ticket.pk, reason="并错了", by=city.dispatcher, at=at("11-11 09:20"))

    assert said(case.follow_ups[0])[0] == "waiting"


# --- when and by whom


def test_not_on_the_day_of_the_reply(city):
    case = replied(city)

    assert refused(city, case.follow_ups[0], at=at("11-10 17:00")) == (
        "答复审定的次日起才能回访，11-11 09:00 以后再拨。"
    )


@pytest.mark.parametrize("hour", ["08:59", "13:00", "20:31"])
def test_not_outside_the_calling_hours(city, hour):
    case = replied(city)

    assert refused(city, case.follow_ups[0], at=at(f"11-12 {hour}")) == (
        "现在不是回访时间，09:00–12:00、14:30–20:00 可以拨打。"
    )


def test_a_call_may_be_written_down_a_little_after_the_hours(city):
    case = replied(city)

    call(city, case.follow_ups[0], at=at("11-12 12:20"))

    assert FollowUpAttempt.objects.get().half_day == "2026-11-12 morning"


def test_who_handled_it_does_not_ask(city):
    case = replied(city)
    judge = UserFactory(name="何某", unit=city.centre, roles=("follow_up_agent",))
    case.ticket.assignments.update(handler=judge)

    assert refused(city, case.follow_ups[0], by=judge) == "办理或答复过这一件的人不能回访。"


def test_only_the_centre_calls(city):
    case = replied(city)
    stranger = UserFactory(unit=city.department, roles=("follow_up_agent",))

    assert refused(city, case.follow_ups[0], by=stranger) == "只有市热线中心可以操作。"
    assert refused(city, case.follow_ups[0], by=city.dispatcher) == "您的岗位没有这项权限。"


def test_outsourced_people_may_call(city):
    case = replied(city)

    call(city, case.follow_ups[0], by=city.caller2)

    assert fresh(case.follow_ups[0]).concluded_by == city.caller2


def test_the_number_is_shown_for_the_call_at_hand_only_and_logged(city):
    case = replied(city)
    with pytest.raises(services.FollowUpRefused, match="次日起"):
        services.take_number(follow_up_id=case.follow_ups[0].pk, by=city.caller, at=at("11-10 17:00"))
    assert not SecurityLog.objects.filter(kind="reveal").exists()

    revealed = services.take_number(
        follow_up_id=case.follow_ups[0].pk, by=city.caller, at=WEDNESDAY, address="10.1.1.9"
    )

    assert (revealed.name, revealed.phone) == ("王丽", "13807972231")
    log = SecurityLog.objects.get(kind="reveal")
    assert (log.user, log.subject, log.reason, log.address, log.outcome) == (
        city.caller,
        case.appeals[0].number,
        "回访第 1 轮答复",
        "10.1.1.9",
        "done",
    )


def test_two_people_do_not_call_the_same_number(city):
    case = replied(city)
    services.take_number(follow_up_id=case.follow_ups[0].pk, by=city.caller, at=WEDNESDAY)

    with pytest.raises(services.FollowUpRefused, match="钟\\*正在拨打这一件"):
        services.take_number(follow_up_id=case.follow_ups[0].pk, by=city.caller2, at=at("11-11 10:05"))
    assert "正在拨打" in refused(city, case.follow_ups[0], by=city.caller2, at=at("11-11 10:05"))

    services.take_number(follow_up_id=case.follow_ups[0].pk, by=city.caller2, at=at("11-11 10:11"))
    assert fresh(case.follow_ups[0]).caller == city.caller2


# --- what is said


def test_concluded_all_is_closed(city):
    case = replied(city, callers=2)

    call(city, case.follow_ups[0])
    assert state_of(case.ticket) == "pending_followup"
    call(city, case.follow_ups[1], satisfaction="basically", resolved="partly")

    ticket = fresh(case.ticket)
    assert (ticket.state, ticket.closing_kind, ticket.closed_at) == ("closed", "partly_resolved", WEDNESDAY)
    assert ticket.events.get(act="close").actor is None


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ({"resolved": ""}, "请选择是否解决。"),
        ({"satisfaction": ""}, "请选择是否满意；对方不肯评价的，选“未评价”。"),
        ({"satisfaction": "dissatisfied"}, "不满意的，请选择原因。"),
        ({"satisfaction": "dissatisfied", "ground": "withdrawn"}, "不满意的，请选择原因。"),
        ({"words": "啊" * 501}, "原话最多 500 个字，现在有 501 个字。"),
        ({"result": "maybe"}, "请选择接通情况。"),
    ],
)
def test_what_is_missing_is_said(city, missing, sentence):
    case = replied(city)

    assert refused(city, case.follow_ups[0], **missing) == sentence


def test_words_are_kept_without_numbers(city):
    case = replied(city)

    call(city, case.follow_ups[0], words="打我另一个 13907971234 也行")

    assert fresh(case.follow_ups[0]).words == "打我另一个 139****1234 也行"


def test_no_answer_is_never_satisfied(city):
    """Three calls in three half-days; the ticket closes as unreachable and nobody is counted as satisfied."""
    case = replied(city)
    row = case.follow_ups[0]

    call(city, row, result="no_answer", at=at("11-11 10:00"))
    assert refused(city, row, result="busy", at=at("11-11 11:00")) == "这半天已拨过一次没有接通，请换一个半天再拨。"
    with pytest.raises(services.FollowUpRefused, match="换一个半天"):
        services.take_number(follow_up_id=row.pk, by=city.caller, at=at("11-11 11:00"))
    call(city, row, result="busy", at=at("11-11 15:00"))
    assert said(row) == ("waiting", "", "", "", "")
    call(city, row, result="no_answer", at=at("11-12 09:30"))

    assert said(row) == ("concluded", "unreachable", "attempts_used", "", "not_rated")
    assert fresh(row).attempt_count == 3
    assert (state_of(case.ticket), fresh(case.ticket).closing_kind) == ("closed", "unreachable")
    assert ReviewDecision.objects.count() == 0


def test_called_back_in_the_same_half_day_counts(city):
    case = replied(city)
    call(city, case.follow_ups[0], result="no_answer", at=at("11-11 10:00"))

    call(city, case.follow_ups[0], at=at("11-11 10:20"))

    assert said(case.follow_ups[0]) == ("concluded", "rated", "", "yes", "satisfied")


def test_a_wrong_number_and_a_refusal_end_the_trying(city):
    case = replied(city, callers=2)

    call(city, case.follow_ups[0], result="wrong_number")
    call(city, case.follow_ups[1], result="refused")

    assert said(case.follow_ups[0]) == ("concluded", "unreachable", "wrong_number", "", "not_rated")
    assert said(case.follow_ups[1]) == ("concluded", "exempt", "refused", "", "not_rated")


def test_the_second_of_two_people_is_told_who_was_first(city):
    case = replied(city)
    call(city, case.follow_ups[0])

    assert refused(city, case.follow_ups[0], by=city.caller2, at=at("11-11 10:02")) == (
        "钟*已于 11-11 10:00 回访完这一件，没有重复记录。"
    )


def test_a_hold_keeps_it_open_until_it_is_released(city, committing):
    case = replied(city)
    tickets.place_hold(ticket_id=case.ticket.pk, source="督办", reason="核查现场", by=city.reviewer, at=ANSWERED_AT)
    call(city, case.follow_ups[0])
    assert said(case.follow_ups[0])[0] == "concluded"
    assert state_of(case.ticket) == "pending_followup"
    assert services.reconcile(at=WEDNESDAY) == 0

    with committing():
        tickets.release_hold(hold_id=case.ticket.holds.get().pk, reason="已核", by=city.reviewer, at=at("11-11 11:00"))

    assert (state_of(case.ticket), fresh(case.ticket).closing_kind) == ("closed", "resolved")


# --- what was said on a call that nobody can have made


def write(city, follow_up, *, by=None, at=WEDNESDAY):
    return services.record_attempt(
        follow_up_id=follow_up.pk,
        result="answered",
        resolved="yes",
        satisfaction="satisfied",
        by=by or city.caller,
        at=at,
    )


def test_a_result_needs_the_number_opened_by_the_same_person_for_this_call(city):
    case = replied(city)
    row = case.follow_ups[0]
    with pytest.raises(services.FollowUpRefused, match="先看号码拨打，再记结果"):
        write(city, row)
    services.take_number(follow_up_id=row.pk, by=city.caller, at=WEDNESDAY)
    with pytest.raises(services.FollowUpRefused, match="先看号码拨打，再记结果"):
        write(city, row, by=city.caller2, at=at("11-11 10:11"))
    # Opened in the morning says nothing of the afternoon.
    with pytest.raises(services.FollowUpRefused, match="先看号码拨打，再记结果"):
        write(city, row, at=at("11-11 15:00"))
    assert (fresh(row).state, row.attempts.count()) == ("waiting", 0)

    write(city, row, at=at("11-11 10:25"))

    assert (fresh(row).outcome, fresh(row).caller) == ("rated", None)


def test_each_try_opens_the_number_anew(city):
    row = replied(city).follow_ups[0]
    call(city, row, result="no_answer")

    with pytest.raises(services.FollowUpRefused, match="先看号码拨打，再记结果"):
        write(city, row, at=at("11-11 15:00"))
