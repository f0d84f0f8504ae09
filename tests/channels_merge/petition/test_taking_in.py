"""What the petition office sends: kept once under its number, without the numbers of people."""

import io
from datetime import datetime, timedelta
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from channels_merge import rights
from channels_merge.models import PetitionMatter
from channels_merge.services import petition
from hotline import crypto
from hotline.dates import SHANGHAI
from hotline.errors import DomainError
from hotline.services.sheets import SheetUnreadable, read_sheet
from tests.channels_merge.petition.factories import ID_NUMBER, STORY, take_in
from tests.factories.channels_merge import NOON

LATER = NOON + timedelta(days=1)


def test_a_matter_is_kept_once_and_brought_up_to_date(office):
    first = take_in(office)
    again = take_in(office, at=LATER)
    changed = take_in(office, at=LATER, state="answered")

    assert [first.outcome, again.outcome, changed.outcome] == ["new", "same", "changed"]
    matter = PetitionMatter.objects.get()
    assert (matter.number, matter.state, matter.county) == ("XF2026110001", "answered", office.county)


def test_what_comes_late_does_not_overwrite_what_is_newer(office):
    take_in(office, state="settled", changed_at=LATER)

    late = take_in(office, state="handling", changed_at=NOON)

    assert late.outcome == "same"
    assert PetitionMatter.objects.get().state == "settled"


def test_of_numbers_only_keyed_digests_are_kept(office):
    matter = take_in(office, phone="138-0797-2231", id_number=ID_NUMBER, text=f"{STORY}请打 13807972231。").matter

    assert matter.phone_index == crypto.blind_index("13807972231", "phone")
    assert matter.id_index == crypto.blind_index(ID_NUMBER, "id")
    assert matter.masked_name == "王*"
    assert matter.text == f"{STORY}请打 138****2231。"
    row = PetitionMatter.objects.values().get()
    assert not [name for name, value in row.items() if "13807972231" in str(value) or ID_NUMBER in str(value)]
    assert STORY[:10] not in str(row)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"text": "太短"}, "内容至少写 5 个字。"),
        ({"number": ""}, "信访编号须填写，最多 60 个字。"),
        (
            {"state": "closed"},
            "没有状态“closed”。可以用：已登记、已受理、办理中、已答复、复查复核中、已化解、已终结、不予受理。",
        ),
        ({"id_number": "360702198001010014"}, "证件号不对：须是 18 位居民身份证号。表格里的证件号请按文本保存。"),
        ({"phone": "123"}, "电话号码不对：手机号是 11 位数字，座机请带区号，例如 0797-8391111。"),
        ({"received_at": NOON + timedelta(days=9)}, "登记时间在将来。"),
        ({"received_at": datetime(1, 1, 1, tzinfo=SHANGHAI)}, "登记时间“0001-01-01 00:00”不可能。"),
        ({"changed_at": datetime(9999, 12, 31, tzinfo=SHANGHAI)}, "更新时间“9999-12-31 00:00”不可能。"),
    ],
)
def test_what_is_refused_says_why(office, fields, why):
    with pytest.raises(DomainError) as refused:
        take_in(office, **fields)

    assert str(refused.value) == why
    assert not PetitionMatter.objects.exists()


CSV = """信访编号,登记时间,状态,内容,姓名,电话,证件号,地区
A1,2026-11-09 09:00,办理中,锦江花园东侧工地夜间施工噪声扰民,王丽,13807972231,,章贡区解放街道
A2,2026/11/09,已登记,要求解决拖欠工资的问题,,,,360702
A3,昨天,已登记,要求解决拖欠工资的问题,,,,章贡区
A4,2026-11-09,进行中,要求解决拖欠工资的问题,,,,章贡区
A5,2026-11-09,已登记,要求解决拖欠工资的问题,,,,火星区
A1,2026-11-09 09:00,已答复,锦江花园东侧工地夜间施工噪声扰民,王丽,13807972231,,章贡区解放街道
"""


def test_a_sheet_is_taken_in_row_by_row_with_reasons_for_what_is_not(office):
    found = petition.import_petitions(name="信访.csv", content=CSV.encode("gb18030"), by=office.officer, at=LATER)

    assert (found.new, found.changed, found.same, found.read) == (2, 1, 0, 6)
    assert [(reject.line, reject.number, reject.why) for reject in found.rejects] == [
        (4, "A3", "登记时间“昨天”看不懂，请写成 2026-11-10 09:30 这样。"),
        (
            5,
            "A4",
            "没有状态“进行中”。可以用：已登记、已受理、办理中、已答复、复查复核中、已化解、已终结、不予受理。",
        ),
        (6, "A5", "没有地区“火星区”。请写区划代码或全称。"),
    ]
    assert list(PetitionMatter.objects.order_by("number").values_list("number", "state", "region__name")) == [
        ("A1", "answered", "解放街道"),
        ("A2", "registered", "章贡区"),
    ]


