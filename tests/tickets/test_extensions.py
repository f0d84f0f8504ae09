"""More time: asked before it is due, once, decided in time or refused."""

import pytest

from hotline import services as hotline
from tests.factories.hotline import UserFactory
from tests.factories.tickets import at, clocks, contacted, fresh, passed_down, pending_approval, running, submit
from tickets import rights, services, tasks
from tickets.models import ExtensionRequest
from tickets.signals import ticket_event
from tickets.timeline import ACTS


def ask(ticket, by, moment, days=3):
    services.request_extension(assignment_id=ticket.holder_id, days=days, reason="需邻市配合取证。", by=by, at=moment)
    return ExtensionRequest.objects.get(assignment=ticket.holder, decision="pending")


def test_granted_extension_runs_from_the_old_due_date(city):
    """7 working days from Tuesday 10 November: Thursday the 19th; three more: Tuesday the 24th."""
    ticket = contacted(city)
    request = ask(ticket, city.handler, at("11-12 09:00"))
    assert ticket.clocks.get(kind="extension").due_at == at("11-12 15:30")

    services.grant_extension(request_id=request.pk, reason="", by=city.reviewer, at=at("11-12 10:00"))

    assert clocks(ticket, kind="handle") == [("handle", "市城管局", "superseded"), ("handle", "市城管局", "")]
    new = ticket.clocks.get(kind="handle", stopped_at=None)
    assert (new.generation, new.due_at, fresh(ticket).due_at) == (2, at("11-24 17:30"), at("11-24 17:30"))
    event = ticket.events.order_by("-pk")[0]
    assert (event.act, event.note.public, event.data["days"]) == ("grant_extension", True, 3)


def test_one_waits_at_a_time(city):
    ticket = contacted(city)
    ask(ticket, city.handler, at("11-12 09:00"))

    with pytest.raises(services.TransitionRefused, match="已有一个延期申请在等审批。"):
        ask(ticket, city.handler, at("11-12 09:10"))


def test_the_second_is_the_heads_and_the_last(city):
    """Three working days from Thursday the 19th: Tuesday the 24th; five more: Tuesday 1 December."""
    chief = UserFactory(unit=city.centre, roles=("centre_head",))
    ticket = contacted(city)
    first = ask(ticket, city.handler, at("11-12 09:00"))
    with pytest.raises(services.ActNotAllowed, match="您的岗位没有这项权限。"):
        services.grant_extension(request_id=first.pk, reason="", by=chief, at=at("11-12 10:00"))
    services.grant_extension(request_id=first.pk, reason="", by=city.reviewer, at=at("11-12 10:00"))

    second = ask(ticket, city.handler, at("11-20 09:00"), days=5)
    with pytest.raises(services.ActNotAllowed, match="您的岗位没有这项权限。"):
        services.grant_extension(request_id=second.pk, reason="", by=city.reviewer, at=at("11-20 10:00"))
    services.grant_extension(request_id=second.pk, reason="", by=chief, at=at("11-20 10:00"))

    assert [(each.is_again, each.decision) for each in (fresh(first), fresh(second))] == [
        (False, "granted"),
        (True, "granted"),
    ]
    assert fresh(ticket).due_at == at("12-01 17:30")
    with pytest.raises(services.TransitionRefused, match="每件最多延期 2 次。"):
        ask(ticket, city.handler, at("11-25 09:00"))


@pytest.mark.parametrize(("kind", "most"), [("help", 7), ("complaint", 7), ("consult", 3)])
def test_the_second_is_as_long_as_the_limit_was_and_seven_days_at_most(city, kind, most):
    """What the first gave, one day, is not what the limit was."""
    ticket = contacted(city, kind=kind)
    first = ask(ticket, city.handler, at("11-10 15:00"), days=1)
    services.grant_extension(request_id=first.pk, reason="", by=city.reviewer, at=at("11-10 15:10"))

    with pytest.raises(services.InputRefused, match=f"延长天数须在 1 至 {most} 个工作日之间。"):
        ask(ticket, city.handler, at("11-11 09:00"), days=most + 1)
    assert ask(ticket, city.handler, at("11-11 09:00"), days=most).is_again


