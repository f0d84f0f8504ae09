"""Nasty input to every door of the room: a clear Chinese sentence, 4xx, nothing written, never a fault of ours."""

import json
import re

import pytest
import time_machine

from channels_merge import services
from channels_merge.models import Appeal, AppealEvent, Channel, Draft, Interaction
from tests.factories.channels_merge import NOON, PHONE, STORY, make_accepted, make_appeal

NUL = "\x00"
NASTY = [
    NUL,
    f"锦江{NUL}花园",
    "\ud800".encode("utf-8", "replace").decode(),
    "9" * 5000,
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "%00",
    "\u202e\u200b",
    "🏗️" * 50,
]


@pytest.fixture(autouse=True)
def at_noon(world):
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def agent(client, person):
    client.raise_request_exception = False
    client.force_login(person("agent"), "django.contrib.auth.backends.ModelBackend")
    return client


def chinese(answer):
    said = (
        answer.json()["message"] if answer.headers["Content-Type"] == "application/json" else answer.content.decode()
    )
    return re.search(r"[\u4e00-\u9fff]{4}", said) is not None


def rows():
    return [model.objects.count() for model in (Appeal, AppealEvent, Interaction, Draft)]


# ---- the API ----

GOOD = {"source_number": "GT-1", "text": STORY, "phone": PHONE}
BODIES = {
    "nothing": "",
    "no JSON": "{",
    "a trailing comma": '{"source_number": "1",}',
    "a number": "7",
    "null": "null",
    "a list": "[]",
    "a string": '"诉求"',
    "not a number": '{"source_number": "1", "text": NaN}',
    "a field twice": json.dumps(GOOD)[:-1] + ', "text": "另一件完全不同的事情。"}',
    "deep": "[" * 100_000,
    "rather deep": '{"a":' * 100 + "1" + "}" * 100,
    "deep object": '{"a":' * 100_000,
    "a long number": f'{{"source_number": {"9" * 5000}, "text": "{STORY}"}}',
    "not UTF-8": b'{"source_number": "1", "text": "\xff\xfe\xfd\xfc\xfb"}',
    "half a character": '{"source_number": "1", "text": "\\ud800\\ud800\\ud800\\ud800\\ud800"}',
    "NUL in the text": json.dumps({**GOOD, "text": f"{STORY}{NUL}"}),
    "NUL in the number": json.dumps({**GOOD, "source_number": f"1{NUL}"}),
    "NUL in the region": json.dumps({**GOOD, "region": f"360702{NUL}"}),
    "half a character as region": f'{{"source_number": "1", "text": "{STORY}", "region": "\\ud800"}}',
    "an object as text": json.dumps({**GOOD, "text": {"a": 1}}),
    "a list as text": json.dumps({**GOOD, "text": ["一", "二", "三", "四", "五"]}),
    "truth as text": json.dumps({**GOOD, "text": True}),
    "an object as region": json.dumps({**GOOD, "region": {"code": "360702"}}),
    "a list as region": json.dumps({**GOOD, "region": ["360702"]}),
    "an object as kind": json.dumps({**GOOD, "kind": {}}),
    "a list as urgency": json.dumps({**GOOD, "urgency": [1]}),
    "an unknown kind": json.dumps({**GOOD, "kind": "nonsense"}),
    "a word as truth": json.dumps({**GOOD, "is_anonymous": "也许"}),
    "an object as truth": json.dumps({**GOOD, "is_anonymous": {}}),
    "no date": json.dumps({**GOOD, "occurred_at": "昨天"}),
    "the 31st of February": json.dumps({**GOOD, "occurred_at": "2026-02-31T10:00:00"}),
    "a date as a number": json.dumps({**GOOD, "occurred_at": 20261110}),
    "a date as an object": json.dumps({**GOOD, "occurred_at": {}}),
    "a date before all years": json.dumps({**GOOD, "occurred_at": "0001-01-01T00:00:00+14:00"}),
    "a date after all years": json.dumps({**GOOD, "occurred_at": "9999-12-31T23:59:59-14:00"}),
    "a huge text": json.dumps({**GOOD, "text": "长" * 100_000}),
    "a huge number": json.dumps({**GOOD, "source_number": "1" * 10_000}),
    "an empty number": json.dumps({**GOOD, "source_number": " "}),
    "blanks as text": json.dumps({**GOOD, "text": " " * 20}),
    "what cannot be seen as text": json.dumps({**GOOD, "text": "\u200b" * 20}),
    "a phone that is none": json.dumps({**GOOD, "phone": "九九九"}),
    "an unknown field": json.dumps({**GOOD, "颜色": "红"}),
    "a field without a name": json.dumps({**GOOD, "": "红"}),
}


