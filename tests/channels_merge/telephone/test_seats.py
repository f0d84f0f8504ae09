"""Seats: one person at an extension; whose desk a call comes to."""

import pytest

from channels_merge import selectors, services
from channels_merge.models import AgentSeat, PhoneCall
from channels_merge.rights import NotPermitted
from hotline.models import SecurityLog
from tests.channels_merge.telephone.conftest import after, hear, miss
from tests.factories.channels_merge import NOON, make_accepted


def test_who_sits_down_ends_the_seat_before(world, seat, person):
    first = seat("8001")
    manager = person("channel_manager")
    second = person("agent")

    services.set_seat(user=second, extension="8001", skills=["hakka", "normal"], by=manager, at=after(hours=1))
    services.set_seat(user=second, extension="8009", skills=["normal"], by=manager, at=after(hours=2))

    assert list(AgentSeat.objects.order_by("pk").values_list("user", "extension", "skills", "until")) == [
        (first.pk, "8001", ["normal"], after(hours=1)),
        (second.pk, "8001", ["normal", "hakka"], after(hours=2)),
        (second.pk, "8009", ["normal"], None),
    ]
    assert SecurityLog.objects.filter(user=manager, subject=second.username).count() == 2


@pytest.mark.parametrize(
    "extension, skills, words",
    [("", ["normal"], "分机"), ("80 01", ["normal"], "分机"), ("8001", [], "技能"), ("8001", ["vip"], "技能")],
)
def test_what_makes_no_seat_is_refused(world, person, extension, skills, words):
    with pytest.raises(services.SeatRefused, match=words):
        services.set_seat(user=person("agent"), extension=extension, skills=skills, by=None, at=NOON)
    assert not AgentSeat.objects.exists()


def test_only_agents_sit_and_only_managers_seat_them(world, person):
    with pytest.raises(services.SeatRefused, match="不是话务员"):
        services.set_seat(user=person("handler"), extension="8001", skills=["normal"], by=None, at=NOON)
    with pytest.raises(NotPermitted):
        services.set_seat(user=person("agent"), extension="8001", skills=["normal"], by=person("agent"), at=NOON)
    assert not AgentSeat.objects.exists()


def at_desk(user, at):
    return [call.call_id for call in selectors.calls_at_desk(user, at=at)]


def test_a_call_comes_to_its_seat_and_leaves_with_its_end(world, seat):
    agent, other = seat("8001"), seat("8002")
    hear("ringing", "c-1", extension="8001")

    assert (at_desk(agent, NOON), at_desk(other, NOON)) == (["c-1"], [])
    assert at_desk(agent, after(minutes=4)) == []  # its end was never heard of
    hear("ringing", "c-1", at=after(seconds=12), extension="8002", number="")
    assert (at_desk(agent, after(seconds=12)), at_desk(other, after(seconds=12))) == ([], ["c-1"])
    hear("missed", "c-1", at=after(seconds=20), number="")
    assert at_desk(other, after(seconds=20)) == []


def test_an_answered_call_waits_until_it_is_written_down(world, seat):
    agent = seat("8001")
    hear("answered", "c-1", extension="8001")
    hear("ended", "c-1", at=after(minutes=2), number="")

    assert at_desk(agent, after(minutes=20)) == ["c-1"]
    call = services.take_phone_call(token=str(PhoneCall.objects.get().token), by=agent, at=after(minutes=20))
    assert (call.taken_at, at_desk(agent, after(minutes=20))) == (after(minutes=20), [])
    services.take_phone_call(token=str(call.token), by=agent, at=after(minutes=21))
    assert PhoneCall.objects.get().taken_at == after(minutes=20)


def test_a_call_without_a_seat_rings_at_every_seat_of_its_queue(world, seat):
    ordinary, first, second = seat("8001"), seat("8002", "enterprise"), seat("8003", "enterprise", "normal")
    call = hear("ringing", "c-1", queue="enterprise")

    assert selectors.people_at(call) == [first.pk, second.pk]
    assert (at_desk(ordinary, NOON), at_desk(first, NOON), at_desk(second, NOON)) == ([], ["c-1"], ["c-1"])
    with pytest.raises(services.CallNotYours):
        services.take_phone_call(token=str(call.token), by=ordinary, at=NOON)
    services.take_phone_call(token=str(call.token), by=second, at=NOON)
    with pytest.raises(services.CallNotYours):
        services.take_phone_call(token=str(call.token), by=first, at=NOON)
    assert (PhoneCall.objects.get().user, at_desk(first, NOON)) == (second, [])


def test_special_queues_stand_first(world, seat):
    agent = seat("8001", "normal", "hakka")
    hear("ringing", "c-1", extension="8001")
    hear("ringing", "c-2", extension="8001", queue="hakka", number="13979700123")

    assert at_desk(agent, NOON) == ["c-2", "c-1"]


def test_an_extension_nobody_sits_at_rings_nowhere(world, seat):
    agent = seat("8001")
    call = hear("ringing", "c-1", extension="8999")

    assert (call.user, selectors.people_at(call), at_desk(agent, NOON)) == (None, [], [])


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_ask_the_same_number_of_questions(world, seat, django_assert_num_queries, rows):
    agent = seat("8001")
    for index in range(rows):
        miss(number=f"1397970012{index}")
        hear("ringing", extension="8001", number=f"1387970012{index}")
        make_accepted(phone=f"1387970012{index}")

    with django_assert_num_queries(4):  # rights, seat, rows, tries
        for row in selectors.open_missed_calls(agent, at=NOON):
            assert (list(row.call_backs.all()), row.holder) == ([], None)
    with django_assert_num_queries(2):
        assert len(selectors.calls_at_desk(agent, at=NOON)) == rows
