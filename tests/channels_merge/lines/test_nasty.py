"""Whatever a line sends, through whichever door: 4xx with a sentence, or kept and parked with a reason. Never a fault of ours."""

import gzip
import json
import os
import re
from pathlib import Path

import pytest

from channels_merge import services
from channels_merge.models import Appeal, InboundMessage
from channels_merge.selectors.lines import shown_body
from channels_merge.services.fetching import folder_of
from channels_merge.services.inbound import as_body
from channels_merge.services.line_reading import APPEAL_FIELDS
from hotline import signing
from tests.channels_merge.lines.conftest import message, said
from tests.factories.channels_merge import NOON, STORY

pytestmark = pytest.mark.usefixtures("at_noon")

# As they stand in JSON.
VALUES = [
    "null", "1e999", "NaN", "9" * 4000, "1" * 5000, '"锦江\\u0000花园小区"', '"\\ud800半个字符\\udfff"',
    '"\\u202e\\u200b\\ufeff"', "[]", '{"a":{"b":1}}', "[" * 50 + "]" * 50, "[" * 900 + "]" * 900, "[" * 5000 + "]" * 5000,
    '{"a":' * 900 + "1" + "}" * 900, '"' + "长" * 10_001 + '"', '"0001-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59-14:00"',
    '"🏗️🏗️🏗️🏗️🏗️"', '"١٣٨٠٧٩٧٢٢٣١"',
]  # fmt: skip
ENVELOPE = ("message_id", "event", "number", "sent_at", "data")
EVENTS = {
    "appeal": APPEAL_FIELDS,
    "supplement": ("text",),
    "urge": ("text",),
    "withdraw": ("text",),
    "rating": ("satisfaction", "resolved", "ground", "text"),
    "outcome": ("outcome", "text"),
    "acknowledge": ("message_id",),
}
CHINESE = re.compile(r"[\u4e00-\u9fff]{2}")


@pytest.fixture
def line(plug):
    return plug("12315")


def spoilt(event, field, value, number):
    """A message as bytes, with one field of it as `value` stands in JSON."""
    sent = message(number=f"N-{number}", event=event, message_id=f"{event}-{field}-{number}")
    needed = {"rating": {"satisfaction": "satisfied", "resolved": "yes"}, "outcome": {"outcome": "taken"}}
    sent["data"].update(needed.get(event, {}))
    outer = field in ENVELOPE and (event, field) != ("acknowledge", "message_id")
    (sent if outer else sent["data"])[field] = "@@"
    return json.dumps(sent, ensure_ascii=False).replace('"@@"', value).encode()


def states():
    return set(InboundMessage.objects.values_list("state", flat=True))


@pytest.mark.slow
@pytest.mark.parametrize("event", EVENTS)
def test_no_value_of_a_field_is_a_fault(line, event):
    """Slow: every field with every value. A NUL that a reason quoted made it unsayable: tried five times, then parked as our fault."""
    for field in EVENTS[event]:
        bodies = [spoilt(event, field, value, number) for number, value in enumerate(VALUES)]
        services.store_messages(line=line, bodies=bodies, door="push", at=NOON)
    services.take_in_due(at=NOON, most=100_000)

    parked = InboundMessage.objects.filter(state="parked")
    assert parked.exists()
    assert [row.reason for row in parked if not CHINESE.search(row.reason)] == []
    assert not InboundMessage.objects.filter(next_try_at__isnull=False).exists()
    for row in parked:
        shown_body(row).encode()


@pytest.mark.parametrize("field", ENVELOPE)
def test_no_value_of_the_envelope_is_a_fault(client, line, send, field):
    client.raise_request_exception = False
    for number, value in enumerate(VALUES):
        answer = send(line, None, body=spoilt("urge", field, value, number))
        assert answer.status_code in {200, 202, 409}, value
        assert answer.status_code == 202 or CHINESE.search(answer.content.decode()), value
    services.take_in_due(at=NOON)

    assert states() <= {"parked", "waiting"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"message_id":"1","event":"urge","number":"A","number":"B"}', "字段 number 写了两次，不知道以哪个为准。"),
        ('{"message_id":"1","event":"urge","number":"A","data":{"text":"a","text":"b"}}', "字段 text 写了两次"),
        ('{"message_id":"1","event":"urge","number":"A","data":{"text":NaN}}', "内容不是正确的 JSON。"),
        ('{"message_id":"1","event":"urge","number":"A","\\ud800":1}', "没有这个字段：。"),
        ('{"a":' * 100 + "1" + "}" * 100, "内容一层套一层，超过 60 层。"),
        (message(event="urge"), "内容不是正确的 JSON。"),
    ],
)
def test_what_can_be_read_in_two_ways_is_not_read(line, send, body, reason):
    """The last of two equal names won, and nobody saw that there had been another. UTF-16 was read and kept as what it is not."""
    body = body.encode() if isinstance(body, str) else json.dumps(body).encode("utf-16")
    answer = send(line, None, body=body)

    assert (answer.status_code, said(answer)["state"]) == (202, "parked")
    assert said(answer)["reason"].startswith(reason)