def test_the_same_sheet_again_changes_nothing(office):
    content = "\n".join(CSV.splitlines()[:3]).encode()
    petition.import_petitions(name="a.csv", content=content, by=office.officer, at=LATER)

    again = petition.import_petitions(name="a.csv", content=content, by=office.officer, at=LATER)

    assert (again.new, again.changed, again.same, again.rejects) == (0, 0, 2, ())


def test_a_workbook_is_read_too(office):
    book = Workbook()
    book.active.append(["信访编号", "登记时间", "状态", "内容"])
    book.active.append([2026110009, NOON.replace(tzinfo=None), "已受理", "要求解决拖欠工资的问题"])
    file = io.BytesIO()
    book.save(file)

    found = petition.import_petitions(name="a.xlsx", content=file.getvalue(), by=office.officer, at=LATER)

    assert (found.new, found.rejects) == (1, ())
    assert list(PetitionMatter.objects.values_list("number", "received_at")) == [("2026110009", NOON)]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.csv", b"\xff\xfe\x00\x81", "文字编码既不是 UTF-8 也不是 GB18030。"),
        ("a.csv", "编号,内容\n1,2\n".encode(), "第一行没有这几列：信访编号、登记时间、状态。"),
        ("a.xlsx", b"PK\x03\x04 not a zip", "不是正确的 XLSX。"),
        ("a.csv", b"", "第一行没有这几列：信访编号、登记时间、状态、内容。"),
    ],
)
def test_what_is_no_sheet_is_refused_as_a_whole(office, name, content, why):
    with pytest.raises(SheetUnreadable) as refused:
        petition.import_petitions(name=name, content=content, by=office.officer, at=LATER)

    assert str(refused.value) == why


def test_only_who_may_brings_a_sheet_in(office):
    for who in (office.agent, office.dispatcher, office.reviewer):
        with pytest.raises(rights.NotPermitted):
            petition.import_petitions(name="a.csv", content=CSV.encode(), by=who, at=LATER)

    assert not PetitionMatter.objects.exists()


def workbook(rows, *, says="A1:C2"):
    """A sheet as its XML; `says` is the size that the file claims to have."""
    book = io.BytesIO()
    empty = Workbook()
    empty.save(book)
    packed = io.BytesIO()
    with ZipFile(book) as made, ZipFile(packed, "w", ZIP_DEFLATED) as changed:
        for part in made.namelist():
            if part != "xl/worksheets/sheet1.xml":
                changed.writestr(part, made.read(part))
        changed.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="{says}"/>'
            f"<sheetData>{rows}</sheetData></worksheet>",
        )
    return packed.getvalue()


def row(number, *cells):
    written = "".join(f'<c r="{column}{number}" t="inlineStr"><is><t>{text}</t></is></c>' for column, text in cells)
    return f'<row r="{number}">{written}</row>'


HEADINGS = row(1, ("A", "编号"), ("B", "标题"))
FIRST = row(2, ("A", "XF1"), ("B", "夜间施工"))
EMPTY_ROWS = "表格超过 100000 行（含空行），请删去下面的空行或分成几个文件。"


@pytest.mark.parametrize("says", ["A1", "A1:XFD1048576"])
def test_the_size_that_a_workbook_claims_is_not_believed(says):
    rows = read_sheet(
        name="a.xlsx",
        content=workbook(HEADINGS + FIRST, says=says),
        columns={"number": "编号", "title": "标题"},
        needed=["number"],
    )

    assert [(one.line, dict(one.values)) for one in rows] == [(2, {"number": "XF1", "title": "夜间施工"})]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", workbook(HEADINGS + FIRST + row(1_048_576, ("XFD", " ")))),
        ("b.xlsx", workbook(HEADINGS + "".join(f'<row r="{n}"/>' for n in range(2, 100_002)))),
        ("c.csv", "编号,标题\n".encode() + b"\n" * 100_001),
    ],
    ids=["one mark at the end", "rows with nothing", "lines with nothing"],
)
def test_empty_rows_without_end_are_refused(name, content):
    """Slow: a hundred thousand rows are read."""
    with pytest.raises(SheetUnreadable) as refused:
        read_sheet(name=name, content=content, columns={"number": "编号"}, needed=["number"])

    assert str(refused.value) == EMPTY_ROWS


def test_a_heading_far_to_the_right_is_none():
    with pytest.raises(SheetUnreadable) as refused:
        read_sheet(
            name="a.xlsx", content=workbook(row(1, ("XFD", "编号"))), columns={"number": "编号"}, needed=["number"]
        )

    assert str(refused.value) == "第一行没有这几列：编号。"
