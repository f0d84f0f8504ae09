"""Queues read their own rows: what stands there twice agrees with the part and the running clock."""

import pytest

from hotline.roles import ROLES
from tests.factories.tickets import (
    NOW,
    at,
    contacted,
    dispatched,
    fresh,
    part_of,
    passed_down,
    pending_approval,
    signed,
    submitted,
)
from tickets import services
from tickets.models import Approval, ExtensionRequest, ReturnRequest, TicketScope

REASON = "不属于本单位的职责。"


def clock_of(ticket, kind, **fields):
    return ticket.clocks.get(kind=kind, stopped_at=None, **fields)


def task_of(ticket, unit):
    return TicketScope.objects.get(ticket=ticket, unit=unit).task


def test_an_approval_waits_until_its_clock_is_due(city):
    ticket = submitted(city)
    step = pending_approval(ticket)

    assert step.due_at == clock_of(ticket, "approval").due_at

    services.approve(approval_id=step.pk, by=city.head, at=at("11-10 11:30"))
    assert fresh(step).due_at is None


def test_a_return_waits_for_whoever_gave_the_part_until_its_clock_is_due(city):
    of_city = dispatched(city)
    services.request_return(
        assignment_id=of_city.lead_id, ground="not_our_duty", reason=REASON, by=city.handler, at=NOW
    )
    below = passed_down(city)
    services.request_return(
        assignment_id=below.holder_id, ground="not_our_duty", reason=REASON, by=city.county_handler, at=NOW
    )

    first, second = ReturnRequest.objects.order_by("pk")

    assert (first.decider, first.due_at) == (None, clock_of(of_city, "return_review").due_at)
    assert (second.decider, second.due_at) == (city.county, clock_of(below, "return_review").due_at)
    services.refuse_return(request_id=first.pk, reason="属于职责。", by=city.dispatcher, at=NOW)
    assert fresh(first).due_at is None


def test_an_extension_waits_until_its_clock_is_due_and_not_while_the_ticket_is_laid_aside(city):
    ticket = contacted(city)
    services.request_extension(assignment_id=ticket.lead_id, days=2, reason="等天气。", by=city.handler, at=NOW)
    asked = ExtensionRequest.objects.get()
    assert (asked.decider, asked.due_at) == (None, clock_of(ticket, "extension").due_at)

    services.void_ticket(ticket_id=ticket.pk, reason="误登。", by=city.dispatcher, at=at("11-10 11:00"))
    assert fresh(asked).due_at is None
    services.restore_ticket(ticket_id=ticket.pk, reason="误作废。", by=city.dispatcher, at=at("11-12 11:00"))
    assert fresh(asked).due_at == clock_of(ticket, "extension").due_at


def test_a_scope_row_says_what_its_unit_must_do_next(city):
    ticket = dispatched(city, co_units=[city.other])
    assert task_of(ticket, city.department) == "sign"
    ticket = signed(city, co_units=[city.other])
    assert (task_of(ticket, city.department), task_of(ticket, city.other)) == ("contact", "sign")
    assert task_of(contacted(city), city.department) == "work"
    assert task_of(submitted(city), city.department) == ""
    below = passed_down(city)
    assert (task_of(below, city.county), part_of(below, city.county).state) == ("", "signed")
    assert task_of(below, city.county_department) == "contact"


def test_the_nightly_check_puts_queues_right(city):
    ticket = submitted(city)
    Approval.objects.update(due_at=None)
    other = contacted(city)
    TicketScope.objects.filter(ticket=other).update(task="", is_redo=True)

    assert services.check_scopes([ticket.pk, other.pk]) == [ticket.pk, other.pk]
    assert services.check_scopes([ticket.pk, other.pk]) == []
    assert pending_approval(ticket).due_at == clock_of(ticket, "approval").due_at
    assert task_of(other, city.department) == "work"


DECIDING = ("approve_result", "review_completion", "decide_return", "decide_extension")


@pytest.mark.parametrize("code", sorted(ROLES))
def test_whoever_decides_sees_the_matters_of_the_queue(code):
    """The queues leave out restricted tickets only: what is in them must be visible to the role by itself."""
    held = ROLES[code].permissions

    if any(f"tickets.{name}" in held for name in DECIDING):
        assert {"tickets.view_all_tickets", "tickets.handle_ticket"} & set(held)
