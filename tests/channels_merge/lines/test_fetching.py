"""What we fetch ourselves: page by page from a real partner, and from sheets in a folder."""

import io
import json
import os
import time
from base64 import b64decode
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from channels_merge import services
from channels_merge.models import Appeal, InboundMessage, LineSource
from channels_merge.selectors.lines import shown_body
from channels_merge.services import fetching
from channels_merge.services.fetching import at_path, folder_of
from channels_merge.states import Door
from tests.channels_merge.lines.conftest import later
from tests.factories.channels_merge import NOON, PHONE, STORY

FIELDS = {
    "message_id": "id",
    "number": "id",
    "data.text": "content.text",
    "data.phone": "who.0.mobile",
    "data.kind": "=投诉",
    "data.category_code": "type",
}


def item(number, **changes):
    return {
        "id": f"MB-{number}",
        "seq": number,
        "content": {"text": f"{STORY}第 {number} 件。"},
        "who": [{"mobile": PHONE}],
        "type": "A01",
        **changes,
    }


@pytest.fixture
def source(plug, partner, settings, tmp_path):
    settings.STATE_DIR = tmp_path

    def source(door=Door.PULL, **changes):
        line = plug("message-board")
        given = {"fields": FIELDS, "url": f"{partner.url}/items", "list_path": "data.items", **changes}
        if door == Door.FOLDER:
            given = {"fields": changes["fields"]}
        return services.set_source(line_id=line.pk, source=services.Source(door=door, **given), by=None, at=NOON)

    return source


def numbers():
    return list(Appeal.objects.order_by("pk").values_list("source_number", flat=True))


# ---- pulling


def test_items_become_appeals_by_the_fields_that_were_laid_down(source, partner):
    partner.offer([item(1), item(2)])
    row = source(header_name="Authorization", header_value="Bearer abc")
    assert services.fetch_due(at=NOON) == 1
    services.take_in_due(at=NOON)

    first = Appeal.objects.order_by("pk").first()
    assert numbers() == ["MB-1", "MB-2"]
    assert (first.kind, first.contact.phone, first.text) == ("complaint", PHONE, f"{STORY}第 1 件。")
    assert set(InboundMessage.objects.values_list("door", "category_code")) == {("pull", "A01")}
    assert partner.state["asked"] == [["/items", "Bearer abc"]]
    row.refresh_from_db()
    assert ("abc" in row.header_cipher, row.read_at, row.next_at) == (False, NOON, later(minutes=5))


def test_it_is_asked_again_only_when_its_moment_has_come_and_nothing_is_doubled(source, partner):
    partner.offer([item(1)])
    source()
    counts = [services.fetch_due(at=later(minutes=minute)) for minute in range(12)]

    assert (counts.count(1), len(partner.state["asked"]), InboundMessage.objects.count()) == (1, 3, 1)


def test_pages_are_read_to_the_end(source, partner):
    partner.offer([item(number) for number in range(1, 8)])
    source(page_param="page", size_param="size", page_size=3)
    services.fetch_due(at=NOON)

    assert InboundMessage.objects.count() == 7
    assert [asked[0] for asked in partner.state["asked"]] == [
        "/items?page=1&size=3",
        "/items?page=2&size=3",
        "/items?page=3&size=3",
    ]


@pytest.mark.parametrize("path", ["data.next", "item.seq"])
def test_the_mark_goes_on_where_the_last_run_ended(source, partner, path):
    partner.offer([item(1), item(2)])
    row = source(cursor_param="since", cursor_path=path)
    services.fetch_due(at=NOON)
    row.refresh_from_db()
    assert row.cursor == "2"

    partner.offer([item(1), item(2), item(3)])
    services.fetch_due(at=later(minutes=5))

    row.refresh_from_db()
    assert (row.cursor, InboundMessage.objects.count()) == ("3", 3)
    assert partner.state["asked"][-1][0] == "/items?since=3"