@pytest.fixture
def key(world):
    return services.issue_channel_key(channel_id=Channel.objects.get(code="12328").pk, by=None, at=NOON)


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_a_sentence_in_chinese(client, key, name):
    client.raise_request_exception = False
    answer = client.post(
        "/api/v1/appeals", BODIES[name], content_type="application/json", headers={"X-Channel-Key": key}
    )

    assert (answer.status_code, Appeal.objects.count()) == (400, 0)
    assert re.search(r"[\u4e00-\u9fff]{3}", answer.json()["message"])


def test_a_body_of_another_kind_is_said(client, key):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = client.generic("POST", "/api/v1/appeals", b"a=1", kind, headers={"X-Channel-Key": key})
        assert (answer.status_code, answer.json()) == (415, {"message": "请求内容须为 application/json。"})


def test_a_body_beyond_all_bounds_is_not_read(client, key):
    answer = client.post(
        "/api/v1/appeals",
        json.dumps({**GOOD, "text": "长" * 2_000_000}),
        content_type="application/json",
        headers={"X-Channel-Key": key},
    )

    assert (answer.status_code, answer.json()) == (413, {"message": "请求内容太长，没有登记。"})
    assert Appeal.objects.count() == 0


@pytest.mark.parametrize("number", ["%00", "S1%00", "%F0%9F%8F%97", "S" + "9" * 3000, "%27%20OR%201=1", ".."])
def test_a_nasty_number_is_not_found(client, key, number):
    client.raise_request_exception = False
    answer = client.get(f"/api/v1/appeals/{number}", headers={"X-Channel-Key": key})

    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete", "get"])
def test_other_methods_are_refused_in_chinese(client, key, method):
    answer = getattr(client, method)("/api/v1/appeals", headers={"X-Channel-Key": key})

    assert (answer.status_code, chinese(answer)) == (405, True)


@pytest.mark.parametrize("value", [NUL, "é", "x" * 5000, "' OR 1=1"])
def test_a_nasty_key_is_a_wrong_key(client, key, value):
    client.raise_request_exception = False
    answer = client.post("/api/v1/appeals", GOOD, content_type="application/json", headers={"X-Channel-Key": value})

    assert (answer.status_code, answer.json()["message"]) == (401, "接口密钥不对，或渠道已停用。")


# ---- pages ----

ADDRESSES = [
    "/desk/?draft={}",
    "/desk/?call={}",
    "/desk/done/{}/",
    "/intake/?channel={}",
    "/intake/?state={}",
    "/intake/?after={}",
    "/intake/{}/peek/",
    "/intake/{}/acts/accept/",
    "/appeals/{}/",
    "/appeals/{}/acts/urge/",
    "/appeals/{}/reveal/",
    "/search/?q={}",
    "/search/?q=锦江花园&before={}",
    "/p/track/?new={}",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "value",
    [
        "%00",
        "a%00b",
        "2026-11-10T10:00:00%2B08:00_%00",
        "9" * 400,
        "0001-01-01T00:00:00%2B14:00_1",
        "2026-11-10T10:00:00%2B08:00_99999999999999999999",
    ],
)
def test_no_address_breaks_a_page(agent, address, value):
    answer = agent.get(address.format(value))

    assert answer.status_code in {200, 400, 404, 422}


FORMS = {
    "/desk/": [
        "text",
        "title",
        "place",
        "region",
        "category",
        "kind",
        "urgency",
        "call",
        "name",
        "phone",
        "gender",
        "preferred_time",
        "act",
        "answer_told",
        "line",
        "line_note",
        "route",
        "draft",
    ],
    "/desk/suggest/": ["text", "title", "place", "region", "category", "kind", "urgency", "phone", "call"],
    "/desk/draft/": ["draft", "text", "phone"],
    "/desk/draft/discard/": ["draft"],
    "/p/": ["token", "text", "region", "place", "phone", "name", "kind"],
    "/p/track/": ["number", "code"],
}
CALL = {
    "draft": "desk-1",
    "text": STORY,
    "place": "锦江花园",
    "phone": PHONE,
    "act": "accept",
    "region": "360702",
    "number": "S1",
    "code": "1",
}


