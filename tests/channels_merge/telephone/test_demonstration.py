"""The calls of the demonstration: made once however often they are loaded, and one more by a command."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from channels_merge import selectors
from channels_merge.models import AgentSeat, MissedCall, PhoneCall
from config.demo import telephone
from hotline.models import User


@pytest.fixture
def agents(person):
    for username in ("agent1", "agent2"):
        user = person("agent", is_demo=True)
        User.objects.filter(pk=user.pk).update(username=username)


def test_loaded_twice_it_is_there_once(agents):
    for _ in range(2):
        telephone.ring_up(now=timezone.now())

    assert (AgentSeat.objects.count(), PhoneCall.objects.count()) == (2, 9)
    assert list(MissedCall.objects.order_by("pk").values_list("queue", "count", "tries", "outcome")) == [
        ("normal", 2, 0, ""), ("hakka", 1, 1, ""), ("enterprise", 1, 0, ""), ("normal", 2, 0, ""),
        ("normal", 1, 0, "called_again"),
    ]  # fmt: skip


def test_a_call_by_command_rings_at_that_desk(agents):
    telephone.ring_up(now=timezone.now())
    said = io.StringIO()

    call_command("demo_call", "agent1", "13979700123", queue="enterprise", stdout=said)
    agent = User.objects.get(username="agent1")
    (ringing,) = selectors.calls_at_desk(agent, at=timezone.now())
    call_command("demo_call", "agent1", "13979700123", event="answered", stdout=said)

    assert said.getvalue().splitlines() == ["139****0123 振铃，分机 8001。", "139****0123 接通，分机 8001。"]
    assert PhoneCall.objects.get(pk=ringing.pk).answered_at is not None
    User.objects.update(is_demo=False)
    with pytest.raises(CommandError, match="演示账号"):
        call_command("demo_call", "agent1", "13979700123")