@pytest.mark.parametrize("path", ["data.next", "item.seq"])
@pytest.mark.parametrize("count", [7, 6])
def test_pages_are_counted_from_the_mark_of_the_run(source, partner, path, count):
    """The mark moved on with each page: the second page of what was left came next, and every other page was lost."""
    partner.offer([item(number) for number in range(1, count + 1)])
    row = source(page_param="page", size_param="size", page_size=3, cursor_param="since", cursor_path=path)
    services.fetch_due(at=NOON)

    row.refresh_from_db()
    assert (row.cursor, InboundMessage.objects.count()) == (str(count), count)
    assert [asked[0] for asked in partner.state["asked"]] == [
        "/items?since=&page=1&size=3",
        "/items?since=&page=2&size=3",
        "/items?since=&page=3&size=3",
    ]


def test_more_pages_than_a_run_reads_are_said_and_the_mark_stays(source, partner, monkeypatch):
    monkeypatch.setattr(fetching, "MOST_PAGES", 2)
    partner.offer([item(number) for number in range(1, 8)])
    row = source(page_param="page", size_param="size", page_size=3, cursor_param="since", cursor_path="item.seq")
    services.fetch_due(at=NOON)

    row.refresh_from_db()
    assert (row.cursor, row.last_error, InboundMessage.objects.count()) == (
        "",
        "一次 2 页还没有取完，请把每页条数改大。",
        6,
    )


def test_an_item_that_changed_is_kept_beside_the_first_and_parked(source, partner):
    partner.offer([item(1)])
    source()
    services.fetch_due(at=NOON)
    partner.offer([item(1, content={"text": "后来改成了另一件事情。"})])
    services.fetch_due(at=later(minutes=5))
    services.take_in_due(at=later(minutes=5))

    assert list(InboundMessage.objects.order_by("pk").values_list("state", "parked_for")) == [
        ("done", ""),
        ("parked", "conflict"),
    ]


def test_garbage_among_the_items_is_parked_and_the_others_come(source, partner):
    partner.offer([7, None, "x", {"id": "MB-9"}, item(1)])
    source()
    services.fetch_due(at=NOON)
    services.take_in_due(at=NOON)

    assert numbers() == ["MB-1"]
    assert sorted(InboundMessage.objects.filter(state="parked").values_list("reason", flat=True)) == [
        "缺少 message_id。",
        "缺少 message_id。",
        "缺少 message_id。",
        "缺少 text。",
    ]


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [({"status": 500}, "对方答复 500。"), ({"cut": True}, "对方的答复不是正确的 JSON。")],
)
def test_what_cannot_be_fetched_is_noted_and_tried_later_and_later(source, partner, behaviour, error):
    partner.behave(**behaviour)
    row = source()
    waits = []
    at = NOON
    for _ in range(3):
        services.fetch_due(at=at)
        row.refresh_from_db()
        waits.append((row.next_at - at).total_seconds() / 60)
        at = row.next_at

    assert (row.last_error, row.failures, waits) == (error, 3, [10, 20, 40])
    partner.behave(status=200, cut=False)
    partner.offer([item(1)])
    services.fetch_due(at=at)
    row.refresh_from_db()
    assert (row.last_error, row.failures, InboundMessage.objects.count()) == ("", 0, 1)


def test_nobody_there_and_no_list_say_so(source, partner):
    row = source(list_path="data.rows")
    services.fetch_due(at=NOON)
    row.refresh_from_db()
    assert row.last_error == "答复里“data.rows”不是列表。"

    partner.stop()
    services.fetch_due(at=later(hours=1))
    row.refresh_from_db()
    assert row.last_error == "连不上对方。"


def failing(row):
    services.fetch_due(at=NOON)
    row.refresh_from_db()
    return row.last_error


def test_an_answer_without_end_is_not_read_to_its_end(source, partner, set_parameter):
    set_parameter("fetch_answer_mb", "1")
    partner.behave(flood=1_000_001)
    row = source()

    assert failing(row) == "对方的答复太长，最多读 1 MB。"
    partner.behave(flood=999_000)
    services.fetch_due(at=later(hours=1))
    row.refresh_from_db()
    assert row.last_error == ""


def test_an_answer_that_drips_ends_with_its_seconds(source, partner, set_parameter):
    set_parameter("fetch_answer_seconds", "1")
    partner.behave(drip=0.05, flood=1000)
    row = source()
    began = time.monotonic()

    assert failing(row) == "对方 1 秒里没有答复完：超时。"
    assert time.monotonic() - began < 10


