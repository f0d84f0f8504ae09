"""The whole road, from registration to the closed ticket, with dates worked out by hand."""

import pytest

from responsibility.models import DutyList, TownshipDuty
from tests.factories.responsibility import DutyListFactory
from tests.factories.tickets import (
    REPLY,
    acts,
    approve_all,
    at,
    clocks,
    contacted,
    fresh,
    make_item,
    part_of,
    passed_down,
    pending_approval,
    register,
    running,
    signed,
    submit,
    submitted,
)
from tickets import services
from tickets.models import Approval, TicketScope


def due(ticket, kind, **fields):
    return ticket.clocks.get(kind=kind, **fields).due_at


def test_department_handles_it(city):
    """Registered Tuesday 10 November 10:00, help, 7 working days from the dispatch at 11:00: Thursday 19 November 17:30."""
    ticket = register(at=at("11-10 10:00"))
    assert (ticket.number, ticket.state, ticket.is_open) == ("GZ261110000001", "pending_dispatch", True)
    assert due(ticket, "dispatch") == at("11-10 12:00") == ticket.sort_at

    services.dispatch_ticket(
        ticket_id=ticket.pk, unit=city.department, item=None, by=city.dispatcher, at=at("11-10 11:00")
    )
    ticket = fresh(ticket)
    assert ticket.state == "pending_sign"
    assert ticket.lead == ticket.holder == part_of(ticket, city.department)
    assert due(ticket, "sign") == at("11-11 17:30")
    assert due(ticket, "contact") == at("11-11 11:00") == ticket.sort_at
    assert due(ticket, "handle") == at("11-19 17:30") == ticket.due_at
    assert clocks(ticket, kind="dispatch") == [("dispatch", "", "met")]

    services.sign_assignment(assignment_id=ticket.lead_id, handler=city.handler, by=city.liaison, at=at("11-10 15:00"))
    ticket = fresh(ticket)
    assert (ticket.state, ticket.lead.state, ticket.lead.handler) == ("in_progress", "signed", city.handler)

    services.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=at("11-10 15:30"))
    assert running(ticket) == [("handle", "市城管局", "")]
    assert fresh(ticket).sort_at == at("11-19 17:30")

    submit(city, fresh(ticket), at=at("11-16 16:00"))
    ticket = fresh(ticket)
    assert (ticket.state, ticket.lead.state) == ("completion_review", "submitted")
    assert running(ticket) == [("approval", "", "")]
    assert ticket.sort_at == at("11-17 17:30")

    services.approve(approval_id=pending_approval(ticket).pk, by=city.head, at=at("11-17 09:00"))
    ticket = approve_all(city, ticket, at=at("11-17 10:00"))
    assert (ticket.state, ticket.lead.state) == ("pending_followup", "accepted")
    assert running(ticket) == []
    assert ticket.replies.get().public_text == REPLY

    services.close_ticket(ticket_id=ticket.pk, closing_kind="resolved", by=None, at=at("11-18 10:00"))
    ticket = fresh(ticket)
    assert (ticket.state, ticket.is_open, ticket.closing_kind) == ("closed", False, "resolved")
    assert ticket.closed_at == at("11-18 10:00")
    assert [act for act in acts(ticket) if act not in {"await_review", "approve"}] == [
        "register",
        "dispatch",
        "sign",
        "record_contact",
        "submit_result",
        "publish_reply",
        "close",
    ]


def test_county_passes_it_down_and_stays_answerable(city):
    ticket = contacted(city, county=True)

    assert (ticket.lead.unit, ticket.holder.unit, ticket.holder.parent) == (
        city.county,
        city.county_department,
        ticket.lead,
    )
    assert running(ticket) == [("handle", "章贡热线中心", ""), ("handle", "章贡城管局", "")]
    assert ticket.lead.contacted_at == ticket.holder.contacted_at == at("11-10 10:00")

    submit(city, ticket, at=at("11-12 10:00"))
    ticket = fresh(ticket)
    assert (ticket.state, ticket.lead.state, ticket.holder.state) == ("completion_review", "signed", "submitted")
    assert running(ticket) == [("handle", "章贡热线中心", ""), ("approval", "", "")]

    services.approve(approval_id=pending_approval(ticket).pk, by=city.county_head, at=at("11-12 11:00"))
    step = pending_approval(ticket)
    assert (step.step, step.unit, step.assignment) == ("parent", city.county, ticket.lead)
    assert fresh(ticket.lead).state == "submitted"
    assert running(ticket) == [("approval", "", "")]

    ticket = approve_all(city, ticket, at=at("11-12 15:00"))
    assert (ticket.state, ticket.lead.state, ticket.holder.state) == ("pending_followup", "accepted", "accepted")


