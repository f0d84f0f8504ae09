"""Whoever opens a ticket is told which colleague has it open too; nobody else is, and nothing is kept of it."""

import pytest
from django.test import Client

from hotline import idle
from tests.factories.tickets import NOW, at, signed
from tickets.services.presence import look


@pytest.fixture
def opens():
    """`opens(user, ticket)`: the page, each person in a session of their own."""
    clients = {}

    def open_as(user, ticket, address=""):
        if user.pk not in clients:
            clients[user.pk] = Client()
            clients[user.pk].force_login(user, "django.contrib.auth.backends.ModelBackend")
        page = clients[user.pk].get(f"/tickets/{ticket.number}/{address}")
        assert page.status_code == 200
        return [person.name for person in page.context["present"]]

    open_as.clients = clients
    return open_as


def test_colleagues_on_one_ticket_read_of_each_other_until_one_has_gone(city, opens, time_machine_at):
    ticket, another = signed(city), signed(city)
    assert opens(city.handler, ticket) == []
    assert opens(city.handler2, ticket) == ["张伟"]
    assert opens(city.handler2, another) == []

    time_machine_at("11-10 10:01")
    assert opens(city.handler, ticket, "present/") == ["刘洋"]
    fragment = opens.clients[city.handler.pk].get(f"/tickets/{ticket.number}/present/").content.decode()
    assert fragment.strip() == '<span class="tg">刘*（市城管局）也在看本件</span>'

    time_machine_at("11-10 10:02")
    assert opens(city.handler, ticket, "present/") == []


def test_other_units_read_nothing_of_it_and_strangers_leave_nothing(city, opens):
    ticket = signed(city, co_units=[city.other])
    opens(city.handler, ticket)

    assert opens(city.other_handler, ticket) == []
    assert opens(city.dispatcher, ticket) == []
    assert opens(city.reviewer, ticket) == ["王敏"]
    stranger = Client()
    stranger.force_login(city.third_handler, "django.contrib.auth.backends.ModelBackend")
    assert stranger.get(f"/tickets/{ticket.number}/present/").status_code == 404
    assert look(ticket=ticket, by=city.third_head, at=NOW) == []


def test_the_asking_of_the_page_keeps_no_session_awake(city, opens, time_machine_at):
    ticket = signed(city)
    opens(city.handler, ticket)
    time_machine_at("11-10 10:01")
    opens(city.handler, ticket, "present/")

    assert opens.clients[city.handler.pk].session[idle.SEEN] == NOW.timestamp()


@pytest.mark.parametrize(("others", "queries"), [(0, 0), (1, 1), (3, 1)])
def test_whoever_is_alone_costs_nothing_and_many_what_one_does(city, django_assert_num_queries, others, queries):
    ticket = signed(city)
    for user in (city.handler2, city.liaison, city.head)[:others]:
        look(ticket=ticket, by=user, at=NOW)

    with django_assert_num_queries(queries):
        people = look(ticket=ticket, by=city.handler, at=at("11-10 10:00"))
        assert [person.unit.short_name for person in people] == ["市城管局"] * others
