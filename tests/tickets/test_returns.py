"""Returns, take-backs, disputes, rulings and recall."""

import pytest

from responsibility.models import RoutingExample
from tests.factories.hotline import CountyDepartmentFactory, UnitFactory, UserFactory
from tests.factories.tickets import (
    NOW,
    REPLY,
    acts,
    approve_all,
    at,
    clocks,
    dispatched,
    fresh,
    part_of,
    passed_down,
    pending_approval,
    register,
    running,
    signed,
    state_of,
)
from tickets import services
from tickets.models import ReturnRequest, TicketScope

REASON = "该路段由市住建局管护，不属我局职责。"


def ask(part, by, moment, **fields):
    services.request_return(assignment_id=part.pk, ground="not_our_duty", reason=REASON, by=by, at=moment, **fields)
    return ReturnRequest.objects.get(assignment=part, decision="pending")


def returned(city, ticket, *, by=None, moment=None):
    request = ask(ticket.lead, by or city.handler, moment or at("11-10 11:00"))
    services.grant_return(request_id=request.pk, reason="", by=city.dispatcher, at=moment or at("11-10 11:30"))
    return fresh(ticket)


def give_to(city, ticket, unit, moment):
    services.dispatch_ticket(ticket_id=ticket.pk, unit=unit, item=None, by=city.dispatcher, at=moment)
    return fresh(ticket)


def test_clocks_run_while_a_return_waits(city):
    ticket = signed(city)

    ask(ticket.lead, city.handler, at("11-10 11:00"))

    ticket = fresh(ticket)
    assert (ticket.state, ticket.returned_from, ticket.lead.state) == (
        "return_review",
        "in_progress",
        "return_requested",
    )
    assert running(ticket) == [
        ("contact", "市城管局", ""),
        ("handle", "市城管局", ""),
        ("return_review", "市城管局", ""),
    ]
    # 4 working hours: 11:00–12:00 and 14:30–17:30.
    assert ticket.clocks.get(kind="return_review").due_at == at("11-10 17:30")


@pytest.mark.parametrize(
    "make, state, part", [(dispatched, "pending_sign", "pending_sign"), (signed, "in_progress", "signed")]
)
def test_refused_return_goes_back_to_where_it_was(city, make, state, part):
    ticket = make(city)
    before = running(ticket)
    request = ask(ticket.lead, city.handler, at("11-10 11:00"))

    services.refuse_return(
        request_id=request.pk, reason="清单明确由你局主办。", by=city.dispatcher, at=at("11-10 11:30")
    )

    ticket = fresh(ticket)
    assert (ticket.state, ticket.returned_from, ticket.return_count, ticket.lead.state) == (state, "", 0, part)
    assert running(ticket) == before
    assert clocks(ticket, kind="return_review") == [("return_review", "市城管局", "met")]


def test_granted_return_voids_the_clocks_and_the_next_unit_gets_a_full_limit(city):
    ticket = returned(city, signed(city))

    assert (ticket.state, ticket.return_count, ticket.lead, ticket.holder, ticket.due_at) == (
        "pending_dispatch",
        1,
        None,
        None,
        None,
    )
    assert running(ticket) == [("dispatch", "", "")]
    assert clocks(ticket, kind="handle") == [("handle", "市城管局", "void")]
    assert not TicketScope.objects.filter(ticket=ticket).exists()
    assert list(RoutingExample.objects.order_by("pk").values_list("outcome", "final_unit")) == [
        ("dispatched", city.department.pk),
        ("returned", city.department.pk),
    ]

    ticket = give_to(city, ticket, city.other, at("11-12 09:00"))

    assert ticket.clocks.get(kind="handle", stopped_at=None).due_at == at("11-23 17:30") == ticket.due_at


def test_third_dispatch_only_by_a_ruling_that_cannot_be_returned(city):
    ticket = returned(city, signed(city))
    ticket = give_to(city, ticket, city.other, at("11-10 14:40"))
    ticket = returned(city, ticket, by=city.other_handler, moment=at("11-10 15:00"))
    assert (ticket.return_count, ticket.needs_ruling) == (2, True)

    with pytest.raises(services.TransitionRefused, match="退单次数已满，须由中心裁定首办单位，不能再派。"):
        give_to(city, ticket, city.third, at("11-10 15:30"))

    services.refer_to_ruling(ticket_id=ticket.pk, reason="两家均不承认。", by=city.dispatcher, at=at("11-10 15:30"))
    assert fresh(ticket).clocks.get(kind="ruling").due_at == at("11-11 17:30")
    services.rule_first_handler(
        ticket_id=ticket.pk,
        unit=city.third,
        item=None,
        reason="职责最相近。",
        by=city.reviewer,
        at=at("11-10 16:00"),
    )

    ticket = fresh(ticket)
    assert (ticket.state, ticket.lead.unit, ticket.lead.objectable, ticket.needs_ruling) == (
        "pending_sign",
        city.third,
        False,
        False,
    )
    with pytest.raises(services.TransitionRefused, match="先办后议"):
        ask(ticket.lead, city.third_handler, at("11-10 16:30"))


