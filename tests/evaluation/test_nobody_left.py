"""A ticket that nobody waits for any more still has a way out: a reviewer, or whoever opens it, may end it."""

import pytest

from channels_merge import services as channels
from channels_merge.models import Channel, OutboxMessage
from evaluation import services
from evaluation.models import ReviewDecision
from tests.factories.channels_merge import make_accepted, ticket_of
from tests.factories.evaluation import TUESDAY, WEDNESDAY, decide, work_on
from tests.factories.tickets import at, fresh
from tickets import services as tickets


def withdraw(appeal):
    phone = Channel.objects.get(code="phone")
    channels.withdraw_appeal(appeal_id=appeal.pk, channel=phone, reason="不用了", by=None, at=TUESDAY)


def closes_as_withdrawn(city, ticket):
    services.settle_ticket(ticket_id=ticket.pk, at=WEDNESDAY)
    decision = ReviewDecision.objects.get(ticket=ticket, state="pending")
    decide(city, decision, verdict="close", by=city.reviewer)
    ticket = fresh(ticket)
    return (ticket.state, ticket.closing_kind) == ("closed", "withdrawn")


def withdrawn_while_merged(city, whose):
    """The lead and the ticket that was merged into it, taken apart after one of the two callers withdrew."""
    one, other = make_accepted(at=TUESDAY), make_accepted(at=TUESDAY, phone="13807970009")
    lead, ticket = ticket_of(one), ticket_of(other)
    tickets.merge_ticket(ticket_id=ticket.pk, into_id=lead.pk, reason="同一件。", by=city.dispatcher, at=TUESDAY)
    withdraw({"lead": one, "merged": other}[whose])
    assert not fresh(lead).withdrawal_proposed
    tickets.unmerge_ticket(ticket_id=ticket.pk, reason="不是同一件。", by=city.dispatcher, at=TUESDAY)
    return lead, ticket


def test_withdrawn_while_merged_and_taken_apart(city):
    lead, ticket = withdrawn_while_merged(city, "merged")

    assert (fresh(ticket).withdrawal_proposed, fresh(lead).withdrawal_proposed) == (True, False)
    assert closes_as_withdrawn(city, work_on(city, fresh(ticket)))


def test_the_last_but_a_merged_one_withdraws(city):
    lead, ticket = withdrawn_while_merged(city, "lead")

    assert (fresh(ticket).withdrawal_proposed, fresh(lead).withdrawal_proposed) == (False, True)


def test_closed_as_withdrawn_and_opened_again(city):
    appeal = make_accepted(at=TUESDAY)
    ticket = ticket_of(appeal)
    withdraw(appeal)
    tickets.close_as_withdrawn(ticket_id=ticket.pk, reason="都撤回了。", by=city.reviewer, at=TUESDAY)

    tickets.reopen_ticket(ticket_id=ticket.pk, same_unit=False, reason="其实没有撤。", by=city.reviewer, at=TUESDAY)

    assert fresh(ticket).withdrawal_proposed
    assert closes_as_withdrawn(city, work_on(city, fresh(ticket)))


def test_where_nobody_had_counted_it_is_asked_all_the_same(city):
    appeal = make_accepted(at=TUESDAY)
    ticket = work_on(city, ticket_of(appeal))
    withdraw(appeal)
    tickets.count_appeals(ticket_id=ticket.pk, live=1)

    assert closes_as_withdrawn(city, ticket)


@pytest.mark.parametrize(("phone", "told"), [("13807970009", 1), ("", 0)])
def test_who_still_waits_for_a_voided_matter_is_told(city, phone, told):
    """Whoever left no mobile number reads it on the page of the query code."""
    appeal = make_accepted(at=TUESDAY, phone=phone)
    gone = make_accepted(at=TUESDAY, phone="13807970010", ticket_id=ticket_of(appeal).pk)
    withdraw(gone)

    tickets.void_ticket(ticket_id=ticket_of(appeal).pk, reason="误登。", by=city.dispatcher, at=at("11-10 11:00"))

    messages = OutboxMessage.objects.filter(kind="voided")
    assert [message.appeal for message in messages] == [appeal] * told
    assert all("登记有误，这张单已作废，不再办理" in message.body for message in messages)
