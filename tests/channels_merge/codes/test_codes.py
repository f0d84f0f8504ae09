"""Codes: made one by one and from a sheet, replaced and stopped, counted; appeals through them."""

import io
import re
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, InternalError, transaction
from openpyxl import Workbook

from channels_merge import rights, selectors, services
from channels_merge.models import Appeal, CodeCorrection, CodeScan, PlaceCode
from hotline.services import abolish_unit
from tests.channels_merge.codes.conftest import make
from tests.factories.channels_merge import NOON, PHONE, STORY
from tests.factories.hotline import UnitFactory

pytestmark = pytest.mark.django_db


def test_a_token_is_ten_characters_that_nobody_can_guess_or_misread(town):
    tokens = [make(town, name=f"电梯{n}").token for n in range(40)]

    assert all(re.fullmatch(r"[0-9abcdefghjkmnpqrstvwxyz]{10}", token) for token in tokens)
    assert len(set(tokens)) == 40
    # No figure of one follows from that before it: every position varies.
    assert min(len(Counter(token[at] for token in tokens)) for at in range(10)) > 8


@pytest.mark.parametrize("typed", ["{0}", " {0} ", "{1}"])
def test_a_code_is_found_however_it_is_typed(town, typed):
    lift = make(town)
    PlaceCode.objects.filter(pk=lift.pk).update(token="01abcdefgh")

    assert selectors.code_of(typed.format("01abcdefgh", "OLABCDEFGH")) == lift


@pytest.mark.parametrize("typed", ["", "01abcdefg", "０１abcdefgh", "zzzzzzzzzz", "a" * 500])
def test_what_is_no_code_finds_nothing(lift, typed):
    assert selectors.code_of(typed) is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "moon"}, "种类“moon”不在可选范围内"),
        ({"name": " "}, "请写名称。"),
        ({"name": "长" * 61}, "名称最多写 60 个字。"),
        ({"place": "长" * 121}, "详细地点最多写 120 个字。"),
        ({}, "“锦江花园 3 栋 2 单元电梯”已有在用的便民码。"),
    ],
)
def test_what_is_made_is_checked(town, lift, fields, sentence):
    with pytest.raises(services.CodeRefused, match=sentence):
        make(town, **fields)
    assert PlaceCode.objects.count() == 1


@pytest.mark.parametrize("who", ["liaison", "handler"])
def test_only_the_manager_makes_and_ends_codes(town, lift, who):
    by = getattr(town, who)
    for act in (
        lambda: make(town, name="另一部", by=by),
        lambda: services.revoke_code(code_id=lift.pk, reason="拆除。", by=by, at=NOON),
        lambda: services.move_code(code_id=lift.pk, token="0", reason="换。", by=by, at=NOON),
        lambda: services.import_codes(name="a.csv", content=b"", by=by, at=NOON),
    ):
        with pytest.raises(rights.NotPermitted):
            act()
    assert list(PlaceCode.objects.values_list("state", flat=True)) == ["active"]


# --- ended codes


def test_a_revoked_code_says_why_and_is_ended_once(town, lift):
    with pytest.raises(services.CodeRefused, match="请写原因。"):
        services.revoke_code(code_id=lift.pk, reason=" ", by=town.manager, at=NOON)
    services.revoke_code(code_id=lift.pk, reason="电梯已拆除。", by=town.manager, at=NOON)

    lift.refresh_from_db()
    assert (lift.state, lift.ended_because, lift.ended_by, lift.ended_at) == (
        "revoked",
        "电梯已拆除。",
        town.manager,
        NOON,
    )
    with pytest.raises(services.CodeRefused, match="这张码已停用。"):
        services.revoke_code(code_id=lift.pk, reason="再来。", by=town.manager, at=NOON)
    assert make(town).pk != lift.pk


def test_a_replaced_code_leads_to_the_newest(town, lift):
    second, third = make(town, name="新电梯"), make(town, name="更新的电梯")
    with pytest.raises(services.CodeRefused, match="新码不能是这张码自己。"):
        services.move_code(code_id=lift.pk, token=lift.token, reason="换。", by=town.manager, at=NOON)
    services.move_code(code_id=lift.pk, token=second.token.upper(), reason="重新印制。", by=town.manager, at=NOON)
    with pytest.raises(services.CodeRefused, match="没有在用的便民码"):
        services.move_code(code_id=second.pk, token=lift.token, reason="换回。", by=town.manager, at=NOON)
    services.move_code(code_id=second.pk, token=third.token, reason="重新印制。", by=town.manager, at=NOON)

    assert selectors.where_it_leads(selectors.code_of(lift.token)) == third


@pytest.mark.parametrize("fields", [{"state": "moved"}, {"state": "revoked"}, {"ended_because": "拆除。"}])
def test_the_table_refuses_an_end_that_says_nothing(town, fields):
    with pytest.raises(IntegrityError, match="placecode_state_has_its_fields"), transaction.atomic():
        PlaceCode.objects.create(token="0" * 10, kind="lift", name="电梯", region=town.street, made_at=NOON, **fields)