@pytest.mark.parametrize(("url", "field"), [(url, field) for url, fields in FORMS.items() for field in fields])
def test_no_field_breaks_a_form(agent, url, field):
    for value in NASTY:
        answer = agent.post(url, {**CALL, "draft": f"desk-{len(value)}", field: value}, REMOTE_ADDR="10.0.0.1")
        assert answer.status_code < 500, value
        if answer.status_code not in {200, 302}:
            assert chinese(answer), value


ACTS = {
    "urge": [{"text": "长" * 2001}],
    "supplement": [{}, {"text": " "}, {"text": "长" * 2001}, {"text": NUL}],
    "withdraw": [{}, {"text": " "}, {"text": NUL}, {"text": "长" * 201}],
    "unlink": [{}, {"text": "另一件"}, {"apart": "wrong", "text": "另一件"}, {"apart": "split", "text": NUL}],
    "link": [
        {},
        {"ticket": "GZ1", "reason": ""},
        {"ticket": "GZ1", "reason": "同一件"},
        {"ticket": NUL, "reason": "同一件"},
    ],
}


@pytest.mark.parametrize(("code", "typed"), [(code, typed) for code, cases in ACTS.items() for typed in cases])
def test_an_act_that_cannot_be_done_is_said_and_changes_nothing(agent, code, typed):
    appeal = make_accepted()
    before = rows()
    answer = agent.post(f"/appeals/{appeal.number}/acts/{code}/", typed, headers={"HX-Request": "true"})

    assert (answer.status_code, chinese(answer), rows()) == (422, True, before)
    for value in typed.values():
        assert value.strip(f" {NUL}") in answer.content.decode()


INTAKE = {
    "accept": [
        {},
        {"title": "", "kind": "help", "urgency": "normal"},
        {"title": "标题", "kind": "nonsense", "urgency": "normal"},
        {"title": "标题", "kind": "help", "urgency": "normal", "region": NUL},
    ],
    "attach": [{}, {"text": "同一件"}],
    "answer": [
        {},
        {"category": "010101", "told": " "},
        {"category": NUL, "told": "答复"},
        {"category": "999999", "told": "答复"},
    ],
    "need-info": [{}, {"text": " "}, {"text": "长" * 2001}],
    "give-info": [{}, {"text": "补充"}],
    "transfer": [{}, {"choice": "999"}, {"choice": NUL}, {"choice": "110", "told": "长" * 201}],
    "redirect": [{}, {"choice": "litigation"}, {"choice": "x", "told": "告知"}],
    "explain": [{}, {"choice": "privacy", "told": " "}],
    "police": [{}, {"text": " "}],
}


@pytest.mark.parametrize(("code", "typed"), [(code, typed) for code, cases in INTAKE.items() for typed in cases])
def test_an_act_of_intake_that_cannot_be_done_is_said_and_changes_nothing(agent, code, typed):
    appeal = make_appeal()
    before = rows()
    answer = agent.post(f"/intake/{appeal.number}/acts/{code}/", typed, headers={"HX-Request": "true"})

    assert (answer.status_code, chinese(answer), rows()) == (422, True, before)


@pytest.mark.parametrize(
    "typed", [{}, {"outcome": "nonsense"}, {"outcome": "declined"}, {"outcome": "declined", "note": NUL}]
)
def test_a_transfer_that_says_nothing_is_not_concluded(agent, typed):
    transfer = services.transfer_appeal(appeal_id=make_appeal().pk, line="119", by=None, at=NOON)
    before = rows()
    answer = agent.post(f"/transfers/{transfer.pk}/conclude/", typed)

    transfer.refresh_from_db()
    assert (answer.status_code, transfer.outcome, rows()) == (302, "", before)


def test_a_transfer_that_is_not_there_is_not_found(agent):
    assert agent.post("/transfers/999/conclude/", {"outcome": "taken"}).status_code == 404
