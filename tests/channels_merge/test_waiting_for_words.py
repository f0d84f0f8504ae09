"""Somebody was asked for more and does not answer: it is waited for until a date, seen by whoever decides, and told."""

from datetime import timedelta

import pytest

from channels_merge import services
from channels_merge.models import AppealClock, Channel
from hotline import services as hotline
from supervision.models import Reminder
from tests.factories.channels_merge import ChannelFactory, make_appeal
from tests.factories.tickets import NOW, at


def clocks(appeal):
    rows = AppealClock.objects.filter(appeal=appeal).order_by("pk")
    return [(row.kind, row.generation, row.outcome) for row in rows]


def asked(**fields):
    appeal = make_appeal(at=NOW, **fields)
    services.need_info(appeal_id=appeal.pk, told="请补充地点。", by=None, at=NOW)
    return appeal


def test_it_is_waited_for_three_working_days_and_the_dispatchers_hear(city):
    appeal = asked()

    clock = AppealClock.objects.get(appeal=appeal, stopped_at=None)
    assert (clock.kind, clock.due_at) == ("information", at("11-13 17:30"))
    hotline.sweep_clocks(at=at("11-13 17:31"))
    assert list(Reminder.objects.values_list("kind", "appeal_breach__clock")) == [("accept_overdue", clock.pk)]


@pytest.mark.parametrize("by_words", [True, False])
def test_the_answer_starts_the_limit_of_acceptance_anew(city, by_words):
    appeal, later = asked(), NOW + timedelta(hours=1)
    act = services.supplement_appeal if by_words else services.give_info
    act(appeal_id=appeal.pk, text="三栋。", channel=ChannelFactory(), by=None, at=later)

    assert clocks(appeal) == [("accept", 1, "met"), ("information", 1, "met"), ("accept", 2, "")]
    services.need_info(appeal_id=appeal.pk, told="几单元？", by=None, at=later)
    assert clocks(appeal)[2:] == [("accept", 2, "met"), ("information", 2, "")]


def test_decided_without_the_answer(city):
    appeal = asked()
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOW + timedelta(days=4))

    assert clocks(appeal) == [("accept", 1, "met"), ("information", 1, "met"), ("citizen", 1, "")]


def test_withdrawn_while_it_was_waited_for(city):
    appeal = asked()
    phone = Channel.objects.get(code="phone")
    services.withdraw_appeal(appeal_id=appeal.pk, channel=phone, reason="不用了", by=None, at=NOW)

    assert clocks(appeal) == [("accept", 1, "met"), ("information", 1, "void")]
