"""Units and people change: hand-over, abolished units, people who leave; a new work calendar."""

from datetime import date

import pytest

from hotline import services as hotline
from hotline.errors import DomainError
from hotline.models import Notice, Unit
from tests.factories.hotline import CountyDepartmentFactory, UnitFactory, UserFactory
from tests.factories.tickets import (
    NOW,
    at,
    closed,
    contacted,
    dispatched,
    fresh,
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
from tickets.models import Assignment, ReturnRequest, Ticket, TicketClockBreach, TicketScope
from tickets.selectors.acts import situation


def hand_over(city, unit_from, unit_to, by, moment=None):
    return services.hand_over(
        unit_from=unit_from, unit_to=unit_to, reason="职能划转。", by=by, at=moment or at("11-11 10:00")
    )


def test_handed_over_with_clocks_running(city):
    """Due dates stand as they were; every ticket has a new lead, whose people hear of it."""
    ticket = signed(city)
    stands_in = UserFactory(unit=city.other, roles=["handler"])
    liaison = UserFactory(
        unit=city.other, roles=["liaison"], deputy=stands_in, away_from=at("11-01 08:00"), away_until=at("11-30 18:00")
    )
    before = list(ticket.clocks.order_by("pk").values_list("kind", "due_at", "stopped_at"))
    other = register()

    assert hand_over(city, city.department, city.other, city.reviewer) == 1

    ticket = fresh(ticket)
    old = Assignment.objects.get(ticket=ticket, unit=city.department)
    assert (old.state, old.ended_as) == ("handed_over", "handed_over")
    assert (ticket.lead.unit, ticket.holder, ticket.lead.state, ticket.state) == (
        city.other,
        ticket.lead,
        "signed",
        "in_progress",
    )
    assert list(ticket.clocks.order_by("pk").values_list("kind", "due_at", "stopped_at")) == before
    assert running(ticket) == [("contact", "市教育局", ""), ("handle", "市教育局", "")]
    assert list(TicketScope.objects.filter(ticket=ticket).values_list("unit", flat=True)) == [city.other.pk]
    assert fresh(other).state == "pending_dispatch"
    told = Notice.objects.filter(kind="handed_over").values_list("recipient", "number")
    people = (liaison, stands_in, city.other_head)
    assert set(told) == {(one.pk, ticket.number) for one in people}


def test_what_was_late_stays_with_the_unit_that_was_late(city):
    """Dispatched on the 10th with seven days (11 to 19), handed over on the 25th: the new unit has one working day."""
    ticket = contacted(city)
    hand_over(city, city.department, city.other, city.reviewer, at("11-25 10:00"))

    rows = ticket.clocks.filter(kind="handle").order_by("pk").values_list("assignment__unit", "due_at", "outcome")
    assert list(rows) == [
        (city.department.pk, at("11-19 17:30"), "void"),
        (city.other.pk, at("11-26 17:30"), ""),
    ]
    assert fresh(ticket).due_at == at("11-26 17:30")
    late = TicketClockBreach.objects.filter(clock__assignment__unit=city.department, threshold="due")
    assert late.count() == 1


def test_late_work_sent_back_runs_on_at_the_new_unit(city):
    """Reported a day late, handed over in review: the lateness stays, what is sent back has one working day."""
    ticket = contacted(city)
    submit(city, ticket, at=at("11-20 10:00"))
    hand_over(city, city.department, city.other, city.reviewer, at("11-20 11:00"))
    approval = pending_approval(ticket)
    assert approval.reply.assignment.unit == city.other

    services.send_back(approval_id=approval.pk, reason="不全。", by=city.other_head, at=at("11-23 10:00"))

    rows = ticket.clocks.filter(kind="handle").order_by("pk").values_list("assignment__unit", "due_at", "outcome")
    assert list(rows) == [
        (city.department.pk, at("11-19 17:30"), "met"),
        (city.other.pk, at("11-24 17:30"), ""),
    ]
    event = ticket.events.order_by("-pk")[0]
    assert (event.act, event.unit) == ("send_back", city.other)


def test_deferred_late_and_handed_over_resumes_at_the_new_unit(city):
    ticket = contacted(city)
    services.defer_ticket(ticket_id=ticket.pk, reason="列入计划。", by=city.reviewer, at=at("11-20 10:00"))
    hand_over(city, city.department, city.other, city.reviewer, at("11-20 11:00"))

    services.resume_ticket(ticket_id=ticket.pk, reason="恢复。", by=city.reviewer, at=at("11-23 10:00"))

    assert running(ticket) == [("handle", "市教育局", "")]
    assert fresh(ticket).due_at == at("11-24 17:30")


def test_what_cannot_be_returned_cannot_be_handed_over_either(city):
    """首办: only an abolished unit is relieved of it."""
    ticket = register()
    services.refer_to_ruling(ticket_id=ticket.pk, reason="争议。", by=city.dispatcher, at=at("11-10 10:10"))
    services.rule_first_handler(
        ticket_id=ticket.pk, unit=city.department, item=None, reason="相近。", by=city.reviewer, at=at("11-10 10:20")
    )

    with pytest.raises(services.TransitionRefused, match="本件由中心裁定首办或为重办，不能移交"):
        services.hand_over_part(
            assignment_id=fresh(ticket).lead_id,
            unit_to=city.other,
            reason="不归我们。",
            by=city.reviewer,
            at=at("11-10 11:00"),
        )
    hotline.abolish_unit(unit=city.department, successor=city.other, by=None, at=at("11-11 10:00"))

    assert fresh(ticket).lead.unit == city.other


def test_what_the_old_unit_had_asked_is_not_counted_for_the_new(city):
    ticket = signed(city)
    words = {"ground": "not_our_duty", "reason": "不归我们。"}
    services.request_return(assignment_id=ticket.lead_id, by=city.handler, at=at("11-10 11:00"), **words)
    request = ReturnRequest.objects.get()
    services.refuse_return(request_id=request.pk, reason="由你局办。", by=city.dispatcher, at=at("11-10 11:10"))

    hand_over(city, city.department, city.other, city.reviewer)
    services.request_return(assignment_id=fresh(ticket).lead_id, by=city.other_handler, at=at("11-11 11:00"), **words)

    assert [each.assignment.unit for each in ReturnRequest.objects.order_by("pk")] == [city.department, city.other]


def test_handed_over_in_review_and_sent_back_to_the_new_unit(city):
    """Submitted on the 10th with seven days left (11 to 19); sent back on the 12th: due on Monday the 23rd."""
    ticket = submitted(city)
    hand_over(city, city.department, city.other, city.reviewer)
    assert pending_approval(ticket).unit == city.other

    services.send_back(
        approval_id=pending_approval(ticket).pk, reason="不全。", by=city.other_head, at=at("11-12 10:00")
    )

    assert running(ticket) == [("handle", "市教育局", "")]
    assert fresh(ticket).due_at == at("11-23 17:30")


def test_handed_over_while_out_of_sight(city):
    merged, deferred, into = contacted(city), contacted(city), register()
    services.merge_ticket(
        ticket_id=merged.pk, into_id=into.pk, reason="同一件。", by=city.dispatcher, at=at("11-10 11:00")
    )
    services.defer_ticket(ticket_id=deferred.pk, reason="列入计划。", by=city.reviewer, at=at("11-10 11:00"))

    assert hand_over(city, city.department, city.other, city.reviewer) == 2

    services.unmerge_ticket(ticket_id=merged.pk, reason="不同。", by=city.dispatcher, at=at("11-12 10:00"))
    services.resume_ticket(ticket_id=deferred.pk, reason="恢复。", by=city.reviewer, at=at("11-12 10:00"))
    for ticket in (merged, deferred):
        assert running(ticket) == [("handle", "市教育局", "")]
        assert fresh(ticket).lead.unit == city.other
        submit(city, fresh(ticket), at=at("11-12 11:00"))


def test_children_and_requests_go_along(city):
    ticket = passed_down(city)
    services.request_extension(
        assignment_id=ticket.holder_id, days=2, reason="会商。", by=city.county_handler, at=at("11-10 11:00")
    )
    unit = CountyDepartmentFactory(parent=city.county, function="housing", short_name="章贡住建局")

    hand_over(city, city.county_department, unit, city.county_clerk)

    ticket = fresh(ticket)
    assert (ticket.holder.unit, ticket.holder.parent) == (unit, ticket.lead)
    assert ticket.holder.extensionrequests.get().decision == "pending"
    assert running(ticket) == [
        ("contact", "章贡热线中心", ""),
        ("handle", "章贡热线中心", ""),
        ("contact", "章贡住建局", ""),
        ("extension", "章贡住建局", ""),
        ("handle", "章贡住建局", ""),
    ]


@pytest.mark.parametrize(
    "to, by, error, why",
    [
        ("department", "reviewer", services.InputRefused, "请选择另一个在用的单位承接。"),
        ("county_department", "reviewer", services.InputRefused, "只能移交给同一上级的单位。"),
        ("oversight", "reviewer", services.InputRefused, "赣州市人大不承办诉求，请选择承办单位。"),
        ("other", "head", services.ActNotAllowed, "您的岗位没有这项权限。"),
        ("other", "county_clerk", services.ActNotAllowed, "承办由市热线中心或上级中心移交，本单位不能自行移交。"),
    ],
)
def test_hand_over_refused(city, to, by, error, why):
    ticket = signed(city)
    city.oversight = UnitFactory(short_name="市人大", kind="oversight")

    with pytest.raises(error, match=why):
        hand_over(city, city.department, getattr(city, to), getattr(city, by))

    assert part_of(ticket, city.department).state == "signed"


def test_a_departments_matter_is_not_handed_to_a_township(city):
    """国办函〔2025〕66号（五）: by no way, unless the item says that the township leads."""
    ticket = passed_down(city)

    with pytest.raises(
        services.InputRefused,
        match="没有选清单事项，看不出是不是乡镇（街道）的履职事项。不能交乡镇（街道）主办；需要配合的，请加派协办。",
    ):
        hand_over(city, city.county_department, city.township, city.county_clerk)

    assert fresh(ticket).holder.unit == city.county_department


def test_not_to_a_unit_that_has_its_own_part(city):
    ticket = signed(city, co_units=[city.other])

    with pytest.raises(
        services.InputRefused, match=f"{ticket.number}：赣州市教育局已在承办这一件，须先收回其中一方。"
    ):
        hand_over(city, city.department, city.other, city.reviewer)


def test_abolished_unit_hands_over_to_its_successor(city):
    ticket = signed(city)

    hotline.abolish_unit(unit=city.department, successor=city.other, by=None, at=at("11-11 10:00"))

    assert fresh(ticket).lead.unit == city.other
    event = ticket.events.order_by("-pk")[0]
    assert (event.act, event.note.text) == ("hand_over", "赣州市城管局撤销，由赣州市教育局承接。")


def test_unit_with_work_in_hand_is_not_abolished_without_a_successor(city):
    unit = UnitFactory(short_name="市档案局")
    ticket = register()
    services.dispatch_ticket(ticket_id=ticket.pk, unit=unit, item=None, by=city.dispatcher, at=at("11-10 10:10"))

    with pytest.raises(DomainError, match=f"赣州市档案局还有 1 件在办（{ticket.number}），请指定承接单位后再撤销。"):
        hotline.abolish_unit(unit=unit, successor=None, by=None, at=at("11-11 10:00"))

    assert Unit.objects.get(pk=unit.pk).valid_until is None


def test_unit_with_closed_tickets_only_may_go(city):
    closed(city)
    for person in (city.handler, city.handler2, city.liaison, city.head, city.head2):
        person.is_active = False
        person.save()

    hotline.abolish_unit(unit=city.department, successor=None, by=None, at=at("11-11 10:00"))

    assert Unit.objects.get(pk=city.department.pk).valid_until == date(2026, 11, 11)


def test_heir_handles_what_a_person_leaves(city):
    ticket = signed(city)
    services.name_handler(assignment_id=ticket.lead_id, handler=city.handler, by=city.liaison, at=at("11-10 11:00"))

    with pytest.raises(DomainError, match="张伟还有 1 件在办，请指定接手的同事后再停用。"):
        hotline.deactivate_person(user=city.handler, heir=None, by=None, at=at("11-11 10:00"))
    hotline.deactivate_person(user=city.handler, heir=city.handler2, by=None, at=at("11-11 10:00"))

    assert fresh(ticket).lead.handler == city.handler2


def test_what_is_in_hand_is_said_before_a_unit_or_a_person_goes(city):
    numbers = []
    for _ in range(6):
        ticket = signed(city)
        services.name_handler(
            assignment_id=ticket.lead_id, handler=city.handler, by=city.liaison, at=at("11-10 11:00")
        )
        numbers.append(ticket.number)
    closed(city)

    said = [f"在办工单 6 件：{'、'.join(numbers[:5])}等。"]
    assert hotline.in_hand(city.department) == hotline.in_hand(city.handler) == said
    assert hotline.in_hand(city.other) == hotline.in_hand(city.handler2) == []


@pytest.mark.parametrize(
    "unit, employment, why",
    [
        ("department", "contract", "主责办理人员须为在编人员。"),
        ("department", "outsourced", "外包人员不得作经办人。"),
        ("enterprise", "contract", "主责办理人员须为企业自有员工。"),
        ("other", "staff", "经办人须是本单位在用的人员。"),
    ],
)
def test_who_may_be_the_lead_handler(city, unit, employment, why):
    given_to = city.enterprise if unit == "enterprise" else city.department
    ticket = signed(city, unit=given_to)
    person = UserFactory(unit=getattr(city, unit), employment=employment, roles=["handler"])
    signer = city.enterprise_handler if unit == "enterprise" else city.liaison

    with pytest.raises(services.InputRefused, match=why):
        services.name_handler(assignment_id=ticket.lead_id, handler=person, by=signer, at=at("11-10 11:00"))


def test_a_result_needs_a_handler_who_may_be_one(city):
    """Signed without naming one: who submits is it, if they may be. 赣市改字〔2025〕10号 8."""
    ticket = contacted(city)
    person = UserFactory(unit=city.department, employment="contract", roles=["handler"])

    with pytest.raises(services.InputRefused, match="还不能提交，缺：主责办理人员（须为本单位在编人员）。"):
        submit(city, ticket, by=person, at=at("11-10 11:00"))
    assert fresh(ticket).lead.handler is None
    submit(city, ticket, by=city.handler, at=at("11-10 11:00"))

    assert fresh(ticket).lead.handler == city.handler


def test_a_handler_who_has_moved_to_another_unit_is_none(city):
    ticket = contacted(city)
    services.name_handler(assignment_id=ticket.lead_id, handler=city.handler2, by=city.liaison, at=at("11-10 11:00"))
    city.handler2.unit = city.other
    city.handler2.save()

    with pytest.raises(services.InputRefused, match="还不能提交，缺：主责办理人员（须为本单位在编人员）。"):
        submit(city, ticket, by=city.handler, at=at("11-10 11:30"))
    found = situation(fresh(ticket), city.handler, at("11-10 11:30"))

    assert [line.act for line in found.missing] == ["handler"]


def test_a_deputy_who_may_not_handle_does_not_become_the_handler(city):
    """Whoever stands in has the rights of the colleague who is away, and stays what they are."""
    ticket = contacted(city)
    deputy = UserFactory(unit=city.department, employment="contract", roles=["handler"])
    city.handler.deputy, city.handler.away_from = deputy, at("11-10 08:00")
    city.handler.save()

    with pytest.raises(services.InputRefused, match="还不能提交，缺：主责办理人员（须为本单位在编人员）。"):
        submit(city, ticket, by=deputy, at=at("11-10 11:00"))
    with pytest.raises(services.InputRefused, match="主责办理人员须为在编人员。"):
        services.name_handler(assignment_id=ticket.lead_id, handler=deputy, by=city.liaison, at=at("11-10 11:00"))

    assert (fresh(ticket).lead.handler, fresh(ticket).state) == (None, "in_progress")


def test_an_heir_who_may_not_handle_takes_nothing_over(city):
    ticket = signed(city)
    services.name_handler(assignment_id=ticket.lead_id, handler=city.handler, by=city.liaison, at=at("11-10 11:00"))
    heir = UserFactory(unit=city.department, employment="contract", roles=["handler"])

    with pytest.raises(DomainError, match="主责办理人员须为在编人员。"):
        hotline.deactivate_person(user=city.handler, heir=heir, by=None, at=at("11-11 10:00"))

    assert fresh(ticket).lead.handler == city.handler


def test_what_was_handed_over_needs_a_handler_of_the_new_unit(city):
    ticket = contacted(city)
    services.name_handler(assignment_id=ticket.lead_id, handler=city.handler, by=city.liaison, at=at("11-10 11:00"))
    person = UserFactory(unit=city.other, employment="contract", roles=["handler"])

    services.hand_over_part(
        assignment_id=ticket.lead_id, unit_to=city.other, reason="职能划转。", by=city.reviewer, at=at("11-10 11:10")
    )
    with pytest.raises(services.InputRefused, match="还不能提交，缺：主责办理人员（须为本单位在编人员）。"):
        submit(city, fresh(ticket), by=person, at=at("11-10 11:30"))

    assert fresh(ticket).lead.handler is None


def test_the_enterprises_own_staff_handles(city):
    ticket = contacted(city, unit=city.enterprise)
    submit(city, ticket, at=at("11-10 11:00"))

    assert fresh(ticket).lead.handler == city.enterprise_handler


def test_outsourced_people_handle_no_part_of_a_co_unit_either(city):
    ticket = signed(city, co_units=[city.other])
    person = UserFactory(unit=city.other, employment="outsourced", roles=["handler"])

    with pytest.raises(services.InputRefused, match="外包人员不得作经办人。"):
        services.sign_assignment(
            assignment_id=part_of(ticket, city.other).pk, handler=person, by=city.other_handler, at=at("11-10 11:00")
        )

    assert part_of(ticket, city.other).state == "pending_sign"


def test_new_calendar_moves_the_clock_and_says_so(city, committing):
    """A day off on Monday 16 November: due on Friday the 20th instead of Thursday the 19th."""
    ticket = contacted(city)
    days = [hotline.NamedDay(date(2026, 11, 16), is_workday=False, name="临时放假")]

    with committing():
        hotline.publish_calendar(year=2026, days=days, source="省政府通知", by=None, at=at("11-11 10:00"))

    ticket = fresh(ticket)
    event = ticket.events.order_by("-pk")[0]
    assert (event.act, event.assignment, event.source, event.target) == (
        "clock_moved",
        ticket.lead,
        "in_progress",
        "in_progress",
    )
    assert ticket.due_at == ticket.sort_at == at("11-20 17:30")
    assert TicketScope.objects.get(ticket=ticket).sort_at == at("11-20 17:30")
    assert services.reconcile_clock_moves(at=at("11-11 11:00")) == 0
    assert ticket.events.filter(act="clock_moved").count() == 1


def test_a_move_whose_message_is_lost_is_recorded_later(city, django_capture_on_commit_callbacks):
    """Moved twice while the broker was down: both are said, in order, once."""
    ticket = contacted(city)
    with django_capture_on_commit_callbacks(execute=False):
        for day, moment in ((16, "11-11 10:00"), (17, "11-11 10:05")):
            days = [
                hotline.NamedDay(date(2026, 11, off), is_workday=False, name="临时放假") for off in range(16, day + 1)
            ]
            hotline.publish_calendar(year=2026, days=days, source="省政府通知", by=None, at=at(moment))
    assert services.reconcile_clock_moves(at=at("11-11 10:00")) == 0  # still on its way

    assert services.reconcile_clock_moves(at=at("11-11 10:10")) == 2
    assert services.reconcile_clock_moves(at=at("11-11 10:20")) == 0

    moves = ticket.events.filter(act="clock_moved").order_by("pk")
    assert [(move.at, move.data["from"][5:16], move.data["to"][5:16]) for move in moves] == [
        (at("11-11 10:00"), "11-19T17:30", "11-20T17:30"),
        (at("11-11 10:05"), "11-20T17:30", "11-23T17:30"),
    ]
    assert fresh(ticket).due_at == at("11-23 17:30")


def test_a_scope_that_cannot_be_checked_does_not_hold_up_the_others(city):
    ticket = contacted(city)
    TicketScope.objects.filter(ticket=ticket).delete()

    with pytest.raises(hotline.RowsFailed, match="failed for 0; 1 others are done"):
        services.check_scopes([0, ticket.pk])

    assert TicketScope.objects.filter(ticket=ticket).count() == 1


@pytest.mark.parametrize("role", ["leader", "administrator"])
def test_to_belong_to_a_unit_is_not_to_handle_there(city, role):
    ticket = dispatched(city)
    person = UserFactory(unit=city.department, roles=(role,))

    assert not Ticket.objects.visible_to(person, NOW).exists()
    assert list(Ticket.objects.visible_to(city.handler, NOW)) == [ticket]