def test_a_ticket_keeps_the_version_of_the_item_it_was_routed_by_when_the_county_passes_it_down_under_the_next(city):
    old, other = make_item(), make_item("CG-02")
    ticket = signed(city, unit=city.county, item=old)
    later = DutyListFactory(version=2, state="approved")
    DutyList.objects.filter(pk=old.duty_list_id).update(effective_until=at("11-11").date())
    DutyList.objects.filter(pk=later.pk).update(state="published", effective_from=at("11-11").date())
    items = {}
    for item in (old, other):
        item.pk, item._state.adding, item.duty_list = None, True, DutyList.objects.get(pk=later.pk)
        item.save()
        items[item.code] = item

    services.pass_down(
        assignment_id=ticket.lead_id,
        unit=city.county_department,
        item=items["CG-01"],
        by=city.county_clerk,
        at=at("11-11 10:00"),
    )
    ticket = fresh(ticket)
    assert [(part.item.code, part.item.duty_list.version) for part in (ticket, ticket.lead, ticket.holder)] == [
        ("CG-01", 1),
        ("CG-01", 1),
        ("CG-01", 2),
    ]

    services.take_back_child(
        assignment_id=ticket.holder_id, reason="派错了。", by=city.county_clerk, at=at("11-11 11:00")
    )
    services.pass_down(
        assignment_id=ticket.lead_id,
        unit=city.county_department,
        item=items["CG-02"],
        by=city.county_clerk,
        at=at("11-11 12:00"),
    )
    assert (fresh(ticket).item.code, fresh(ticket).item.duty_list.version) == ("CG-02", 2)


def test_contact_made_by_the_county_is_the_first_of_the_units_below(city):
    ticket = contacted(city, unit=city.county)
    services.pass_down(
        assignment_id=ticket.lead_id,
        unit=city.county_department,
        item=None,
        by=city.county_clerk,
        at=at("11-10 11:00"),
    )

    assert running(ticket) == [
        ("handle", "章贡热线中心", ""),
        ("handle", "章贡城管局", ""),
        ("sign", "章贡城管局", ""),
    ]


def test_contact_that_the_county_makes_later_counts_below_too(city):
    ticket = passed_down(city)

    services.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.county_clerk, at=at("11-10 11:00"))

    assert running(ticket) == [("handle", "章贡热线中心", ""), ("handle", "章贡城管局", "")]
    submit(city, ticket, at=at("11-10 11:30"))
    assert fresh(ticket).state == "completion_review"


def test_a_citizen_who_is_never_reached_does_not_keep_the_unit_from_reporting(city):
    """Two half-days of trying; twice in one morning is one."""
    ticket = signed(city)
    for moment in ("11-10 10:30", "11-10 11:30"):
        services.record_contact(assignment_id=ticket.lead_id, reached=False, by=city.handler, at=at(moment))
    with pytest.raises(services.InputRefused, match="还不能提交，缺：联系反映人。"):
        submit(city, ticket, at=at("11-10 11:40"))
    assert running(ticket) == [("contact", "市城管局", ""), ("handle", "市城管局", "")]

    services.record_contact(assignment_id=ticket.lead_id, reached=False, by=city.handler, at=at("11-10 15:00"))

    assert running(ticket) == [("handle", "市城管局", "")]
    assert fresh(ticket).lead.contacted_at is None
    submit(city, ticket, at=at("11-10 15:10"))
    assert fresh(ticket).state == "completion_review"


def test_township_gets_only_what_the_item_says_it_leads(city):
    item = make_item(township_role="lead")

    ticket = passed_down(city, unit=city.township, item=item)

    assert (ticket.holder.unit, ticket.item) == (city.township, item)