def test_a_compressed_answer_is_not_unpacked(source, partner):
    partner.behave(headers={"Content-Encoding": "gzip"})

    assert failing(source()) == "对方的答复是压缩的，没有要压缩，请对方改为不压缩。"


@pytest.mark.parametrize(
    "given", [{"header_value": "密钥"}, {"url": "http://127.0.0.1:99999/"}, {"url": "http://[::1/"}]
)
def test_what_cannot_be_sent_is_said(source, given):
    row = source(header_name="Authorization", **given)

    assert failing(row) == "地址或认证值不对，发不出去。"


def test_what_stands_in_the_address_stays_there(source, partner):
    """The mark and the page took the place of the address's own query."""
    partner.offer([item(1)])
    source(url=f"{partner.url}/items?area=360700", page_param="page", size_param="size")
    services.fetch_due(at=NOON)

    assert [asked[0] for asked in partner.state["asked"]] == ["/items?area=360700&page=1&size=100"]


def test_a_run_that_is_killed_begins_again_where_nothing_is_lost(source, partner, monkeypatch):
    partner.offer([item(1), item(2)])
    row = source(cursor_param="since", cursor_path="data.next")
    save = LineSource.save

    def killed(self, **kwargs):
        if "cursor" in kwargs.get("update_fields", ()):
            raise KeyboardInterrupt
        save(self, **kwargs)

    monkeypatch.setattr(LineSource, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        services.fetch(source_id=row.pk, at=NOON)
    row.refresh_from_db()
    assert (row.cursor, InboundMessage.objects.count()) == ("", 0)

    monkeypatch.setattr(LineSource, "save", save)
    services.fetch_due(at=later(minutes=5))
    assert InboundMessage.objects.count() == 2


@pytest.mark.parametrize(
    ("value", "path", "found"),
    [
        ({"a": [{"b": 1}]}, "a.0.b", 1),
        ({"a": 1}, "a.b", None),
        ([1], "5", None),
        ({}, "x", None),
        ({"a": None}, "a", None),
    ],
)
def test_paths(value, path, found):
    assert at_path(value, path) == found


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"fields": {"number": "id"}}, "还没有对应 data.text"),
        ({"fields": {**FIELDS, "colour": "x"}}, "没有这个字段：colour。"),
        ({"url": ""}, "请填取数地址。"),
    ],
)
def test_a_source_that_cannot_work_is_refused(source, changes, sentence):
    with pytest.raises(services.AppealRefused, match=sentence):
        source(**changes)
    assert LineSource.objects.count() == 0


# ---- sheets

COLUMNS = {
    "number": "编号",
    "data.text": "内容",
    "data.phone": "电话",
    "data.occurred_at": "时间",
    "data.kind": "=求助",
}


@pytest.fixture
def folder(source):
    row = source(Door.FOLDER, fields=COLUMNS)
    folder = folder_of(row)
    folder.mkdir(parents=True)
    return folder


def put(path, content):
    path.write_bytes(content)
    an_hour_ago = later(hours=-1).timestamp()
    os.utime(path, (an_hour_ago, an_hour_ago))


def left_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_comes_in_by_its_headings(folder, encoding):
    put(
        folder / "今天.csv",
        f"内容,编号,电话,时间,备注\n{STORY},LY-1,{PHONE},2026/11/09 08:00,x\n,,,,\n短,LY-2,,,\n".encode(encoding),
    )
    services.fetch_due(at=NOON)
    services.take_in_due(at=NOON)

    appeal = Appeal.objects.get()
    assert (appeal.source_number, appeal.contact.phone, appeal.kind) == ("LY-1", PHONE, "help")
    assert f"{appeal.source_at:%m-%d %H:%M}" == "11-09 00:00"
    assert list(InboundMessage.objects.filter(state="parked").values_list("number", "reason")) == [
        ("LY-2", "诉求内容至少写 5 个字。")
    ]
    # Names and numbers stand in it in clear: what was stored is encrypted, and the sheet is gone.
    assert left_in(folder) == []


def test_a_workbook_comes_in_and_numbers_stay_numbers(folder):
    book = Workbook()
    book.active.append(["编号", "内容", "电话", "时间"])
    book.active.append([20261110, STORY, float(PHONE), later(days=-1).replace(tzinfo=None)])
    path = folder / "表.xlsx"
    book.save(path)
    put(path, path.read_bytes())
    services.fetch_due(at=NOON)
    services.take_in_due(at=NOON)

    appeal = Appeal.objects.get()
    assert (appeal.source_number, appeal.contact.phone) == ("20261110", PHONE)


