"""先办后议: the first handler objects beside the handling; statements, meeting, definition, ruling, precedent, proposal."""

import pytest

from hotline.models import Notice
from responsibility.models import ItemProposal, RoutingExample
from tests.factories.hotline import UnitFactory, UserFactory
from tests.factories.tickets import (
    acts,
    approve_all,
    at,
    clocks,
    fresh,
    make_item,
    part_of,
    register,
    running,
    state_of,
    submit,
)
from tickets import services
from tickets.models import DutyQuestion, Objection, ObjectionClock, Ruling, Statement
from tickets.selectors import objections
from tickets.services.objections import _propose

WHY = "该路段由市住建局管护，三定第三条写明。"
GROUNDS = "占道施工由城管部门许可，谁许可谁监管。"


def ruled(city, *, unit=None, item=None, moment=None, **fields):
    moment = moment or at("11-10 10:00")
    ticket = register(at=moment, **fields)
    services.refer_to_ruling(ticket_id=ticket.pk, reason="无人承认。", by=city.dispatcher, at=moment)
    services.rule_first_handler(
        ticket_id=ticket.pk, unit=unit or city.department, item=item, reason=GROUNDS, by=city.reviewer, at=moment
    )
    return fresh(ticket)


def objected(city, ticket=None, *, moment="11-10 11:00", **fields):
    ticket = ticket or ruled(city)
    services.raise_objection(assignment_id=ticket.lead_id, reason=WHY, by=city.liaison, at=at(moment), **fields)
    return Objection.objects.get(ticket=ticket, state="open")


def signed_and_called(city, ticket, moment="11-10 10:30"):
    services.sign_assignment(assignment_id=ticket.lead_id, by=city.handler, at=at(moment))
    services.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=at(moment))
    return fresh(ticket)


def closed(city, ticket, moment="11-11 10:00"):
    ticket = signed_and_called(city, ticket)
    submit(city, ticket, by=city.handler, at=at(moment))
    approve_all(city, fresh(ticket), at=at(moment))
    services.close_ticket(ticket_id=ticket.pk, closing_kind="resolved", by=None, at=at(moment))
    return fresh(ticket)


def ruling_of(ticket):
    return list(
        Ruling.objects.filter(ticket=ticket).order_by("pk").values_list("kind", "unit__short_name", "ended_at")
    )


def limits(objection):
    return [(clock.kind, clock.due_at, clock.outcome) for clock in ObjectionClock.objects.filter(objection=objection)]


def rule(city, objection, unit, moment="11-10 15:00", **fields):
    words = {"item": None, "reason": GROUNDS, "by": city.reviewer2} | fields
    services.rule_objection(objection_id=objection.pk, unit=unit, at=at(moment), **words)
    return fresh(objection.ticket)


# --- the objection


def test_it_runs_beside_the_handling_and_stops_no_clock(city):
    ticket = signed_and_called(city, ruled(city))
    before = running(ticket)

    objection = objected(city, ticket, suggested_unit=city.third)

    ticket = fresh(ticket)
    assert (ticket.state, ticket.has_objection, running(ticket)) == ("in_progress", True, before)
    # Five working days from Tuesday the 10th.
    assert limits(objection) == [("coordination", at("11-17 17:30"), "")]
    assert (objection.suggested_unit, objection.ruling.unit) == (city.third, city.department)

    submit(city, ticket, by=city.handler, at=at("11-11 10:00"))

    assert state_of(ticket) == "completion_review"


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda city: dispatched_plainly(city), "只有经裁定首办的工单可以提异议；派错的请退单。"),
        (lambda city: objected(city).ticket, "本件的异议正在协调，不用再提。"),
        (lambda city: rule(city, objected(city), city.department), "本件的异议已经裁定，不再受理异议。"),
    ],
)
def test_it_is_refused_with_a_sentence(city, make, said):
    ticket = fresh(make(city))
    count = Objection.objects.count()

    with pytest.raises(services.TransitionRefused, match=said):
        services.raise_objection(assignment_id=ticket.lead_id, reason=WHY, by=city.liaison, at=at("11-10 16:00"))

    assert Objection.objects.count() == count


def dispatched_plainly(city):
    ticket = register()
    services.dispatch_ticket(
        ticket_id=ticket.pk, unit=city.department, item=None, by=city.dispatcher, at=at("11-10 10:00")
    )
    return ticket