@pytest.mark.parametrize(("role", "by_condition"), [("assist", "lead"), ("lead", "assist")])
def test_a_condition_that_the_text_fulfils_says_whether_the_township_leads(city, role, by_condition):
    item = make_item(township_role=role, conditions=[{"when": {"words": ["自家院子"]}, "township_role": by_condition}])
    of_the_item = signed(city, unit=city.county)
    of_the_condition = signed(city, unit=city.county, text="村民在自家院子夜间施工，噪声大，希望停止。")
    given, refused = (of_the_item, of_the_condition) if role == "lead" else (of_the_condition, of_the_item)

    def pass_down(ticket):
        services.pass_down(
            assignment_id=ticket.lead_id, unit=city.township, item=item, by=city.county_clerk, at=at("11-10 11:00")
        )

    pass_down(given)
    with pytest.raises(services.InputRefused, match="不能交乡镇（街道）主办；需要配合的，请加派协办。"):
        pass_down(refused)

    assert (fresh(given).holder.unit, fresh(refused).holder.unit) == (city.township, city.county)


def test_a_township_leads_nothing_that_its_own_list_does_not_name(city):
    item = make_item("NY-02", township_role="lead")
    own = DutyListFactory(scope=city.township, title="测试镇履职事项清单")
    ticket = signed(city, unit=city.county)

    def pass_down():
        services.pass_down(
            assignment_id=ticket.lead_id, unit=city.township, item=item, by=city.county_clerk, at=at("11-10 11:00")
        )

    with pytest.raises(services.InputRefused) as refusal:
        pass_down()
    assert str(refusal.value) == (
        f"《测试镇履职事项清单第1版》没有列入“{item.title}”，部门的事不下派。"
        "不能交乡镇（街道）主办；需要配合的，请加派协办。"
    )

    TownshipDuty.objects.create(duty_list=own, code="NY-02", role="lead")
    pass_down()
    assert fresh(ticket).holder.unit == city.township


def test_redo_and_reopened_results_always_go_to_the_city(city):
    ticket = submitted(city, urgency="urgent", result={"resolved": "partly", "unresolved_reason": "尚有一处待拆"})

    services.approve(approval_id=pending_approval(ticket).pk, by=city.head, at=at("11-10 11:00"))

    step = pending_approval(ticket)
    assert (step.step, step.unit, step.why) == ("city", city.centre, "紧急件")


@pytest.mark.parametrize(("claim", "why"), [("untrue", "称不属实"), ("unreasonable", "称诉求不合理")])
def test_who_says_that_it_is_not_so_gives_the_ground_and_is_looked_at_by_the_city(city, claim, why):
    ticket = contacted(city)
    with pytest.raises(services.InputRefused, match="的，请在办理情况里写明核查的依据。"):
        submit(city, ticket, claim=claim)

    submit(city, ticket, claim=claim, internal_text="两次到场，没有施工。")
    services.approve(approval_id=pending_approval(ticket).pk, by=city.head, at=at("11-10 11:00"))

    approval = pending_approval(ticket)
    assert (approval.step, approval.why, approval.reply.claim) == ("city", why, claim)


def test_sample_is_drawn_by_the_number_and_stays_the_same(city):
    """With the key of the tests, some of twenty tickets are looked at by the city and the others say so."""
    drawn = 0
    for _ in range(20):
        ticket = submitted(city)
        services.approve(approval_id=pending_approval(ticket).pk, by=city.head, at=at("11-10 11:00"))
        last = ticket.events.order_by("-pk")[0]
        if Approval.objects.filter(ticket=ticket, step="city").exists():
            drawn += 1
            assert (last.act, last.data) == ("await_review", {"why": "抽查"})
        else:
            assert (last.act, last.data["note"]) == ("publish_reply", "市中心未抽查")

    assert 0 < drawn < 12


def test_who_sees_what_on_the_way(city):
    ticket = contacted(city, county=True)

    rows = TicketScope.objects.filter(ticket=ticket).order_by("unit__code").values_list("unit__short_name", "ground")

    assert set(rows) == {("章贡热线中心", "assigned"), ("章贡城管局", "assigned")}
    assert services.check_scopes([ticket.pk]) == []
