"""What follows when a caller is not satisfied: the reviewer's decision, redo, and closing all the same."""

from datetime import date

import pytest

from evaluation import services
from evaluation.models import DecisionClock, FollowUp, ReviewDecision
from hotline import services as hotline
from tests.factories.evaluation import (
    answer,
    call,
    complain,
    decide,
    refused,
    replied,
    said,
    take_appeal,
)
from tests.factories.hotline import UserFactory
from tests.factories.tickets import acts, at, fresh, state_of
from tickets import services as tickets


@pytest.mark.parametrize("ground", ["not_done", "not_true", "nobody_came"])
def test_not_done_goes_to_a_reviewer_with_a_limit_of_one_working_day(city, ground):
    case = replied(city)

    decision = complain(city, case.follow_ups[0], ground=ground)

    assert (decision.state, decision.ground, decision.round) == ("pending", ground, 1)
    clock = DecisionClock.objects.get()
    assert (clock.decision, clock.kind, clock.due_at) == (decision, "decision", at("11-12 17:30"))
    assert decision.due_at == clock.due_at
    assert state_of(case.ticket) == "pending_followup"


@pytest.mark.parametrize("ground", ["slow", "attitude", "disagrees", "other"])
def test_other_grounds_are_recorded_for_the_month_and_the_ticket_closes(city, ground):
    case = replied(city)

    call(city, case.follow_ups[0], resolved="yes", satisfaction="dissatisfied", ground=ground)

    assert ReviewDecision.objects.count() == 0
    assert fresh(case.follow_ups[0]).ground == ground
    assert state_of(case.ticket) == "closed"


@pytest.mark.parametrize(
    ("unit_says", "satisfaction", "decisions"),
    [("yes", "satisfied", 1), ("yes", "not_rated", 1), ("no", "satisfied", 0), ("no", "not_rated", 1)],
)
def test_not_resolved_goes_to_a_reviewer_unless_both_sides_say_so(city, unit_says, satisfaction, decisions):
    case = replied(city, resolved=unit_says)

    call(city, case.follow_ups[0], resolved="no", satisfaction=satisfaction)

    assert list(ReviewDecision.objects.values_list("ground", flat=True)) == ["unresolved"] * decisions


def test_two_callers_one_dissatisfied_is_redone_only_by_decision(city, committing):
    case = replied(city, callers=2)
    happy, unhappy = case.follow_ups
    with committing():
        call(city, happy)
        decision = complain(city, unhappy)
    assert state_of(case.ticket) == "pending_followup"
    assert "redo" not in acts(case.ticket)

    with committing():
        decide(city, decision)

    ticket = fresh(case.ticket)
    assert (ticket.state, ticket.round) == ("in_progress", 2)
    assert ticket.clocks.get(kind="handle", stopped_at=None).due_at == at("11-16 17:30")
    assert ticket.events.get(act="redo").actor == city.reviewer
    assert (fresh(decision).state, DecisionClock.objects.get().outcome) == ("redo", "met")


def test_the_new_round_asks_everybody_again_and_then_closes(city, committing):
    case = replied(city, callers=2)
    call(city, case.follow_ups[0])
    decide(city, complain(city, case.follow_ups[1]))

    with committing():
        answer(city, fresh(case.ticket), at=at("11-12 10:00"))

    second = list(FollowUp.objects.filter(round=2).order_by("appeal"))
    assert [(row.appeal, row.state, row.not_before) for row in second] == [
        (case.appeals[0], "waiting", at("11-13 09:00")),
        (case.appeals[1], "waiting", at("11-13 09:00")),
    ]
    for row in second:
        call(city, row, at=at("11-13 10:00"))
    assert state_of(case.ticket) == "closed"


def test_redo_ends_what_still_waited_in_the_round(city):
    case = replied(city, callers=3)
    first = complain(city, case.follow_ups[0])
    second = complain(city, case.follow_ups[1])

    decide(city, first)

    assert (fresh(second).state, fresh(second).decided_by) == ("moot", city.reviewer)
    assert said(case.follow_ups[2])[0] == "void"
    assert sorted(DecisionClock.objects.values_list("outcome", flat=True)) == ["met", "void"]


def redone(city):
    """A second round about which the caller complains again."""
    case = replied(city)
    decide(city, complain(city, case.follow_ups[0]))
    answer(city, fresh(case.ticket), at=at("11-12 10:00"))
    services.settle_ticket(ticket_id=case.ticket.pk, at=at("11-12 10:00"))
    return case, complain(city, FollowUp.objects.get(round=2), at=at("11-13 10:00"))


def test_the_second_time_it_is_not_sent_back(city):
    case, decision = redone(city)

    with pytest.raises(services.FollowUpRefused, match="这一件已重办 1 次，不再发回"):
        decide(city, decision, at=at("11-13 11:00"))
    assert (fresh(decision).state, fresh(case.ticket).round) == ("pending", 2)

    decide(city, decision, verdict="close", duty_done=False, at=at("11-13 11:00"))
    ticket = fresh(case.ticket)
    assert (ticket.state, ticket.closing_kind) == ("closed", "explained")
    assert ticket.events.get(act="close").actor == city.reviewer