def test_a_mark_of_the_order_of_bytes_does_no_harm(line, came):
    assert came(line, b"\xef\xbb\xbf" + as_body(message())).state == "done"


def test_packed_content_is_not_unpacked(line, send):
    bomb = gzip.compress(b" " * 10_000_000)
    answer = send(line, None, body=bomb, **{"Content-Encoding": "gzip"})

    assert (answer.status_code, said(answer)["reason"]) == (202, "内容不是正确的 JSON。")


def test_nothing_and_too_much_are_refused(line, send):
    nothing, much = send(line, None, body=b""), send(line, None, body=b" " * 3_000_000)

    assert (nothing.status_code, much.status_code) == (400, 413)
    assert (said(nothing)["message"], said(much)["message"]) == (
        "请求内容不是正确的 JSON 对象。", "请求内容太长，没有登记。",
    )  # fmt: skip
    assert not InboundMessage.objects.exists()


@pytest.mark.parametrize("number", ["%00", "a%00b", "%F0%9F%8F%97", "9" * 3000, "%ff%fe", "..%2f..", "%27%20OR%201=1"])
def test_a_nasty_id_is_not_found(line, client, number):
    path = f"/api/v1/lines/12315/messages/{number}"
    timestamp = f"{NOON.timestamp():.0f}"
    signature = signing.sign(
        secret=line.secret, algorithm=line.algorithm, method="GET", path=path, timestamp=timestamp, body=b""
    )
    headers = {"X-Timestamp": timestamp, "X-Signature": signature}

    assert client.get(path, headers=headers, RAW_URI=path).status_code == 404


@pytest.mark.parametrize("name", ["X-Timestamp", "X-Signature"])
@pytest.mark.parametrize("value", ["é", "\x00", "9" * 5000, "-1", "١٢٣", "1e9"])
def test_a_nasty_header_is_a_wrong_one(line, send, name, value):
    answer = send(line, message(), **{name: value})

    assert (answer.status_code, bool(CHINESE.search(said(answer)["message"]))) == (401, True)


# ---- what we fetch


def test_one_item_that_cannot_be_written_down_holds_up_no_other(plug, partner):
    """Half a character, and lists in lists, ended every run of the source at that item."""
    line = plug("message-board")
    deep = json.loads("[" * 600 + "]" * 600)
    partner.offer([
        {"id": "A", "text": "半个\ud800字符也要收下来。"},
        {"id": "B", "text": deep},
        deep,
        {"id": "C", "text": f"{STORY}", "mark": "2\x00\ud800"},
    ])  # fmt: skip
    fields = {"number": "id", "data.text": "text"}
    given = {"url": f"{partner.url}/items", "list_path": "data.items", "cursor_param": "x", "cursor_path": "item.mark"}
    source = services.Source(door="pull", fields=fields, **given)
    row = services.set_source(line_id=line.pk, source=source, by=None, at=NOON)
    services.fetch_due(at=NOON)
    services.take_in_due(at=NOON)

    row.refresh_from_db()
    assert (row.last_error, row.cursor) == ("", "2")
    assert list(Appeal.objects.order_by("pk").values_list("source_number", "text")) == [
        ("A", "半个字符也要收下来。"), ("C", STORY),
    ]  # fmt: skip
    assert InboundMessage.objects.filter(state="parked").count() == 2


# ---- the folder


def test_no_name_of_a_file_holds_up_another(plug, settings, tmp_path):
    settings.STATE_DIR = tmp_path
    line = plug("message-board")
    source = services.Source(door="folder", fields={"number": "编号", "data.text": "内容"})
    folder = folder_of(services.set_source(line_id=line.pk, source=source, by=None, at=NOON))
    folder.mkdir(parents=True)
    good = f"编号,内容\nLY-1,{STORY}\n"
    secret = tmp_path / "secret.csv"
    secret.write_text("编号,内容\nLY-9,别人的文件里的一行字。\n")
    (folder / "link.csv").symlink_to(secret)
    for name in (b"\xff\xfe.csv", ("长" * 80 + ".csv").encode(), b"a\nb.csv", b"z.csv"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("坏\n" if name == b"\xff\xfe.csv" else good)
    for path in folder.iterdir():
        os.utime(path, (NOON.timestamp() - 3600,) * 2)
    services.fetch_due(at=NOON)

    rows = InboundMessage.objects.order_by("pk")
    assert [(row.number, row.reason) for row in rows] == [
        ("LY-1", ""),
        ("", "表格“link.csv”没有读：是一个链接，不是文件。"),
        ("", "表格“\ufffd\ufffd.csv”没有读：第一行没有这几列：编号、内容。"),
    ]
    assert list(folder.iterdir()) == []
    assert secret.exists()