def test_until_some_days_after_closing(city):
    """Closed on Wednesday the 11th: five working days end on the 18th."""
    ticket = closed(city, ruled(city))

    objected(city, ticket, moment="11-18 17:30")

    late = closed(city, ruled(city, moment=at("11-10 10:00")))
    with pytest.raises(services.TransitionRefused, match="办结后提异议的时间已过"):
        objected(city, late, moment="11-18 17:31")


def test_withdrawn_it_may_be_raised_again(city):
    objection = objected(city)
    services.withdraw_objection(
        objection_id=objection.pk, reason="已协商一致。", by=city.liaison, at=at("11-10 12:00")
    )

    assert limits(objection) == [("coordination", at("11-17 17:30"), "void")]
    assert not fresh(objection.ticket).has_objection
    assert objected(city, fresh(objection.ticket), moment="11-10 15:00").pk != objection.pk


def test_a_recall_ends_the_objection_and_the_ruling(city):
    objection = objected(city)

    services.recall_ticket(
        ticket_id=objection.ticket_id, reason="选错单位。", by=city.dispatcher, at=at("11-10 12:00")
    )

    assert (fresh(objection).state, fresh(objection.ticket).has_objection) == ("lapsed", False)
    assert limits(objection) == [("coordination", at("11-17 17:30"), "void")]
    assert ruling_of(objection.ticket) == [("first", "市城管局", at("11-10 12:00"))]


# --- statements, meeting, definition


def test_units_state_in_writing_within_a_limit(city):
    objection = objected(city)
    services.ask_statements(
        objection_id=objection.pk,
        units=[city.third, city.other],
        question="该路段由谁管护？",
        by=city.reviewer,
        at=at("11-10 11:30"),
    )
    statement = Statement.objects.get(unit=city.third)
    assert statement.clocks.get().due_at == at("11-12 17:30")
    assert list(
        Notice.objects.filter(kind="statement_asked").values_list("recipient__name", flat=True).order_by("pk")
    ) == [
        "马超",
        "黄磊",
    ]
    with pytest.raises(services.TransitionRefused, match="还在等市住建局、市教育局，交来或到时限以后才能裁定。"):
        rule(city, objection, city.third)

    services.give_statement(
        statement_id=statement.pk, text="不在我局管护范围。", by=city.third_handler, at=at("11-10 14:40")
    )

    statement = fresh(statement)
    assert (statement.text, statement.given_by, statement.clocks.get().outcome) == (
        "不在我局管护范围。",
        city.third_handler,
        "met",
    )
    with pytest.raises(services.TransitionRefused, match="本单位的书面意见已经提交。"):
        services.give_statement(statement_id=statement.pk, text="补充。", by=city.third_handler, at=at("11-10 14:50"))
    with pytest.raises(services.TransitionRefused, match="还在等市教育局，"):
        rule(city, objection, city.third)
    # The school office lets its limit pass: the ruling does not wait for ever.
    rule(city, objection, city.third, "11-12 17:31")
    assert Statement.objects.get(unit=city.other).clocks.get().outcome == "void"


def test_whoever_handles_can_be_asked_and_nobody_who_cannot_answer(city):
    objection = objected(city)
    ask = {"objection_id": objection.pk, "question": "由谁管护？", "by": city.reviewer, "at": at("11-10 11:30")}
    empty, oversight = UnitFactory(name="赣州市邮政管理局"), UnitFactory(name="赣州市纪委", kind="oversight")

    for unit, why in [
        (empty, "赣州市邮政管理局还没有能答复的人员，不能向它征求意见。"),
        (oversight, "赣州市纪委不是在用的承办单位，不能向它征求意见。"),
    ]:
        with pytest.raises(services.InputRefused, match=why):
            services.ask_statements(units=[city.third, unit], **ask)
    services.ask_statements(units=[city.county_department], **ask)

    assert [statement.unit for statement in Statement.objects.all()] == [city.county_department]