# --- sheets

SHEET = """种类,名称,地区,详细地点,管理单位,经度,纬度
电梯,锦江花园 1 栋电梯,章贡区/解放街道,文清路 18 号,市市场监管局,114.9351,25.8312
公交,文清路口站,360702,,,,
飞船,一号,章贡区,,,,
场所,健身点,月亮区,,,,
场所,健身点,章贡区,,不存在的局,,
场所,,章贡区,,,,
场所,广场,章贡区,,,25.83,114.93
电梯,锦江花园 1 栋电梯,解放街道,文清路 18 号,市市场监管局,,
"""


def test_a_sheet_gives_a_code_to_each_good_row_and_a_reason_for_each_bad_one(town):
    batch, done = services.import_codes(name="码.csv", content=SHEET.encode(), by=town.manager, at=NOON)

    assert (done.new, done.same) == (2, 1)
    assert [(one.line, one.number, one.why) for one in done.rejects] == [
        (4, "一号", "种类“飞船”应为：场所、单位、网格、工地项目、公交、电梯。"),
        (5, "健身点", "没有叫“月亮区”的地区，请写成 章贡区/章江街道 或区划代码。"),
        (6, "健身点", "没有叫“不存在的局”的管理单位，请写全称或简称。"),
        (7, "", "请写名称。"),
        (8, "广场", "经纬度不在赣州一带，看看是不是写反了。"),
    ]
    assert list(PlaceCode.objects.order_by("pk").values_list("name", "region__name", "unit__short_name", "batch")) == [
        ("锦江花园 1 栋电梯", "解放街道", "市市场监管局", batch),
        ("文清路口站", "章贡区", None, batch),
    ]
    assert list(PlaceCode.objects.order_by("pk").values_list("longitude", "latitude")) == [
        (Decimal("114.9351"), Decimal("25.8312")),
        (None, None),
    ]
    _, again = services.import_codes(name="码.csv", content=SHEET.encode("gb18030"), by=town.manager, at=NOON)
    assert (again.new, again.same, PlaceCode.objects.count()) == (0, 3, 2)


def test_a_hundred_from_a_workbook(town):
    book = Workbook()
    book.active.append(["名称", "种类", "地区"])
    for n in range(100):
        book.active.append([f"路灯杆 {n}", "场所", "章贡区"])
    out = io.BytesIO()
    book.save(out)

    batch, done = services.import_codes(name="码.xlsx", content=out.getvalue(), by=town.manager, at=NOON)

    assert (done.new, PlaceCode.objects.filter(batch=batch).count()) == (100, 100)


# --- counts


def test_scans_are_counted_by_the_day_and_of_nobody(lift):
    for at in (NOON, NOON, NOON + timedelta(days=1)):
        services.count_scan(lift, at=at)

    assert list(CodeScan.objects.order_by("day").values_list("day", "count")) == [
        (date(2026, 11, 10), 2),
        (date(2026, 11, 11), 1),
    ]
    assert {field.name for field in CodeScan._meta.get_fields()} == {"id", "code", "day", "count"}
    used = selectors.with_use(PlaceCode.objects.all(), at=NOON + timedelta(days=30)).get()
    assert (used.scanned, used.appeals, used.appeals_ever) == (1, 0, 0)


def through(code, *, text=STORY, phone=PHONE, at=NOON, **fields):
    words = {"name": "王丽", "hide": True, "files": (), "source_number": str(uuid4())}
    return services.register_by_code(code=code, text=text, phone=phone, at=at, **(words | fields))


def test_an_appeal_through_a_code_has_place_and_code_and_waits_like_any_other(town, lift):
    appeal = through(lift).appeal

    assert (appeal.channel.code, appeal.place_code, appeal.region, appeal.place, appeal.subject, appeal.state) == (
        "qr",
        lift,
        town.street,
        "文清路 18 号 锦江花园 3 栋 2 单元电梯",
        "锦江花园 3 栋 2 单元电梯",
        "received",
    )
    assert appeal.contact.hide_from_unit is True
    used = selectors.with_use(PlaceCode.objects.all(), at=NOON).get()
    assert (used.appeals, used.appeals_ever) == (1, 1)


def test_the_same_form_sent_twice_is_one_appeal(lift):
    number = str(uuid4())

    first, second = through(lift, source_number=number), through(lift, source_number=number)

    assert (first.is_new, second.is_new, Appeal.objects.count()) == (True, False, 1)


# --- limits


def count(code, phone, address, at=NOON):
    services.count_code_submission(code, phone=phone, address=address, at=at)


def test_one_phone_is_limited_at_one_code(town, lift):
    for _ in range(10):
        count(lift, PHONE, "203.0.113.7")
    with pytest.raises(services.TooOften, match="这个手机号一小时内在这里已提交 10 次"):
        count(lift, PHONE, "203.0.113.7")

    count(lift, "13979712345", "203.0.113.7")
    count(make(town, name="另一部"), PHONE, "203.0.113.7")
    count(lift, PHONE, "203.0.113.7", at=NOON + timedelta(hours=1))