def test_a_county_gives_its_own_unit_a_second_time_only_what_the_head_gave_it(city):
    """From Thursday the 19th the county has until Thursday the 26th, then until the 27th; its unit until the 20th of its own."""
    chief = UserFactory(unit=city.centre, roles=("centre_head",))
    ticket = passed_down(city)
    county = ticket.lead

    def more(part, by, days, moment):
        services.request_extension(assignment_id=part.pk, days=days, reason="等检测。", by=by, at=at(moment))
        return ExtensionRequest.objects.get(assignment=part, decision="pending")

    first = more(county, city.county_clerk, 5, "11-11 09:00")
    services.grant_extension(request_id=first.pk, reason="", by=city.reviewer, at=at("11-11 09:10"))
    below = fresh(ticket).holder
    of_unit = more(below, city.county_handler, 2, "11-11 09:20")
    services.grant_extension(request_id=of_unit.pk, reason="", by=city.county_clerk2, at=at("11-11 09:30"))

    again = more(below, city.county_handler, 1, "11-12 09:00")
    services.grant_extension(request_id=again.pk, reason="", by=city.county_clerk2, at=at("11-12 09:10"))

    assert [fresh(each).is_again for each in (first, of_unit, again)] == [False, False, False]
    second = more(county, city.county_clerk, 1, "11-12 09:20")
    assert (second.is_again, rights.of_extension(second).permission) == (True, "tickets.extend_again")
    services.grant_extension(request_id=second.pk, reason="", by=chief, at=at("11-12 09:30"))
    assert fresh(ticket).due_at == at("11-27 17:30")


@pytest.mark.parametrize(
    "moment, why",
    [
        ("11-19 09:00", "延期须在到期前 1 个工作日申请。"),
        ("11-19 17:30", "已超过办理时限，不能再申请延期。"),
    ],
)
def test_too_late(city, moment, why):
    ticket = contacted(city)

    with pytest.raises(services.TransitionRefused, match=why):
        ask(ticket, city.handler, at(moment))


def test_the_day_before_is_in_time(city):
    ticket = contacted(city)

    assert ask(ticket, city.handler, at("11-18 17:00")).days == 3


@pytest.mark.parametrize("days", [0, 8])
def test_not_longer_than_the_limit_itself(city, days):
    ticket = contacted(city)

    with pytest.raises(services.InputRefused, match="延长天数须在 1 至 7 个工作日之间。"):
        ask(ticket, city.handler, at("11-12 09:00"), days=days)


def test_refused(city):
    ticket = contacted(city)
    request = ask(ticket, city.handler, at("11-12 09:00"))

    services.refuse_extension(request_id=request.pk, reason="时限足够。", by=city.reviewer, at=at("11-12 10:00"))

    assert fresh(request).decision == "refused"
    assert running(ticket) == [("handle", "市城管局", "")]
    assert fresh(ticket).due_at == at("11-19 17:30")


def test_nobody_decided_in_time(city, time_machine):
    """Four working hours from 09:00: three before noon, one from 14:30."""
    ticket = contacted(city)
    request = ask(ticket, city.handler, at("11-12 09:00"))
    time_machine.move_to(at("11-12 15:29"))
    assert tasks.lapse_extensions() == 0

    time_machine.move_to(at("11-12 15:30"))
    hotline.sweep_clocks(at=at("11-12 15:30"))
    assert tasks.lapse_extensions() == 1
    assert tasks.lapse_extensions() == 0

    request = fresh(request)
    assert (request.decision, request.decided_at, request.decided_by) == ("lapsed", at("11-12 15:30"), None)
    assert running(ticket) == [("handle", "市城管局", "")]
    assert fresh(ticket).due_at == at("11-19 17:30")
    assert ticket.events.filter(act="lapse_extension").count() == 1


def test_one_that_fails_does_not_hold_up_the_others(city, caplog):
    """The first of two fails; the other is refused, the task ends as failed, and the next run meets the first again."""
    first, second = contacted(city), contacted(city)
    requests = [ask(ticket, city.handler, at("11-12 09:00")) for ticket in (first, second)]

    def fail(sender, event, **kwargs):
        if event.ticket_id == first.pk:
            raise ValueError("broken")

    ticket_event.connect(fail)
    try:
        with pytest.raises(hotline.RowsFailed, match=f"failed for {first.lead_id}; 1 others are done"):
            services.lapse_extensions(at=at("11-12 15:30"))
    finally:
        ticket_event.disconnect(fail)

    assert [fresh(request).decision for request in requests] == ["pending", "lapsed"]
    assert f"failed for {first.lead_id}" in caplog.text
    assert services.lapse_extensions(at=at("11-12 15:31")) == 1
    assert fresh(requests[0]).decision == "lapsed"