def test_a_unit_is_asked_once_and_only_in_the_open(city):
    objection = objected(city)
    ask = {"objection_id": objection.pk, "question": "由谁管护？", "by": city.reviewer, "at": at("11-10 11:30")}
    services.ask_statements(units=[city.third], **ask)

    with pytest.raises(services.InputRefused, match="已经向赣州市住建局征求过意见。"):
        services.ask_statements(units=[city.third], **ask)

    services.restrict_ticket(
        ticket_id=objection.ticket_id, readers=(), reason="举报。", by=city.reviewer, at=at("11-10 11:40")
    )
    with pytest.raises(services.TransitionRefused, match="保密工单不能书面征求意见，请当面会商"):
        services.ask_statements(units=[city.other], **ask)
    with pytest.raises(services.TransitionRefused, match="保密工单不能书面征求意见，请当面会商"):
        services.ask_definition(
            objection_id=objection.pk, office="legal", question="依据？", by=city.reviewer, at=at("11-10 11:40")
        )
    with pytest.raises(services.TransitionRefused, match="保密工单不能书面征求意见，请当面会商"):
        services.give_statement(
            statement_id=Statement.objects.get().pk, text="不归我局。", by=city.third_handler, at=at("11-10 11:50")
        )
    assert list(objections.statements_of(city.third_handler, at("11-10 11:50"))) == []


def test_a_meeting_is_recorded_with_time_people_and_words(city):
    objection = objected(city)
    meeting = {
        "objection_id": objection.pk,
        "attended": "市城管局 张伟、市住建局 徐静",
        "text": "双方同意由市住建局先行修复。",
        "by": city.reviewer,
        "at": at("11-11 10:00"),
    }
    with pytest.raises(services.InputRefused, match="会商时间须在提出异议以后，并且不晚于现在。"):
        services.record_meeting(held_at=at("11-11 10:01"), **meeting)

    with pytest.raises(services.InputRefused, match="会商时间须在提出异议以后，并且不晚于现在。"):
        services.record_meeting(held_at=at("11-10 10:59"), **meeting)

    services.record_meeting(held_at=at("11-11 09:00"), **meeting)

    kept = objection.meetings.get()
    assert (kept.held_at, kept.attended, kept.event.act) == (
        at("11-11 09:00"),
        "市城管局 张伟、市住建局 徐静",
        "record_meeting",
    )


def test_the_office_defines_the_duty_with_a_clock_of_its_own(city):
    officer = UserFactory(name="宋宁", unit=city.enterprise, roles=["staffing_reviewer"])
    lawyer = UserFactory(name="罗洁", unit=city.enterprise, roles=["legal_reviewer"])
    objection = objected(city)
    ask = {"objection_id": objection.pk, "office": "staffing", "by": city.reviewer, "at": at("11-10 11:30")}
    services.ask_definition(question="路肩管护归谁？", **ask)
    with pytest.raises(services.TransitionRefused, match="已经提请，对方还没有答复。"):
        services.ask_definition(question="再问一次。", **ask)
    question = DutyQuestion.objects.get()
    assert question.clocks.get().due_at == at("11-17 17:30")
    answer = {"duty_question_id": question.pk, "answer": "按三定由市住建局负责。", "unit": city.third}
    with pytest.raises(services.ActNotAllowed, match="您的岗位没有这项权限。"):
        services.answer_definition(by=lawyer, at=at("11-10 14:40"), **answer)
    with pytest.raises(services.TransitionRefused, match="还在等编办"):
        rule(city, objection, city.third, "11-10 14:40")

    services.answer_definition(by=officer, at=at("11-10 14:40"), **answer)

    question = fresh(question)
    assert (question.unit, question.answered_by, question.clocks.get().outcome) == (city.third, officer, "met")
    assert rule(city, objection, city.third).lead.unit == city.third


def test_a_meeting_in_the_minute_of_the_objection_is_after_it(city):
    objection = objected(city, moment="11-10 11:00:40")

    services.record_meeting(
        objection_id=objection.pk,
        held_at=at("11-10 11:00"),
        attended="两家。",
        text="当场会商。",
        by=city.reviewer,
        at=at("11-10 11:05"),
    )

    assert objection.meetings.count() == 1


# --- the ruling


def test_kept_the_unit_goes_on_and_it_is_final(city):
    objection = objected(city)
    before = running(objection.ticket)

    ticket = rule(city, objection, city.department)

    assert (ticket.state, ticket.lead.unit, ticket.has_objection, running(ticket)) == (
        "pending_sign",
        city.department,
        False,
        before,
    )
    assert limits(objection) == [("coordination", at("11-17 17:30"), "met")]
    assert ruling_of(ticket) == [("first", "市城管局", at("11-10 15:00")), ("kept", "市城管局", None)]
    assert acts(ticket)[-2:] == ["raise_objection", "keep_first_handler"]


