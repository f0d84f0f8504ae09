"""A last day is until the day after; there is none after the last of the calendar."""

import pytest

from tests.tickets_pages.cases import CASES, REASON, doer, url
from tickets.models import TicketScope

pytestmark = pytest.mark.django_db
LAST = "9999-12-31"


def test_a_list_until_the_last_of_all_days_is_one_without_an_end(city, log_in):
    ticket = CASES["note"].make(city)
    client = log_in(city.dispatcher)

    answer = client.get("/tickets/", {"last_day": LAST})

    assert [row.number for row, _ in answer.context["rows"]] == [ticket.number]


def test_access_until_the_last_of_all_days_is_for_good(city, log_in):
    case = CASES["grant-access"]
    ticket = case.make(city)

    log_in(doer(city, case)).post(
        url(ticket, "grant-access"), {"readers": city.handler.username, "last_day": LAST, "reason": REASON}
    )

    assert TicketScope.objects.get(ticket=ticket, user=city.handler).until is None
