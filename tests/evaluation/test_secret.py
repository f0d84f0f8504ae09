"""A restricted matter is called back like any other: by whoever was named for it; until then reviewers are asked."""

import pytest

from evaluation import selectors, services
from hotline.models import Notice
from tests.factories.evaluation import ANSWERED_AT, TUESDAY, WEDNESDAY, call, replied, take_appeal, work_on
from tests.factories.tickets import at, fresh
from tickets import services as tickets
from tickets.models import Ticket

LIST = "/follow-ups/"


def restricted(city, *, readers=()):
    """A matter that was restricted when it was dispatched, and answered since."""
    appeal = take_appeal(at=TUESDAY)
    ticket = Ticket.objects.get(pk=appeal.links.get(until=None).ticket_id)
    tickets.restrict_ticket(
        ticket_id=ticket.pk,
        readers=[city.handler, city.head, city.dispatcher, *readers],
        reason="举报人怕被知道。",
        by=city.reviewer,
        at=TUESDAY,
    )
    ticket = work_on(city, ticket)
    services.settle_ticket(ticket_id=ticket.pk, at=ANSWERED_AT)
    return fresh(ticket)


def asked():
    """Who was asked for a caller, each as often as they were."""
    rows = Notice.objects.filter(kind="caller_wanted").order_by("pk")
    return [(row.recipient.name, row.number) for row in rows.select_related("recipient")]


def benches(user, *, at=WEDNESDAY):
    rows = (*selectors.callers_to_name(user, at), *selectors.follow_ups_to_make(user, at))
    return [(row.queue, row.number) for row in rows]


def test_when_it_comes_to_follow_up_whoever_restricted_it_is_asked_to_name_a_caller(city):
    ticket = restricted(city)

    assert asked() == [(city.reviewer.name, ticket.number)]
    assert benches(city.reviewer) == [("保密回访", ticket.number)]
    for other in (city.reviewer2, city.dispatcher, city.caller):
        assert benches(other) == []


def test_until_somebody_may_call_they_are_reminded_once_a_day_and_not_at_night(city):
    restricted(city)
    for moment in ("11-10 17:00", "11-11 02:00", "11-11 09:00", "11-11 15:00", "11-12 09:00"):
        services.ask_for_callers(at=at(moment))

    assert len(asked()) == 3


def test_whoever_is_named_has_it_on_the_list_calls_and_closes_it(city, log_in, page_of):
    ticket = restricted(city)
    tickets.grant_access(
        ticket_id=ticket.pk, reader=city.caller, until=None, reason="回访。", by=city.reviewer, at=WEDNESDAY
    )

    assert services.ask_for_callers(at=WEDNESDAY) == 0
    assert benches(city.reviewer) == []
    row = selectors.follow_ups_waiting(city.caller, at=WEDNESDAY).get()
    assert benches(city.caller) == [("回访", row.appeal.number)]
    assert [cell.get_text(strip=True) for cell in page_of(city.caller, LIST).select("td.no")] == [row.appeal.number]
    assert page_of(city.caller2, LIST).select("td.no") == []
    call(city, row)
    assert fresh(ticket).state == "closed"
    # Whoever of those named is slower is told so; to others it does not exist.
    told = [log_in(who).post(f"{LIST}{row.pk}/number/").status_code for who in (city.caller, city.caller2)]
    assert told == [409, 404]


def test_named_from_the_start_nobody_is_asked(city):
    restricted(city, readers=[city.caller])

    assert asked() == []


def test_who_handled_it_or_whose_grant_is_over_may_not_call(city):
    ticket = restricted(city, readers=[city.caller])
    ticket.assignments.update(handler=city.caller)
    assert selectors.without_a_caller(at=WEDNESDAY).get() == ticket

    tickets.grant_access(
        ticket_id=ticket.pk,
        reader=city.caller2,
        until=at("11-12 09:00"),
        reason="回访。",
        by=city.reviewer,
        at=WEDNESDAY,
    )
    assert not selectors.without_a_caller(at=WEDNESDAY).exists()
    assert selectors.without_a_caller(at=at("11-12 09:00")).get() == ticket


def test_an_open_matter_needs_nobody_named(city):
    replied(city)

    assert not selectors.without_a_caller(at=WEDNESDAY).exists()
    assert asked() == []


@pytest.mark.parametrize("who", ["caller", "reviewer"])
def test_of_a_matter_that_is_restricted_while_it_waits_the_reviewer_is_asked(city, who):
    case = replied(city)
    readers = [getattr(city, who)]
    tickets.restrict_ticket(
        ticket_id=case.ticket.pk, readers=readers, reason="怕被知道。", by=city.reviewer, at=WEDNESDAY
    )
    services.settle_ticket(ticket_id=case.ticket.pk, at=WEDNESDAY)

    assert asked() == ([] if who == "caller" else [(city.reviewer.name, case.ticket.number)])