def test_another_unit_named_gets_the_matter_with_a_full_limit(city):
    ticket = ruled(city)
    services.add_co_unit(
        ticket_id=ticket.pk, unit=city.enterprise, task="断电。", by=city.dispatcher, at=at("11-10 10:05")
    )
    ticket = signed_and_called(city, fresh(ticket))
    due = ticket.due_at
    objection = objected(city, ticket)

    ticket = rule(city, objection, city.third, "11-12 15:00")

    assert (ticket.state, ticket.lead.unit, ticket.holder, ticket.lead.objectable, ticket.return_count) == (
        "pending_sign",
        city.third,
        ticket.lead,
        False,
        0,
    )
    assert due < ticket.due_at == ticket.clocks.get(kind="handle", stopped_at=None, assignment=ticket.lead).due_at
    assert [part for part in clocks(ticket, kind="handle") if part[1] == "市城管局"] == [
        ("handle", "市城管局", "void")
    ]
    # The centre's co-unit stays beside whoever leads.
    assert part_of(ticket, city.enterprise).state == "pending_sign"
    assert ticket.assignments.get(unit=city.department).ended_as == "ruled"
    assert RoutingExample.objects.filter(outcome="ruled", final_unit=city.third).count() == 1
    assert services.check_scopes([ticket.pk]) == []


def test_a_co_unit_that_is_named_becomes_the_lead(city):
    ticket = ruled(city)
    services.add_co_unit(ticket_id=ticket.pk, unit=city.third, task="修复。", by=city.dispatcher, at=at("11-10 10:05"))

    ticket = rule(city, objected(city, fresh(ticket)), city.third)

    assert (ticket.lead.unit, ticket.lead.role) == (city.third, "lead")


def test_what_was_reported_stays_and_the_ruling_is_for_the_next(city):
    ticket = signed_and_called(city, ruled(city))
    objection = objected(city, ticket)
    submit(city, ticket, by=city.handler, at=at("11-10 14:40"))

    ticket = rule(city, objection, city.third)

    assert (ticket.state, ticket.lead.unit, acts(ticket)[-1]) == (
        "completion_review",
        city.department,
        "name_next_handler",
    )
    assert ruling_of(ticket)[-1] == ("moved", "市住建局", None)


def test_an_objection_to_what_is_closed_is_ruled_without_opening_it(city):
    ticket = closed(city, ruled(city))

    ticket = rule(city, objected(city, ticket, moment="11-12 10:00"), city.third, "11-12 15:00")

    assert (ticket.state, ticket.is_open, running(ticket)) == ("closed", False, [])


# --- into the list


def test_closed_without_objection_it_is_proposed_to_the_list_once(city):
    item = make_item()
    ticket = closed(city, ruled(city, item=item))
    assert services.propose_items(at=at("11-18 17:30")) == []

    assert services.propose_items(at=at("11-18 17:31")) == [ticket.pk]
    assert services.propose_items(at=at("11-18 17:32")) == []

    proposal = ItemProposal.objects.get()
    assert (proposal.ticket_number, proposal.unit, proposal.item, proposal.grounds, proposal.state) == (
        ticket.number,
        city.department,
        item,
        GROUNDS,
        "pending",
    )
    assert acts(ticket)[-1] == "propose_item"


def test_an_objection_holds_the_proposal_back_and_the_ruling_is_what_is_proposed(city):
    ticket = closed(city, ruled(city))
    objection = objected(city, ticket, moment="11-18 10:00")
    assert services.propose_items(at=at("11-19 10:00")) == []

    rule(city, objection, city.third, "11-19 11:00")

    assert services.propose_items(at=at("11-19 12:00")) == [ticket.pk]
    assert ItemProposal.objects.get().unit == city.third


@pytest.mark.parametrize("secret", [True, False])
def test_a_secret_matter_is_not_proposed_and_leaves_no_words_behind(city, secret):
    ticket = closed(city, ruled(city))
    if not secret:
        services.propose_items(at=at("11-18 17:31"))
    services.restrict_ticket(ticket_id=ticket.pk, readers=(), reason="举报。", by=city.reviewer, at=at("11-19 10:00"))

    services.propose_items(at=at("11-19 12:00"))

    kept = list(ItemProposal.objects.values_list("title", "text", "grounds"))
    assert kept == ([] if secret else [("保密工单", "", "保密工单")])


def test_what_became_secret_while_the_task_ran_is_not_proposed(city):
    ticket = closed(city, ruled(city))
    services.restrict_ticket(ticket_id=ticket.pk, readers=(), reason="举报。", by=city.reviewer, at=at("11-19 10:00"))

    assert _propose(ticket.pk, at("11-19 12:00")) is False
    assert not ItemProposal.objects.exists()