@pytest.mark.parametrize(
    ("verdict", "reasonable", "done", "sentence"),
    [
        ("redo", True, True, "诉求合理而单位没有尽责的才发回重办，请核对两个问题的回答。"),
        ("redo", False, False, "诉求合理而单位没有尽责的才发回重办，请核对两个问题的回答。"),
        ("close", True, False, "诉求合理而单位没有尽责的，首次须发回重办。"),
        ("close", None, True, "请先回答两个问题：诉求是否合理，单位是否尽责。"),
        ("later", True, False, "请选择发回重办或不再重办。"),
    ],
)
def test_the_verdict_follows_the_two_answers(city, verdict, reasonable, done, sentence):
    case = replied(city)
    decision = complain(city, case.follow_ups[0])

    with pytest.raises((services.FollowUpRefused, services.FollowUpInputRefused)) as refusal:
        decide(city, decision, verdict=verdict, is_reasonable=reasonable, duty_done=done)

    assert str(refusal.value) == sentence
    assert (fresh(decision).state, state_of(case.ticket)) == ("pending", "pending_followup")


def test_whoever_asked_does_not_decide(city):
    case = replied(city)
    both = UserFactory(name="兼岗", unit=city.centre, roles=("follow_up_agent", "reviewer"))
    decision = complain(city, case.follow_ups[0], by=both)

    with pytest.raises(services.FollowUpRefused, match="回访这一件的人不能再作复核决定"):
        decide(city, decision, by=both)

    assert fresh(decision).state == "pending"


def test_outsourced_people_do_not_decide(city):
    decision = complain(city, replied(city).follow_ups[0])
    outsourced = UserFactory(unit=city.centre, roles=("reviewer",), employment="outsourced")

    with pytest.raises(services.FollowUpRefused, match="外包人员"):
        decide(city, decision, by=outsourced)


def test_a_decision_is_made_once(city):
    decision = complain(city, replied(city).follow_ups[0])
    decide(city, decision, verdict="close")

    with pytest.raises(services.FollowUpRefused) as refusal:
        decide(city, decision, by=city.reviewer2)

    assert str(refusal.value) == "周*已于 11-11 10:00 决定：不再重办。没有重复决定。"


def test_closing_after_a_decision_waits_for_the_other_callers(city):
    case = replied(city, callers=2)
    decide(city, complain(city, case.follow_ups[0]), verdict="close")
    assert state_of(case.ticket) == "pending_followup"

    call(city, case.follow_ups[1], at=at("11-11 10:10"))

    assert (state_of(case.ticket), fresh(case.ticket).closing_kind) == ("closed", "partly_resolved")


def test_a_ruling_that_it_is_no_government_duty_closes_as_such(city):
    appeal = take_appeal()
    ticket = appeal.links.get(until=None).ticket
    tickets.refer_to_ruling(ticket_id=ticket.pk, reason="邻里纠纷", by=city.dispatcher, at=at("11-10 10:30"))
    tickets.rule_not_government(
        ticket_id=ticket.pk,
        public_text="这是您与开发商之间的合同纠纷，可以向人民法院起诉，也可以申请仲裁，法律援助电话 12348。",
        reason="合同纠纷",
        by=city.reviewer2,
        at=at("11-10 11:00"),
    )
    approval = ticket.approvals.get()
    tickets.approve(approval_id=approval.pk, by=city.reviewer, at=at("11-10 16:00"))

    call(city, FollowUp.objects.get(), resolved="no", satisfaction="satisfied")

    assert (state_of(ticket), fresh(ticket).closing_kind) == ("closed", "not_government")


def test_what_the_centre_answered_itself_goes_back_to_the_dispatcher(city):
    appeal = take_appeal()
    ticket = appeal.links.get(until=None).ticket
    tickets.answer_by_centre(
        ticket_id=ticket.pk, public_text="公积金提取须本人持身份证到中心窗口办理，三个工作日到账，周末不办。", by=city.dispatcher,
        at=at("11-10 11:00"),
    )  # fmt: skip
    row = FollowUp.objects.get()
    assert refused(city, row, by=UserFactory(unit=city.centre, roles=())) == "您的岗位没有这项权限。"

    decide(city, complain(city, row, ground="not_true"))

    assert (fresh(ticket).state, fresh(ticket).round) == ("pending_dispatch", 2)


def test_a_decision_whose_clock_a_new_calendar_moved_is_sorted_by_the_new_date(city):
    """A day off on Thursday: due on Friday at 17:30."""
    decision = complain(city, replied(city).follow_ups[0])
    days = [hotline.NamedDay(date(2026, 11, 12), is_workday=False, name="临时放假")]
    hotline.publish_calendar(year=2026, days=days, source="省政府通知", by=None, at=at("11-11 11:00"))
    assert fresh(decision).due_at == at("11-12 17:30")

    services.reconcile(at=at("11-11 11:10"))

    assert fresh(decision).due_at == DecisionClock.objects.get().due_at == at("11-13 17:30")
