"""Seats: one person at an extension; whose desk a call comes to."""

import pytest

from channels_merge import selectors, services
from channels_merge.models import AgentSeat, PhoneCall
from channels_merge.rights import NotPermitted
from hotline import services as hotline
from hotline.models import SecurityLog
from tests.channels_merge.conftest import make_world
from tests.channels_merge.telephone.conftest import after, hear, miss
from tests.factories.channels_merge import NOON, make_accepted
from tests.races import race


@pytest.fixture
def world(db):
    """Made for each test: one of them empties the tables."""
    return make_world()


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


def test_a_closed_account_leaves_its_seat_and_what_rings_there_is_listed(world, seat):
    agent = seat("8001")
    assert hotline.in_hand(agent) == ["坐在分机 8001，停用后撤下。"]

    hotline.deactivate_person(user=agent, heir=None, by=None, at=after(hours=1))

    hear("ringing", "c-1", at=after(hours=1), extension="8001")
    assert AgentSeat.objects.get().until == after(hours=1)
    assert [row["extension"] for row in selectors.unknown_extensions(at=after(hours=1))] == ["8001"]


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


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("before", [False, True])
def test_two_managers_at_one_extension_at_once(world, person, before):
    """Slow: real threads. The slower one was answered with 500."""
    first, second = person("agent"), person("agent")
    if before:
        services.set_seat(user=person("agent"), extension="8001", skills=["normal"], by=None, at=NOON)

    def sits(user, at):
        return lambda: services.set_seat(user=user, extension="8001", skills=["normal"], by=None, at=at)

    said = race(sits(first, after(minutes=1)), sits(second, NOON))

    assert said == f"分机 8001 或{second.name}的坐席刚被别人改过，请看过现在的坐席再安排。"
    assert [seat.user for seat in AgentSeat.objects.filter(until=None)] == [first]


def test_a_seat_that_was_made_while_one_waited_ends_no_earlier_than_it_began(world, seat):
    seat("8001")

    services.end_seat(seat_id=AgentSeat.objects.get().pk, by=None, at=after(seconds=-3))

    assert AgentSeat.objects.get().until == NOON


def test_extensions_at_which_nobody_sits_are_listed(world, seat):
    seat("8001")
    hear("ringing", extension="8001")
    hear("ringing", extension="8999")
    hear("ringing", at=after(minutes=5), extension="8999")
    hear("ringing", extension="7000")
    hear("ringing", at=after(days=-6), extension="6000")
    hear("ringing")
    listed = [(row["extension"], row["calls"], row["last_at"]) for row in selectors.unknown_extensions(at=NOON)]
    assert listed == [("6000", 1, after(days=-6)), ("7000", 1, NOON), ("8999", 2, after(minutes=5))]

    seat("8999")  # mended
    left = [row["extension"] for row in selectors.unknown_extensions(at=after(days=1, minutes=1))]
    assert left == ["7000"]


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
