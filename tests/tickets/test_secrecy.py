"""A matter that only named people see."""

import pytest

from hotline.errors import DomainError
from responsibility.models import RoutingExample
from tests.factories.tickets import acts, at, contacted, fresh, register, submit
from tickets import services
from tickets.models import Ticket, TicketScope

THEN = at("11-10 15:00")


def seen_by(city, ticket, when=THEN):
    people = ["dispatcher", "reviewer", "reviewer2", "handler", "head", "county_clerk"]
    return [who for who in people if Ticket.objects.visible_to(getattr(city, who), when).filter(pk=ticket.pk).exists()]


def restrict(city, ticket, *readers, when=THEN):
    return services.restrict_ticket(
        ticket_id=ticket.pk, readers=readers, reason="举报承办单位的人员。", by=city.reviewer, at=when
    )


def test_only_who_is_named_sees_it_and_the_named_handler_goes_on(city):
    ticket = contacted(city)
    assert seen_by(city, ticket) == ["dispatcher", "reviewer", "reviewer2", "handler", "head"]

    restrict(city, ticket, city.handler)

    assert seen_by(city, ticket) == ["reviewer", "handler"]
    submit(city, fresh(ticket), by=city.handler, at=THEN)
    assert (fresh(ticket).state, fresh(ticket).secrecy) == ("completion_review", "restricted")


def test_the_memory_of_routing_keeps_none_of_its_words(city):
    ticket = contacted(city)
    assert [bool(text) for text in RoutingExample.objects.values_list("text", flat=True)] == [True]

    restrict(city, ticket, city.handler, city.dispatcher)
    services.recall_ticket(ticket_id=ticket.pk, reason="派错单位。", by=city.dispatcher, at=THEN)

    kept = RoutingExample.objects.order_by("pk").values_list("outcome", "text")
    assert list(kept) == [("dispatched", ""), ("recalled", "")]


def test_opened_again_it_is_in_everybodys_lists(city):
    ticket = contacted(city)
    restrict(city, ticket)

    services.lift_restriction(ticket_id=ticket.pk, reason="查明不涉及承办人员。", by=city.reviewer, at=THEN)

    assert seen_by(city, ticket) == ["dispatcher", "reviewer", "reviewer2", "handler", "head"]
    assert acts(ticket)[-2:] == ["restrict_ticket", "lift_restriction"]


def test_a_grant_holds_until_its_end_and_can_be_moved(city):
    ticket = contacted(city)
    restrict(city, ticket)
    grant = {"ticket_id": ticket.pk, "reader": city.head, "reason": "须其审签。", "by": city.reviewer, "at": THEN}

    services.grant_access(until=at("11-12 00:00"), **grant)

    assert seen_by(city, ticket) == ["reviewer", "head"]
    assert seen_by(city, ticket, at("11-12 00:00")) == ["reviewer"]
    services.grant_access(until=None, **grant)
    assert seen_by(city, ticket, at("11-12 00:00")) == ["reviewer", "head"]
    assert TicketScope.objects.filter(ticket=ticket, user=city.head).count() == 1


@pytest.mark.parametrize(
    ("act", "words", "why"),
    [
        ("restrict_ticket", {"readers": [], "reason": " "}, "请写明为何保密。"),
        ("lift_restriction", {"reason": "经核。"}, "不是保密件。"),
        ("grant_access", {"until": None, "reason": "经核。"}, "不是保密件，不用授权。"),
    ],
)
def test_refused_acts_change_nothing(city, act, words, why):
    ticket = register()
    before = acts(ticket)
    if act == "grant_access":
        words = words | {"reader": city.handler}

    with pytest.raises(DomainError) as refused:
        getattr(services, act)(ticket_id=ticket.pk, by=city.reviewer, at=THEN, **words)

    assert str(refused.value) == why
    assert (acts(ticket), fresh(ticket).secrecy) == (before, "open")


def test_twice_is_refused_and_merged_ones_are_taken_apart_first(city):
    lead, other = register(), register()
    services.merge_ticket(ticket_id=other.pk, into_id=lead.pk, reason="同一件事。", by=city.dispatcher, at=THEN)
    for ticket in (lead, other):
        with pytest.raises(services.TransitionRefused, match="并单的工单须先拆回，才能设为保密。"):
            restrict(city, ticket)
    services.unmerge_ticket(ticket_id=other.pk, reason="不是同一件。", by=city.dispatcher, at=THEN)

    restrict(city, lead)

    with pytest.raises(services.TransitionRefused, match="已是保密件。"):
        restrict(city, lead)


def test_nobody_is_let_in_who_has_left_or_for_a_time_that_is_over(city):
    ticket = register()
    restrict(city, ticket)
    grant = {"ticket_id": ticket.pk, "reason": "须其审签。", "by": city.reviewer, "at": THEN}

    with pytest.raises(services.InputRefused, match="授权的止日须在今天以后。"):
        services.grant_access(reader=city.head, until=THEN, **grant)
    city.head.is_active = False
    with pytest.raises(services.InputRefused, match="陈刚已停用，不能授权。"):
        services.grant_access(reader=city.head, until=None, **grant)

    assert seen_by(city, ticket) == ["reviewer"]