def test_nobody_is_made_first_handler_where_nobody_can_sign(city):
    ticket = register()
    services.refer_to_ruling(ticket_id=ticket.pk, reason="职责不清。", by=city.dispatcher, at=NOW)
    empty = UnitFactory(name="赣州市邮政管理局")

    with pytest.raises(services.InputRefused, match="赣州市邮政管理局还没有能签收的人员，不能裁定由它首办。"):
        services.rule_first_handler(
            ticket_id=ticket.pk, unit=empty, item=None, reason="职能相近。", by=city.reviewer, at=NOW
        )

    assert fresh(ticket).state == "pending_ruling"


def test_a_recalled_ruling_is_ruled_anew(city):
    ticket = returned(city, signed(city))
    ticket = returned(
        city, give_to(city, ticket, city.other, at("11-10 14:40")), by=city.other_handler, moment=at("11-10 15:00")
    )
    services.refer_to_ruling(ticket_id=ticket.pk, reason="两家均不承认。", by=city.dispatcher, at=at("11-10 15:30"))
    services.rule_first_handler(
        ticket_id=ticket.pk, unit=city.third, item=None, reason="最相近。", by=city.reviewer, at=at("11-10 16:00")
    )

    services.recall_ticket(ticket_id=ticket.pk, reason="选错单位。", by=city.dispatcher, at=at("11-10 16:10"))

    with pytest.raises(services.TransitionRefused, match="退单次数已满，须由中心裁定首办单位，不能再派。"):
        give_to(city, ticket, city.enterprise, at("11-10 16:20"))
    assert fresh(ticket).state == "pending_dispatch"


def test_a_unit_asks_once(city):
    ticket = signed(city)
    request = ask(ticket.lead, city.handler, at("11-10 11:00"))
    services.refuse_return(request_id=request.pk, reason="由你局主办。", by=city.dispatcher, at=at("11-10 11:30"))

    with pytest.raises(services.TransitionRefused, match="本单位对这一件已申请过退单，不能再退。"):
        ask(ticket.lead, city.handler, at("11-10 15:00"))


def test_after_the_window_it_is_a_take_back_and_counted_apart(city):
    """Dispatched on Tuesday the 10th: the window closes on Wednesday the 11th at 17:30."""
    ticket = signed(city)

    request = ask(ticket.lead, city.handler, at("11-11 17:31"))
    services.grant_return(request_id=request.pk, reason="确属误派。", by=city.dispatcher, at=at("11-12 09:00"))

    ticket = fresh(ticket)
    assert request.is_take_back
    assert (ticket.state, ticket.return_count) == ("pending_dispatch", 0)
    assert ticket.assignments.get().ended_as == "taken_back"


def test_a_refused_return_leaves_the_take_back(city):
    ticket = signed(city)
    request = ask(ticket.lead, city.handler, at("11-10 11:00"))
    services.refuse_return(request_id=request.pk, reason="由你局主办。", by=city.dispatcher, at=at("11-10 11:30"))

    assert ask(ticket.lead, city.handler, at("11-12 09:00")).is_take_back


def test_dispute_goes_to_the_ruling(city):
    ticket = signed(city)
    request = ask(ticket.lead, city.handler, at("11-10 11:00"))

    services.dispute_return(request_id=request.pk, reason="职责交叉。", by=city.dispatcher, at=at("11-10 11:30"))

    ticket = fresh(ticket)
    assert (ticket.state, ticket.lead, ticket.returned_from, ticket.return_count) == ("pending_ruling", None, "", 1)
    assert running(ticket) == [("ruling", "", "")]
    assert ticket.assignments.get().ended_as == "ruled"


def test_a_dispute_about_a_take_back_is_counted_apart_like_the_take_back(city):
    ticket = signed(city)
    request = ask(ticket.lead, city.handler, at("11-11 17:31"))

    services.dispute_return(request_id=request.pk, reason="职责交叉。", by=city.dispatcher, at=at("11-12 09:00"))

    assert (request.is_take_back, state_of(ticket), fresh(ticket).return_count) == (True, "pending_ruling", 0)


