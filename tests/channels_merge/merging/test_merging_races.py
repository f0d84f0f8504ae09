"""Two reviewers on one pair, and a ticket that is closed while it is confirmed. Slow: real transactions, real threads."""

import threading

import pytest
from django.db import connection, transaction

from channels_merge.models import MergeRecord, MergeSwitch
from channels_merge.services import merging
from hotline.errors import DomainError
from tests.channels_merge.merging.factories import LATER, a_pair
from tests.factories.channels_merge import NOON, ChannelFactory, ticket_of
from tests.factories.evaluation import add_callers
from tests.factories.hotline import load_rules
from tests.factories.tickets import fresh, make_city
from tests.races import PATIENCE, race, wait_for_somebody_to_wait
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def in_a_thread(act):
    said = []

    def run():
        try:
            said.append(act().sentence)
        except DomainError as refused:
            said.append(str(refused))
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, said


def test_the_second_reviewer_is_told_who_was_faster():
    load_rules()
    city = add_callers(make_city())
    proposal, _, second = a_pair()
    with transaction.atomic():
        merging.confirm_proposal(proposal_id=proposal.pk, how="accept", by=city.dispatcher, at=LATER)
        thread, said = in_a_thread(
            lambda: merging.refuse_proposal(proposal_id=proposal.pk, by=city.dispatcher2, at=LATER)
        )
        wait_for_somebody_to_wait()
        assert thread.is_alive()
    thread.join(PATIENCE)

    assert said == ["王*已于 13:00 记为“是同一件”，没有重复办理。"]
    assert (fresh(proposal).state, fresh(second).state, MergeRecord.objects.count()) == ("confirmed", "accepted", 1)


def test_who_waits_for_the_ticket_sees_it_closed():
    load_rules()
    city = add_callers(make_city())
    proposal, first, second = a_pair()
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update().get(pk=ticket_of(first).pk)
        thread, said = in_a_thread(
            lambda: merging.confirm_proposal(proposal_id=proposal.pk, how="accept", by=city.dispatcher, at=LATER)
        )
        wait_for_somebody_to_wait()
        assert thread.is_alive()
        merging.tickets.void_ticket(ticket_id=ticket.pk, reason="重复登记", by=city.dispatcher, at=LATER)
    thread.join(PATIENCE)

    assert said == [f"工单 {ticket.number} 是“已作废”，不能再挂接，请另建工单。"]
    assert (fresh(proposal).state, fresh(second).state) == ("open", "received")


def test_a_switch_is_turned_on_by_two_at_the_same_moment():
    load_rules()
    city = make_city()
    channel = ChannelFactory()

    def turn_on():
        merging.switch_on(channel=channel, by=city.reviewer, at=NOON)

    assert race(turn_on, turn_on) == "这里已经开启自动并单。"
    assert MergeSwitch.objects.filter(off_at=None).count() == 1