def test_a_result_makes_the_request_idle(city):
    ticket = contacted(city)
    request = ask(ticket, city.handler, at("11-12 09:00"))

    submit(city, ticket, at=at("11-12 09:30"))

    assert fresh(request).decision == "cancelled"
    assert running(ticket) == [("approval", "", "")]
    with pytest.raises(services.TransitionRefused, match="这一延期申请已决定：已取消。"):
        services.grant_extension(request_id=request.pk, reason="", by=city.reviewer, at=at("11-12 10:00"))


def test_the_countys_request_is_idle_once_its_departments_result_is_signed(city):
    ticket = passed_down(city)
    services.record_contact(assignment_id=ticket.holder_id, reached=True, by=city.county_handler, at=at("11-10 11:00"))
    services.request_extension(
        assignment_id=ticket.lead_id, days=2, reason="会商。", by=city.county_clerk, at=at("11-12 09:00")
    )
    submit(city, fresh(ticket), at=at("11-12 09:30"))
    assert fresh(ticket).lead.extensionrequests.get().decision == "pending"

    services.approve(approval_id=pending_approval(ticket).pk, by=city.county_head, at=at("11-12 10:00"))

    assert fresh(ticket).lead.extensionrequests.get().decision == "cancelled"
    assert running(ticket) == [("approval", "", "")]


def test_not_decided_while_the_ticket_is_out_of_hand(city):
    """Deferred with a request pending: it waits too, and its clock runs on with the others."""
    ticket = contacted(city)
    request = ask(ticket, city.handler, at("11-12 09:00"))
    services.defer_ticket(ticket_id=ticket.pk, reason="列入计划。", by=city.reviewer, at=at("11-12 09:10"))

    with pytest.raises(services.TransitionRefused, match="工单当前为“挂账”，不能执行该操作。"):
        services.refuse_extension(request_id=request.pk, reason="时限足够。", by=city.reviewer, at=at("11-12 10:00"))

    assert fresh(request).decision == "pending"
    services.resume_ticket(ticket_id=ticket.pk, reason="恢复。", by=city.reviewer, at=at("11-13 09:00"))
    services.refuse_extension(request_id=request.pk, reason="时限足够。", by=city.reviewer, at=at("11-13 10:00"))
    assert running(ticket) == [("handle", "市城管局", "")]


def test_a_county_decides_for_its_own_within_its_own_limit(city):
    """Both are due on Thursday the 19th. The county has no day to give before the city has given it some."""
    ticket = passed_down(city)
    request = ask(ticket, city.county_handler, at("11-12 09:00"))
    with pytest.raises(services.ActNotAllowed, match="由交办它的上级单位决定。"):
        services.grant_extension(request_id=request.pk, reason="", by=city.reviewer, at=at("11-12 10:00"))
    with pytest.raises(services.TransitionRefused, match="延期后会超过本中心自己的办理时限，请先向市中心申请延期。"):
        services.grant_extension(request_id=request.pk, reason="", by=city.county_clerk, at=at("11-12 10:00"))

    services.request_extension(
        assignment_id=ticket.lead_id, days=4, reason="下级需会商。", by=city.county_clerk2, at=at("11-12 10:10")
    )
    above = ExtensionRequest.objects.get(assignment=ticket.lead)
    services.grant_extension(request_id=above.pk, reason="", by=city.reviewer, at=at("11-12 10:20"))
    services.grant_extension(request_id=request.pk, reason="", by=city.county_clerk, at=at("11-12 10:30"))

    assert ticket.clocks.get(assignment=ticket.holder_id, kind="handle", stopped_at=None).due_at == at("11-24 17:30")
    assert fresh(ticket).due_at == at("11-25 17:30")
    # What the citizen reads is the date of the city.
    shown = ticket.events.filter(act__startswith="grant_extension").order_by("pk")
    assert [(each.act, each.note.public, bool(ACTS[each.act].public)) for each in shown] == [
        ("grant_extension", True, True),
        ("grant_extension_below", False, False),
    ]


def test_breaches_of_the_old_clock_stay(city):
    ticket = contacted(city)
    request = ask(ticket, city.handler, at("11-18 17:00"))
    hotline.sweep_clocks(at=at("11-19 08:30"))

    services.grant_extension(request_id=request.pk, reason="", by=city.reviewer, at=at("11-19 09:00"))

    old, new = ticket.clocks.filter(kind="handle").order_by("pk")
    assert [breach.threshold for breach in old.breaches.all()] == ["soon"]
    assert list(new.breaches.all()) == []
