"""Whoever sent a message hears how it ended, by message and once."""

import pytest

from channels_merge import services
from channels_merge.models import OutboxMessage
from channels_merge.services import mass, reconciling
from evaluation import services as evaluation
from evaluation.models import FollowUp
from hotline import parameters
from hotline.services import set_parameter
from tests.factories.channels_merge import PhoneChannelFactory, make_accepted, make_appeal, ticket_of
from tests.factories.evaluation import TUESDAY, WEDNESDAY, call, work_on
from tests.factories.tickets import REPLY, at, fresh

LATER = at("11-10 13:00")


def messages(appeal, kind):
    return [row.body for row in OutboxMessage.objects.filter(appeal=appeal, kind=kind).order_by("pk")]


ENDS = {
    "redirected": (services.redirect_appeal, {"legal_route": "litigation", "told": "请向法院起诉。"}),
    "explained": (services.explain_appeal, {"ground": "privacy", "told": "涉及他人隐私，不能告知。"}),
    "handed_over": (services.hand_to_police, {"told": "24 小时内来电 40 次辱骂。"}),
}
SAID = {
    "redirected": "须走法定途径：请向法院起诉。",
    "explained": "不能受理，说明如下：涉及他人隐私，不能告知。",
    "handed_over": "已按规定移交公安机关。有疑问请拨 12345。",
}


@pytest.mark.parametrize("kind", ENDS)
def test_who_wrote_is_told_that_it_is_not_taken_up_and_why(city, kind):
    service, words = ENDS[kind]
    appeal = make_appeal(at=TUESDAY)
    service(appeal_id=appeal.pk, by=None, at=LATER, **words)

    assert messages(appeal, kind) == [f"【赣州12345】您反映的事（编号 {appeal.number}）{SAID[kind]}"]


@pytest.mark.parametrize("kind", ENDS)
def test_who_spoke_with_an_agent_has_heard_it_and_who_left_no_number_cannot_be_told(city, kind):
    service, words = ENDS[kind]
    for appeal in (make_appeal(at=TUESDAY, channel=PhoneChannelFactory()), make_appeal(at=TUESDAY, phone="")):
        service(appeal_id=appeal.pk, by=None, at=LATER, **words)
        assert messages(appeal, kind) == []


@pytest.fixture
def closed(city):
    """A ticket that closed after the call of the one who wants to be called: (by web, by web and no call wanted, by phone)."""
    first = make_accepted(at=TUESDAY, phone="13807970001")
    ticket = ticket_of(first)
    second = make_accepted(at=TUESDAY, phone="13807970002", ticket_id=ticket.pk, wants_follow_up=False)
    third = make_accepted(
        at=TUESDAY, phone="13807970003", ticket_id=ticket.pk, channel=PhoneChannelFactory(), wants_follow_up=False
    )
    work_on(city, ticket)
    evaluation.settle_ticket(ticket_id=ticket.pk, at=WEDNESDAY)
    call(city, FollowUp.objects.get(appeal=first))
    assert fresh(ticket).state == "closed"
    return first, second, third


def test_who_wrote_is_told_once_that_it_is_closed_and_how(closed):
    event = ticket_of(closed[0]).events.get(act="close")
    assert (mass.tell_senders(event_id=event.pk), mass.tell_senders(event_id=event.pk)) == (2, 0)

    first, second, third = closed
    assert messages(first, "closed") == [
        f"【赣州12345】您反映的事（编号 {first.number}）已办结：{REPLY} 凭查询码 {first.code} 在网页查看经过。"
    ]
    assert len(messages(second, "closed")) == 1
    assert messages(third, "closed") == []


def test_what_a_lost_task_left_unsaid_is_said_by_the_clock(closed):
    assert mass.tell_missed_senders(since=WEDNESDAY) == 1
    assert mass.tell_missed_senders(since=WEDNESDAY) == 0
    assert reconciling.reconcile(at=WEDNESDAY)["ends"] == 0


def test_of_a_mass_matter_nobody_hears_the_same_words_twice(closed):
    set_parameter(key="mass_matter_appeals", value="2", valid_from=TUESDAY, source="测试", by=None, at=TUESDAY)
    parameters.forget_parameters()

    assert mass.tell_senders(event_id=ticket_of(closed[0]).events.get(act="close").pk) == 0