def spoilt_workbook(spoil, *, damaged=False):
    """A workbook that is a zip all the same: the XML of its sheet spoilt, or the bytes that hold it damaged."""
    whole, out = io.BytesIO(), io.BytesIO()
    Workbook().save(whole)
    with ZipFile(whole) as before, ZipFile(out, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, spoil(content) if name == SHEET else content)
        start = after.getinfo(SHEET).header_offset + 30 + len(SHEET)
    content = bytearray(out.getvalue())
    if damaged:
        content[start + 5 : start + 45] = b"\xff" * 40
    return bytes(content)


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"\xff\xff\xff\xff", "文字编码既不是 UTF-8 也不是 GB18030。"),
        ("a.csv", "编号,别的\n1,2\n".encode(), "第一行没有这几列：内容、电话、时间。"),
        ("a.csv", b"", "第一行没有这几列：编号、内容、电话、时间。"),
        ("a.xlsx", b"PK nonsense", "不是正确的 XLSX。"),
        ("a.xlsx", spoilt_workbook(lambda sheet: sheet[:-20]), "不是正确的 XLSX。"),
        ("a.xlsx", spoilt_workbook(lambda sheet: sheet, damaged=True), "不是正确的 XLSX。"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_parked_whole_with_its_reason(folder, name, content, reason):
    put(folder / name, content)
    put(folder / "good.csv", f"编号,内容,电话,时间\nLY-1,{STORY},,\n".encode())
    services.fetch_due(at=NOON)

    assert left_in(folder) == []
    parked = InboundMessage.objects.get(state="parked")
    assert (parked.parked_for, parked.reason) == ("sheet", f"表格“{name}”没有读：{reason}")
    assert b64decode(json.loads(parked.body)["base64"]) == content
    assert json.loads(shown_body(parked)) == {"base64": "（已加密保存，不显示）", "bytes": len(content), "sheet": name}
    assert list(InboundMessage.objects.exclude(pk=parked.pk).values_list("number", flat=True)) == ["LY-1"]
    assert LineSource.objects.get().last_error == f"{name}：{reason}"

    put(folder / name, content)
    services.fetch_due(at=later(hours=5))
    assert (InboundMessage.objects.count(), left_in(folder)) == (2, [])

    with pytest.raises(services.AppealRefused, match="整份表格不能重试，请对方改好以后重新放进文件夹。"):
        services.retry_message(inbound_id=parked.pk, by=None, at=later(hours=6))
    assert services.retry_all(line_id=parked.line_id, by=None, at=later(hours=6)) == (0, 0)
    parked.refresh_from_db()
    assert (parked.state, parked.reason) == ("parked", f"表格“{name}”没有读：{reason}")


def test_a_sheet_that_is_too_large_to_be_kept_stays_in_the_folder(folder):
    put(folder / "big.csv", f"编号,内容,电话,时间\nLY-1,{STORY},,\n".encode())
    os.truncate(folder / "big.csv", 20 * 1024 * 1024 + 1)
    os.utime(folder / "big.csv", (NOON.timestamp() - 3600,) * 2)
    services.fetch_due(at=NOON)

    assert (left_in(folder), InboundMessage.objects.count()) == (["big.csv"], 0)
    assert LineSource.objects.get().last_error == "big.csv：文件超过 20 MB，没有读，还在原处。"


def test_the_same_sheet_twice_is_one_and_a_fresh_or_foreign_file_is_left(folder):
    sheet = f"编号,内容,电话,时间\nLY-1,{STORY},,\n".encode()
    put(folder / "a.csv", sheet)
    services.fetch_due(at=NOON)
    put(folder / "b.csv", sheet)
    put(folder / "readme.txt", b"x")
    (folder / "c.csv").write_bytes(sheet)
    os.utime(folder / "c.csv", (later(minutes=5).timestamp(),) * 2)
    services.fetch_due(at=later(minutes=5))

    assert InboundMessage.objects.count() == 1
    assert sorted(path.name for path in Path(folder).iterdir() if path.is_file()) == ["c.csv", "readme.txt"]