def test_a_disputed_return_is_one_of_the_two(city):
    """Ruled upon and recalled it may be dispatched once more; the next return is the second."""
    ticket = signed(city)
    request = ask(ticket.lead, city.handler, at("11-10 11:00"))
    services.dispute_return(request_id=request.pk, reason="职责交叉。", by=city.dispatcher, at=at("11-10 11:30"))
    services.rule_first_handler(
        ticket_id=ticket.pk, unit=city.third, item=None, reason="职责最相近。", by=city.reviewer, at=at("11-10 12:00")
    )
    services.recall_ticket(ticket_id=ticket.pk, reason="选错单位。", by=city.dispatcher, at=at("11-10 14:30"))
    assert (fresh(ticket).return_count, fresh(ticket).needs_ruling) == (1, False)

    ticket = returned(
        city, give_to(city, ticket, city.other, at("11-10 14:40")), by=city.other_handler, moment=at("11-10 15:00")
    )

    assert (ticket.return_count, ticket.needs_ruling) == (2, True)


def test_ruled_not_a_government_duty(city):
    ticket = dispatched(city)
    request = ask(ticket.lead, city.handler, at("11-10 11:00"))
    services.dispute_return(request_id=request.pk, reason="属民事纠纷。", by=city.dispatcher, at=at("11-10 11:30"))

    services.rule_not_government(
        ticket_id=ticket.pk, public_text=REPLY, reason="属民事纠纷，应走诉讼。", by=city.reviewer, at=at("11-10 15:00")
    )
    step = pending_approval(ticket)
    assert (step.step, step.why, fresh(ticket).state) == ("city", "裁定不由政府办理", "completion_review")

    services.send_back(approval_id=step.pk, reason="解释不够。", by=city.reviewer2, at=at("11-10 16:00"))
    assert fresh(ticket).state == "pending_ruling"
    assert running(ticket) == [("ruling", "", "")]

    services.rule_not_government(
        ticket_id=ticket.pk, public_text=REPLY, reason="属民事纠纷。", by=city.reviewer2, at=at("11-10 16:30")
    )
    with pytest.raises(services.TransitionRefused, match="提交人不能审核自己的结果。"):
        services.approve(approval_id=pending_approval(ticket).pk, by=city.reviewer2, at=at("11-10 17:00"))
    ticket = approve_all(city, ticket, at=at("11-10 17:00"))

    assert (ticket.state, ticket.lead, running(ticket)) == ("pending_followup", None, [])


def test_a_townships_return_is_its_countys_business(city):
    ticket = passed_down(city)
    request = ask(ticket.holder, city.county_handler, at("11-10 11:00"))
    assert fresh(ticket).state == "in_progress"
    with pytest.raises(services.ActNotAllowed, match="由交办它的上级单位决定。"):
        services.grant_return(request_id=request.pk, reason="", by=city.dispatcher, at=at("11-10 11:10"))
    with pytest.raises(services.TransitionRefused, match="由县（市、区）中心决定"):
        services.dispute_return(request_id=request.pk, reason="争议", by=city.county_clerk, at=at("11-10 11:10"))

    services.grant_return(request_id=request.pk, reason="", by=city.county_clerk, at=at("11-10 11:30"))

    ticket = fresh(ticket)
    assert (ticket.state, ticket.return_count, ticket.holder, ticket.lead) == (
        "in_progress",
        0,
        ticket.lead,
        ticket.lead,
    )
    assert running(ticket) == [("contact", "章贡热线中心", ""), ("handle", "章贡热线中心", "")]
    assert services.check_scopes([ticket.pk]) == []


def test_below_a_county_a_unit_asks_once_and_two_in_all_may_go_back(city):
    ticket = passed_down(city)
    request = ask(ticket.holder, city.county_handler, at("11-10 11:00"))
    services.refuse_return(request_id=request.pk, reason="由你局办。", by=city.county_clerk2, at=at("11-10 11:10"))
    with pytest.raises(services.TransitionRefused, match="本单位对这一件已申请过退单，不能再退。"):
        ask(ticket.holder, city.county_handler, at("11-10 11:20"))
    services.take_back_child(
        assignment_id=ticket.holder_id, reason="另派。", by=city.county_clerk, at=at("11-10 11:30")
    )

    for code in ("one", "two", "three"):
        unit = CountyDepartmentFactory(parent=city.county, code=code, short_name=code)
        head = UserFactory(unit=unit, roles=["unit_head"])
        services.pass_down(
            assignment_id=ticket.lead_id, unit=unit, item=None, by=city.county_clerk, at=at("11-10 14:30")
        )
        part = part_of(ticket, unit)
        if code == "three":
            with pytest.raises(services.TransitionRefused, match="这一件退单次数已满，不能再退。"):
                ask(part, head, at("11-10 14:40"))
        else:
            request = ask(part, head, at("11-10 14:40"))
            services.grant_return(request_id=request.pk, reason="", by=city.county_clerk2, at=at("11-10 14:50"))

    assert fresh(ticket).return_count == 0