def test_a_village_behind_one_address_is_not_shut_out(town, lift):
    """A hundred neighbours at one code, and as many at the next one."""
    other = make(town, name="另一部")
    for n in range(100):
        for code in (lift, other):
            count(code, f"1390797{n:04}", "203.0.113.7")

    with pytest.raises(services.TooOften, match="这里一小时内提交太多"):
        count(lift, "13807970000", "203.0.113.7")
    count(lift, "13807970001", "203.0.113.8")


def correct(town, code, **fields):
    words = {"name": code.name, "region": code.region, "place": code.place, "unit": code.unit}
    return services.correct_code(code_id=code.pk, **(words | {"by": town.manager, "at": NOON} | fields))


def test_a_code_that_hangs_is_corrected_and_says_what_it_said(town, lift):
    before = through(lift).appeal
    event = correct(town, lift, place=" 文清路 20 号 ", region=town.county, unit=None)

    lift = PlaceCode.objects.get(pk=lift.pk)
    after = through(lift, phone="13807972299", source_number="2").appeal
    assert (lift.place, lift.region, lift.unit, lift.state) == ("文清路 20 号", town.county, None, "active")
    assert event.words == (
        "地区：章贡区解放街道 → 章贡区；详细地点：文清路 18 号 → 文清路 20 号；管理单位：市市场监管局 → （空）"
    )
    assert (event.code, event.by, event.at) == (lift, town.manager, NOON)
    assert [Appeal.objects.get(pk=one.pk).place for one in (before, after)] == [
        "文清路 18 号 锦江花园 3 栋 2 单元电梯",
        "文清路 20 号 锦江花园 3 栋 2 单元电梯",
    ]


def test_where_it_hangs_goes_with_what_comes_through_it(town, lift):
    assert (through(lift).appeal.longitude, lift.longitude) == (None, None)
    event = correct(town, lift, longitude="114.9351", latitude="25.8312")

    after = through(PlaceCode.objects.get(pk=lift.pk), phone="13807972299", source_number="2").appeal
    assert (after.longitude, after.latitude) == (Decimal("114.9351"), Decimal("25.8312"))
    assert event.words == "经度：（空） → 114.9351；纬度：（空） → 25.8312"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "没有改动。"),
        ({"name": " "}, "请写名称。"),
        ({"place": "长" * 121}, "详细地点最多写 120 个字。"),
        ({"name": "另一部"}, "“另一部”已有在用的便民码。"),
    ],
)
def test_what_is_corrected_is_checked(town, lift, fields, sentence):
    make(town, name="另一部")

    with pytest.raises(services.CodeRefused) as refused:
        correct(town, lift, **fields)

    assert str(refused.value) == sentence
    assert PlaceCode.objects.get(pk=lift.pk).name == lift.name
    assert not CodeCorrection.objects.exists()


def test_only_the_manager_corrects_and_only_what_is_in_use(town, lift):
    with pytest.raises(rights.NotPermitted):
        correct(town, lift, place="改", by=town.liaison)
    services.revoke_code(code_id=lift.pk, reason="拆除。", by=town.manager, at=NOON)
    with pytest.raises(services.CodeRefused) as refused:
        correct(town, lift, place="改")

    assert (str(refused.value), CodeCorrection.objects.count()) == ("这张码已停用。", 0)


def test_the_codes_of_a_unit_that_is_no_more_name_its_successor_or_nobody(town):
    """They filled in the dead unit, and the dispatcher's hint was refused."""
    old = UnitFactory(code="CITY-OLD", name="赣州市旧单位", short_name="市旧单位")
    heir = UnitFactory(code="CITY-NEW", name="赣州市新单位", short_name="市新单位")
    hangs, gone, other = make(town, unit=old), make(town, name="二号", unit=old), make(town, name="三号")
    services.revoke_code(code_id=gone.pk, reason="拆除。", by=town.manager, at=NOON)

    abolish_unit(unit=old, successor=heir, by=None, at=NOON)
    units = dict(PlaceCode.objects.values_list("pk", "unit__short_name"))
    assert units == {hangs.pk: "市新单位", gone.pk: "市旧单位", other.pk: other.unit.short_name}
    said = CodeCorrection.objects.get()
    assert (said.code, said.words) == (hangs, "管理单位：市旧单位 → 市新单位（原单位撤销）")

    abolish_unit(unit=heir, successor=None, by=None, at=NOON)
    assert PlaceCode.objects.get(pk=hangs.pk).unit is None
    assert CodeCorrection.objects.latest("pk").words == "管理单位：市新单位 → （空）（原单位撤销）"


def test_a_correction_stays_as_it_was_written(town, lift):
    correct(town, lift, place="改")

    for change in (CodeCorrection.objects.all().delete, lambda: CodeCorrection.objects.update(words="没有改")):
        with pytest.raises(InternalError, match="channels_merge_codecorrection is append-only"), transaction.atomic():
            change()
