"""The webhook: signed, clear in what it refuses, and indifferent to order and repetition."""

import itertools
import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from redis import Redis, RedisError

from channels_merge import services
from channels_merge.models import MissedCall, PhoneCall
from hotline import push
from tests.channels_merge.telephone.conftest import after, hear, said
from tests.factories.channels_merge import NOON, PHONE


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def test_a_ring_is_kept_with_its_number_encrypted(world, post, seat):
    agent = seat("8001")

    answer = post(said("ringing", "c-1", queue="normal", extension="8001"))

    call = PhoneCall.objects.get()
    assert (answer.status_code, answer.json()) == (200, {"call_id": "c-1", "kept": True})
    assert (call.number, call.masked_number, call.user, call.rang_at, call.answered_at) == (
        PHONE, "138****2231", agent, NOON, None,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT channels_merge_phonecall::text FROM channels_merge_phonecall")
        assert PHONE not in cursor.fetchone()[0]


def test_either_algorithm_signs(world, post):
    assert post(said("ringing", "c-1"), algorithm="HMAC-SM3").status_code == 200


@pytest.mark.parametrize(
    "spoilt, status",
    [
        ({"secret": "another"}, 401),
        ({"at": NOON - timedelta(minutes=6)}, 401),
        ({"X-Signature": ""}, 401),
    ],
)
def test_what_is_not_signed_is_not_kept(world, post, spoilt, status):
    answer = post(said("ringing", "c-1"), **spoilt)

    assert (answer.status_code, PhoneCall.objects.exists()) == (status, False)
    assert answer.json()["message"]


def test_without_a_secret_nobody_is_believed(world, post, settings):
    settings.HOTLINE_TELEPHONE_SECRET = ""

    assert post(said("ringing", "c-1"), secret="").status_code == 401


GARBAGE = {
    "no json": ("{", "内容不是正确的 JSON。"),
    "a field twice": (json.dumps(said("ringing", "c-1"))[:-1] + ', "number": "13979700123"}', "字段 number 写了两次"),
    "deep": ('{"a":' * 100 + "1" + "}" * 100, "超过 60 层"),
    "bytes": ("{\udcff}".encode("utf-8", "surrogateescape").decode("latin-1"), "内容不是正确的 JSON。"),
    "a list": ("[]", "请求内容不是正确的 JSON 对象。"),
    "nothing": ("{}", "call_id"),
    "no such event": (said("hold", "c-1"), "event"),
    "no time": ({**said("ringing", "c-1"), "at": "10点"}, "at"),
    "a time of another year": (said("ringing", "c-1", after(days=-400)), "相差太远"),
    "a time to come": (said("ringing", "c-1", after(hours=1)), "相差太远"),
    "a name for a number": (said("ringing", "c-1", number="王丽"), "号码不对"),
    "a queue nobody knows": (said("ringing", "c-1", queue="vip"), "queue"),
    "too long": (said("ringing", "c" * 81), "call_id"),
    "what no column keeps": (said("ringing", "c-\x001"), "call_id"),
    "an object for a number": ({**said("ringing", "c-1"), "number": {"a": 1}}, "number"),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_refused_with_a_sentence(world, post, name):
    sent, words = GARBAGE[name]

    answer = post(None, body=sent.encode()) if isinstance(sent, str) else post(sent)

    assert (answer.status_code, PhoneCall.objects.exists()) == (400, False)
    assert words in answer.json()["message"]


@pytest.mark.parametrize("field", ["call_id", "event", "at", "number", "queue", "extension", "recording"])
def test_no_value_of_a_field_is_a_fault(client, world, post, field):
    client.raise_request_exception = False
    for value in NASTY:
        whole = json.dumps({**said("ringing", "c-1"), field: "@@"}).replace('"@@"', value)
        answer = post(None, body=whole.encode())

        assert answer.status_code in {200, 400, 409}, value
        if answer.status_code != 200:
            assert re.search(r"[\u4e00-\u9fff]{2}", answer.json()["message"]), value


NASTY = [
    "null", "true", "-1", "1e999", "NaN", "9" * 4000, "1" * 5000, '"\\u0000"', '"\\ud800"', '"\\u202e1"', "[]", "{}", "[" * 50 + "]" * 50,
    "[" * 5000 + "]" * 5000, '"0001-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59-14:00"', '"٠١٢"', '"' + "长" * 600 + '"',
    '"+"', '"1 2 3"', '"&\'<>"',
]  # fmt: skip


def test_one_call_has_one_number(world, post):
    post(said("ringing", "c-1"))

    answer = post(said("answered", "c-1", number="13979700123"))

    assert (answer.status_code, answer.json()["message"]) == (409, "这个通话编号先前是另一个号码，没有改动。")
    assert PhoneCall.objects.get().answered_at is None


@pytest.mark.parametrize(
    "number, kept", [("0797-8391111", "07978391111"), ("+85291234567", "+85291234567"), ("10086", "10086"), ("", "")]
)
def test_numbers_of_every_kind_are_kept(world, number, kept):
    assert hear("ringing", number=number).number == kept


STORY = [
    ("ringing", 0, {"extension": "8001"}),
    ("ringing", 12, {"extension": "8002", "number": ""}),
    ("answered", 20, {"extension": "8002", "number": ""}),
    ("ended", 200, {"number": "", "recording": "https://rec/1.wav"}),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_in_any_order_and_twice_it_is_the_same_call(world, seat, order):
    seat("8001")
    second = seat("8002")

    for index in [*order, *order]:
        event, seconds, more = STORY[index]
        told = services.PhoneEvent(
            **{"call_id": "c-1", "event": event, "at": after(seconds=seconds), "number": PHONE, **more}
        )
        services.store_phone_event(event=told, at=after(seconds=300))

    call = PhoneCall.objects.get()
    assert (call.rang_at, call.answered_at, call.ended_at, call.missed_at) == (
        NOON, after(seconds=20), after(seconds=200), None,
    )  # fmt: skip
    assert (call.extension, call.user, call.number, call.recording) == ("8002", second, PHONE, "https://rec/1.wav")


@pytest.fixture
def told(settings):
    """`told()`: whom the push process would have rung since it was last asked."""
    with Redis.from_url(settings.REDIS_URL) as client:
        ears = client.pubsub(ignore_subscribe_messages=True)
        ears.subscribe(push.CHANNEL)
        ears.get_message(timeout=1)

        def ask():
            found = []
            while (message := ears.get_message(timeout=0.2)) is not None:
                found.append(json.loads(message["data"])["users"])
            return found

        yield ask
        ears.close()


def test_only_the_desks_that_it_concerns_are_told(world, post, seat, committing, told):
    first, second, third = seat("8001"), seat("8002"), seat("8003", "hakka")

    def say(*about, **more):
        with committing():
            post(said(*about, **more))
        return told()

    assert say("ringing", "c-1", extension="8001") == [[first.pk]]
    assert say("ringing", "c-1", extension="8001") == []
    assert say("ringing", "c-1", after(seconds=9), extension="8002") == [[first.pk, second.pk]]
    assert say("ended", "c-1", after(seconds=30)) == [[second.pk]]
    assert say("ringing", "c-2", queue="hakka") == [[third.pk]]
    assert say("ringing", "c-3", extension="8999") == []
    assert say("ringing", "c-4") == [[first.pk, second.pk]]
    assert say("answered", "c-4", after(seconds=5), extension="8002") == [[first.pk, second.pk]]


def test_a_call_is_kept_when_nobody_can_be_told(world, post, seat, committing, monkeypatch, caplog):
    seat("8001")

    def down(*args):
        raise RedisError("down")

    monkeypatch.setattr(push._client(), "publish", down)
    with committing():
        answer = post(said("ringing", "c-1", extension="8001"))

    assert (answer.status_code, PhoneCall.objects.count()) == (200, 1)
    assert "down" in caplog.text


def test_what_a_lost_message_left_is_worked_out_by_the_clock(world, post):
    call = services.store_phone_event(
        event=services.PhoneEvent(call_id="c-1", event="missed", at=NOON, number=PHONE), at=NOON
    )
    assert not MissedCall.objects.exists()

    assert services.settle_calls(at=after(minutes=1)) == [call.pk]
    assert services.settle_calls(at=after(minutes=2)) == []
    assert (MissedCall.objects.get().count, MissedCall.objects.get().due_at) == (1, after(minutes=30))