def test_a_county_takes_back_what_it_gave_wrongly(city):
    ticket = passed_down(city)
    child = ticket.holder
    with pytest.raises(services.TransitionRefused, match="已转派下级单位，须先收回"):
        ask(ticket.lead, city.county_clerk, at("11-10 11:00"))

    services.take_back_child(assignment_id=child.pk, reason="派错科室。", by=city.county_clerk, at=at("11-10 11:00"))

    ticket = fresh(ticket)
    assert (ticket.holder, fresh(child).state, fresh(child).ended_as) == (ticket.lead, "taken_back", "taken_back")
    assert ask(ticket.lead, city.county_clerk, at("11-10 11:30")).is_take_back is False


def test_what_a_department_gave_on_is_taken_back_with_its_part(city):
    ticket = passed_down(city)
    brigade = CountyDepartmentFactory(parent=city.county_department, code="brigade", short_name="章贡城管大队")
    helper = CountyDepartmentFactory(parent=city.county_department, code="helper", short_name="章贡市政所")
    services.pass_down(
        assignment_id=ticket.holder_id,
        unit=brigade,
        item=None,
        co_units=[helper],
        by=city.county_head,
        at=at("11-10 11:00"),
    )

    services.take_back_child(
        assignment_id=ticket.holder_id, reason="派错科室。", by=city.county_clerk, at=at("11-10 11:10")
    )

    ticket = fresh(ticket)
    assert (ticket.holder, set(ticket.assignments.exclude(pk=ticket.lead_id).values_list("state", flat=True))) == (
        ticket.lead,
        {"taken_back"},
    )
    assert running(ticket) == [("contact", "章贡热线中心", ""), ("handle", "章贡热线中心", "")]


def test_a_co_units_return_never_moves_the_ticket(city):
    ticket = signed(city, co_units=[city.other])
    part = part_of(ticket, city.other)
    request = ask(part, city.other_handler, at("11-10 11:00"))
    assert fresh(ticket).state == "in_progress"

    services.grant_return(request_id=request.pk, reason="", by=city.dispatcher, at=at("11-10 11:30"))

    assert (fresh(ticket).state, fresh(ticket).return_count, fresh(part).state) == ("in_progress", 0, "taken_back")
    assert running(ticket) == [("contact", "市城管局", ""), ("handle", "市城管局", "")]


def test_asker_does_not_decide(city):
    ticket = signed(city)
    request = ask(ticket.lead, city.handler, at("11-10 11:00"))
    city.handler.unit = city.centre
    city.handler.save()
    city.handler.groups.set(city.dispatcher.groups.all())
    mover = fresh(city.handler)

    with pytest.raises(services.ActNotAllowed, match="申请人不能自己审批。"):
        services.grant_return(request_id=request.pk, reason="", by=mover, at=at("11-10 11:30"))


def test_what_units_had_asked_ends_with_their_parts(city):
    ticket = signed(city, co_units=[city.other])
    ask(part_of(ticket, city.other), city.other_handler, at("11-10 10:30"))
    services.request_extension(
        assignment_id=ticket.lead_id, days=3, reason="需要会商。", by=city.handler, at=at("11-10 10:30")
    )
    request = ask(ticket.lead, city.handler, at("11-10 11:00"))

    services.grant_return(request_id=request.pk, reason="", by=city.dispatcher, at=at("11-10 11:30"))

    assert list(ReturnRequest.objects.order_by("pk").values_list("decision", flat=True)) == ["cancelled", "granted"]
    assert ticket.assignments.get(unit=city.department).extensionrequests.get().decision == "cancelled"
    assert running(ticket) == [("dispatch", "", "")]


def test_recall_is_not_a_return(city):
    ticket = passed_down(city)

    services.recall_ticket(ticket_id=ticket.pk, reason="派错单位。", by=city.dispatcher, at=at("11-10 11:00"))

    ticket = fresh(ticket)
    assert (ticket.state, ticket.return_count, ticket.lead, ticket.item) == ("pending_dispatch", 0, None, None)
    assert set(ticket.assignments.values_list("state", "ended_as")) == {("taken_back", "recalled")}
    assert running(ticket) == [("dispatch", "", "")]
    assert acts(ticket)[-1] == "recall"
    assert RoutingExample.objects.order_by("-pk")[0].outcome == "recalled"
    ticket = give_to(city, ticket, city.county, at("11-10 11:30"))
    assert ticket.state == "pending_sign"
