"""Two people on one ticket: one wins, the other is told who did what, and nothing is half done.

Real threads on connections of their own. The faster one has acted and not committed while the slower one waits for
the ticket; only then is the commit given.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from hotline import services as hotline
from tests.factories.experience import lights, make_sure_city
from tests.factories.hotline import CountyDepartmentFactory, load_rules
from tests.factories.tickets import (
    acts,
    at,
    contacted,
    dispatched,
    followed_up,
    fresh,
    make_city,
    pending_approval,
    register,
    running,
    signed,
    state_of,
    submitted,
)
from tests.races import PATIENCE, alone, race
from tickets import services
from tickets.models import Assignment, AutomaticDispatch, ExtensionRequest, ReturnRequest
from tickets.states import LIVE_ASSIGNMENT_STATES

MOMENT = at("11-10 11:00")


@pytest.fixture
def city(transactional_db):
    load_rules()
    return make_city()

    raise AssertionError("nobody waited for the ticket")


def doing(name, **words):
    return lambda: getattr(services, name)(at=MOMENT, **words)


def give(ticket, unit, by):
    return doing("dispatch_ticket", ticket_id=ticket.pk, unit=unit, item=None, by=by)


def test_two_dispatchers(city):
    ticket = register()

    told = race(give(ticket, city.department, city.dispatcher), give(ticket, city.other, city.dispatcher2))

    assert told == "王*已于 11:00 执行“派单”。工单当前为“待签收”，不能执行该操作。"
    assert acts(ticket) == ["register", "dispatch"]
    assert list(ticket.assignments.values_list("unit", flat=True)) == [city.department.pk]
    assert running(ticket) == [("contact", "市城管局", ""), ("handle", "市城管局", ""), ("sign", "市城管局", "")]
    assert services.check_scopes([ticket.pk]) == []


def test_of_many_one(city):
    """Nobody waits for anybody on purpose: whoever comes first."""
    ticket = register()
    units = [city.department, city.other, city.third, city.enterprise, city.county]
    start = threading.Barrier(len(units))

    def give_to(unit):
        start.wait(PATIENCE)
        give(ticket, unit, city.dispatcher)()

    with ThreadPoolExecutor(len(units)) as pool:
        told = list(pool.map(lambda unit: alone(lambda: give_to(unit)), units))

    assert sorted(told) == ["", *["工单当前为“待签收”，不能执行该操作。"] * 4]
    assert acts(ticket) == ["register", "dispatch"]
    assert [part.unit for part in ticket.assignments.all()] == [units[told.index("")]]


def test_signed_when_just_recalled(city):
    ticket = dispatched(city)
    part = ticket.lead

    told = race(
        doing("recall_ticket", ticket_id=ticket.pk, reason="派错。", by=city.dispatcher),
        doing("sign_assignment", assignment_id=part.pk, by=city.handler),
    )

    assert told == "王*已于 11:00 执行“中心撤回派单”。本单位的承办已是“已收回”。"
    assert acts(ticket) == ["register", "dispatch", "recall"]
    assert (state_of(ticket), fresh(part).state, fresh(part).signed_at) == ("pending_dispatch", "taken_back", None)
    assert running(ticket) == [("dispatch", "", "")]


def test_recalled_when_just_signed(city):
    """A recall is good in both states: it comes after the signature, whole."""
    ticket = dispatched(city)
    part = ticket.lead

    told = race(
        doing("sign_assignment", assignment_id=part.pk, by=city.handler),
        doing("recall_ticket", ticket_id=ticket.pk, reason="派错。", by=city.dispatcher),
    )

    assert told == ""
    assert acts(ticket) == ["register", "dispatch", "sign", "recall"]
    assert (state_of(ticket), fresh(part).state, running(ticket)) == (
        "pending_dispatch",
        "taken_back",
        [("dispatch", "", "")],
    )


@pytest.mark.parametrize(
    "faster, slower, told, state",
    [
        ("approve", "send_back", "陈*已于 11:00 执行“答复审定”。这一审核已处理：通过。", "pending_followup"),
        ("send_back", "approve", "陈*已于 11:00 执行“审核退回”。这一审核已处理：退回。", "in_progress"),
        ("approve", "approve", "陈*已于 11:00 执行“答复审定”。这一审核已处理：通过。", "pending_followup"),
    ],
    ids=["approved", "sent_back", "both_approve"],
)
def test_two_heads_on_one_result(city, faster, slower, told, state):
    ticket = submitted(city)
    approval = pending_approval(ticket)
    words = {"approve": {}, "send_back": {"reason": "照片看不清。"}}

    heard = race(
        doing(faster, approval_id=approval.pk, by=city.head, **words[faster]),
        doing(slower, approval_id=approval.pk, by=city.head2, **words[slower]),
    )

    assert heard == told
    assert (state_of(ticket), [act for act in acts(ticket) if act in words]) == (state, [faster])
    assert fresh(approval).decided_by == city.head


@pytest.mark.parametrize(
    "faster, slower, told, state",
    [
        (
            "grant_return",
            "refuse_return",
            "王*已于 11:00 执行“同意退单”。这一退单申请已决定：同意。",
            "pending_dispatch",
        ),
        (
            "refuse_return",
            "grant_return",
            "王*已于 11:00 执行“不同意退单”。这一退单申请已决定：不同意。",
            "in_progress",
        ),
    ],
)
def test_two_deciders_on_one_return(city, faster, slower, told, state):
    ticket = signed(city)
    services.request_return(
        assignment_id=ticket.lead_id, ground="not_our_duty", reason="不归我们管。", by=city.handler, at=MOMENT
    )
    request = ReturnRequest.objects.get()

    heard = race(
        doing(faster, request_id=request.pk, reason="经核。", by=city.dispatcher),
        doing(slower, request_id=request.pk, reason="经核。", by=city.dispatcher2),
    )

    assert heard == told
    assert acts(ticket) == ["register", "dispatch", "sign", "request_return", faster]
    assert (state_of(ticket), fresh(ticket).return_count) == (state, int(faster == "grant_return"))
    assert services.check_scopes([ticket.pk]) == []


def test_two_windows_with_one_visit(city):
    ticket = signed(city)
    visit = {"assignment_id": ticket.lead_id, "found": "已停工。", "visited_at": at("11-10 10:30")}

    told = race(
        doing("record_onsite", by=city.handler, **visit),
        doing("record_onsite", by=city.handler, **visit),
    )

    assert told == ""
    assert acts(ticket) == ["register", "dispatch", "sign", "record_onsite"]
    assert ticket.onsite_records.count() == 1


def test_granted_when_the_sweep_just_refused(city):
    ticket = contacted(city)
    services.request_extension(assignment_id=ticket.lead_id, days=2, reason="会商。", by=city.handler, at=MOMENT)
    request = ExtensionRequest.objects.get()
    late = at("11-11 09:00")

    told = race(
        lambda: services.lapse_extension(assignment_id=ticket.lead_id, at=late),
        lambda: services.grant_extension(request_id=request.pk, reason="", by=city.reviewer, at=late),
    )

    assert told == "这一延期申请已决定：逾时未批。"
    assert acts(ticket)[-1] == "lapse_extension"
    assert fresh(ticket).due_at == at("11-19 17:30")


def test_each_merged_into_the_other(city):
    """Both lock both in the same order: no deadlock, one merge."""
    one, two = register(), register()

    def merge(ticket, into, by):
        return doing("merge_ticket", ticket_id=ticket.pk, into_id=into.pk, reason="同一件。", by=by)

    told = race(merge(one, two, city.dispatcher), merge(two, one, city.dispatcher2))

    assert told == "王*已于 11:00 执行“并入 1 件”。并单关系刚被改动，请重新打开本页。"
    assert (state_of(one), state_of(two)) == ("merged", "pending_dispatch")
    assert (fresh(one).merged_count, fresh(two).merged_count) == (0, 1)


# --- a unit ends while it is given work


def as_lead(city):
    ticket = register()
    return ticket, give(ticket, city.department, city.dispatcher)


def as_co_unit(city):
    ticket = dispatched(city, unit=city.third)
    return ticket, doing("add_co_unit", ticket_id=ticket.pk, unit=city.department, task="查。", by=city.dispatcher)


def as_first_handler(city):
    ticket = register()
    services.refer_to_ruling(ticket_id=ticket.pk, reason="无人认领。", by=city.dispatcher, at=MOMENT)
    return ticket, doing(
        "rule_first_handler", ticket_id=ticket.pk, unit=city.department, item=None, reason="相近。", by=city.reviewer
    )


def handed_over(city):
    ticket = dispatched(city, unit=city.third)
    return ticket, doing(
        "hand_over_part", assignment_id=ticket.lead_id, unit_to=city.department, reason="划转。", by=city.reviewer
    )


def passed_to_the_county_department(city):
    ticket = signed(city, unit=city.county)
    return ticket, doing(
        "pass_down", assignment_id=ticket.lead_id, unit=city.county_department, item=None, by=city.county_clerk
    )


def done_again(city):
    ticket = followed_up(city)
    return ticket, doing("redo_ticket", ticket_id=ticket.pk, reason="没有办。", by=city.reviewer)


GIVEN = {
    "dispatched": (as_lead, "department", "{}已停用，请选择承接单位。"),
    "co_unit": (as_co_unit, "department", "{}已停用，请选择承接单位。"),
    "ruled": (as_first_handler, "department", "{}已停用，请选择承接单位。"),
    "handed_over": (handed_over, "department", "请选择另一个在用的单位承接。"),
    "passed_down": (passed_to_the_county_department, "county_department", "{}已停用，请选择承接单位。"),
    "redo": (done_again, "department", ""),
}


def end_of(city, name):
    unit = getattr(city, name)
    heir = city.other if name == "department" else CountyDepartmentFactory(parent=city.county, function="housing")
    return unit, heir, lambda: hotline.abolish_unit(unit=unit, successor=heir, by=None, at=MOMENT)


def live_parts_of(unit):
    return list(Assignment.objects.filter(unit=unit, state__in=sorted(LIVE_ASSIGNMENT_STATES)))


@pytest.mark.parametrize("name", GIVEN)
def test_given_to_a_unit_that_has_just_ended(city, name):
    make, unit_name, told = GIVEN[name]
    ticket, giving = make(city)
    unit, _heir, ending = end_of(city, unit_name)

    heard = race(ending, giving)

    assert heard == told.format(unit.name)
    assert live_parts_of(unit) == []
    assert services.check_scopes([ticket.pk]) == []


@pytest.mark.parametrize("name", GIVEN)
def test_ended_when_it_was_just_given_work(city, name):
    """What was given goes to the heir like everything in hand."""
    make, unit_name, _told = GIVEN[name]
    ticket, giving = make(city)
    unit, heir, ending = end_of(city, unit_name)

    assert race(giving, ending) == ""

    assert live_parts_of(unit) == []
    assert [part.ticket_id for part in live_parts_of(heir)] == [ticket.pk]
    assert services.check_scopes([ticket.pk]) == []


def test_those_who_give_to_one_unit_do_not_wait_for_each_other(city):
    one, two = register(), register()
    with transaction.atomic():
        give(one, city.county, city.dispatcher)()
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(alone, give(two, city.county, city.dispatcher2)).result(PATIENCE) == ""

    assert [state_of(one), state_of(two)] == ["pending_sign", "pending_sign"]


def test_a_dispatcher_and_the_system(transactional_db):
    """Whoever was faster wins: the other finds the ticket dispatched."""
    city = make_sure_city()
    first, second = lights(city), lights(city)

    after_a_person = race(give(first, city.department, city.dispatcher), by_itself(first))
    after_the_system = race(by_itself(second), give(second, city.department, city.dispatcher))

    assert (fresh(first).lead.unit, fresh(second).lead.unit) == (city.department, city.county)
    assert list(AutomaticDispatch.objects.values_list("ticket", flat=True)) == [second.pk]
    assert after_a_person == ""
    assert after_the_system == "系统已于 11:00 执行“派单”。工单当前为“待签收”，不能执行该操作。"


def by_itself(ticket):
    return doing("dispatch_by_itself", ticket_id=ticket.pk, unless=lambda: False)
