"""A version as a sheet, and a sheet into a draft: out, in, the differences, written when confirmed, errors back."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook, load_workbook

from hotline.parameters import forget_parameters
from responsibility import services, tasks
from responsibility.models import DutyItem, DutyItemEvent, DutyList, DutySheet, DutySheetRow
from responsibility.services import DutyRefused
from responsibility.services.columns import CODE, COLUMNS, WRONG
from responsibility.services.items import ManyChecks
from responsibility.states import FUNCTIONS
from tests.factories.hotline import CountyCentreFactory, UnitFactory, UserFactory
from tests.factories.responsibility import DutyItemFactory
from tests.factories.tickets import at
from tests.responsibility.pages.conftest import NOW, soup, text_of

LATER = at("11-10 10:05")


def rows_of(content, page=0):
    """Heading → cell, of every row."""
    sheet = load_workbook(io.BytesIO(content)).worksheets[page]
    headings, *rows = sheet.iter_rows(values_only=True)
    return [{h: cell or "" for h, cell in zip(headings, row, strict=True)} for row in rows]


def xlsx(rows, name="清单.xlsx"):
    book = Workbook()
    headings = list(rows[0])
    book.active.append(headings)
    for row in rows:
        book.active.append([row.get(heading, "") for heading in headings])
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile(name, out.getvalue())


def of(draft, code):
    return DutyItem.objects.get(duty_list=draft, code=code)


@pytest.fixture
def hand_in(draft, as_, committing):
    """Hand in rows; the page of what they would change."""

    def do(rows, *, missing="keep"):
        with committing():
            answer = as_("administrator").post(
                f"/duty-lists/{draft.pk}/sheets/", {"file": xlsx(rows), "missing": missing}
            )
        assert answer.status_code == 302, answer.content.decode()
        return answer.headers["Location"]

    return do


@pytest.fixture
def confirm(as_, committing):
    def do(address, **typed):
        with committing():
            return as_("administrator").post(
                f"{address}confirm/", {"reason": "年度修订。", "ticket_number": "", **typed}
            )

    return do


def shown(answer):
    return [[text_of(cell) for cell in row.select("td")] for row in soup(answer).select("main table tbody tr")]


def taken(draft, as_):
    """The draft as it is downloaded."""
    return rows_of(as_("administrator").get(f"/duty-lists/{draft.pk}/xlsx/").content)


def test_a_version_is_taken_away_in_words_with_a_page_on_how_to_fill_it_in(draft, as_):
    unit = UnitFactory(name="赣州市市政工程中心", short_name="市市政中心")
    item = of(draft, "CG-01")
    item.co_units.add(unit)
    item.lead_unit, item.co_functions = unit, ["public_security"]
    item.conditions = [{"when": {"place": ["村里"]}, "county_function": "agriculture"}]
    item.not_belongs = "=HYPERLINK(1)"
    item.save()

    answer = as_("dispatcher").get(f"/duty-lists/{draft.pk}/xlsx/")

    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    first = rows_of(answer.content)[0]
    assert {
        name: first[name] for name in (CODE, "事项", "分类", "主责级别", "市级职能", "指定市级单位", "指定协办单位")
    } == {
        CODE: "CG-01",
        "事项": "路灯不亮",
        "分类": "010201 城市管理/市政设施/路灯",
        "主责级别": "县级主责",
        "市级职能": "城市管理",
        "指定市级单位": "赣州市市政工程中心",
        "指定协办单位": "赣州市市政工程中心",
    }
    assert {
        name: first[name]
        for name in ("协办职能", "诉求类型", "投诉限", "须到现场", "群众怎么说", "条件", "不属于（派到哪里）")
    } == {
        "协办职能": "公安",
        "诉求类型": "求助、投诉",
        "投诉限": "7",
        "须到现场": "否",
        "群众怎么说": "路灯、路灯不亮",
        "条件": "地点：村里 → 县级职能：农业农村",
        "不属于（派到哪里）": "=HYPERLINK(1)",
    }
    assert list(first) == [CODE, *(column.heading for column in COLUMNS)]
    legend = [tuple(row.values()) for row in rows_of(answer.content, page=1)]
    assert ("主责级别", "必填。", "市级主责、县级主责") in legend
    assert ("分类", "生态环境/噪声油烟/施工噪声", "020101") in legend
    assert [row[1] for row in legend if row[0] == "职能"] == list(FUNCTIONS.values())
    assert as_("agent").get(f"/duty-lists/{draft.pk}/xlsx/").status_code == 403


def test_what_was_only_taken_away_and_handed_in_changes_nothing(draft, as_, hand_in):
    gone = UnitFactory(name="赣州市路灯所", short_name="市路灯所", valid_until=NOW.date())
    draft.items.filter(code="CG-01").update(
        lead_unit=gone, limits={"complaint": "24h"}, conditions=[{"when": {"hour": [22, 6]}, "note": "夜里"}]
    )

    address = hand_in(taken(draft, as_), missing="drop")

    page = soup(as_("administrator").get(address))
    assert text_of(page.select_one(".dif dl")) == "新增 0 项 修改 0 项 删除 0 项 一样 3 项 有错 0 行"
    assert text_of(page.select_one("#why-confirm")) == "写入：没有要写入的。"
    assert as_("administrator").get(f"{address}confirm/").status_code == 409


def test_it_is_previewed_field_by_field_and_written_only_when_confirmed(draft, as_, hand_in, confirm):
    UnitFactory(name="赣州市市政工程中心", short_name="市市政中心")
    rows = taken(draft, as_)
    rows[0] |= {"投诉限": 5, "指定协办单位": "市市政中心、市城管局", "群众怎么说": "路灯、灯坏了"}
    rows[2] = rows[2] | {CODE: "cg-03", "事项": "灯杆倾斜", "分类": "路灯"}
    before = list(draft.items.order_by("pk").values())

    address = hand_in(rows, missing="drop")

    client = as_("administrator")
    assert shown(client.get(f"{address}?tab=change")) == [
        [
            "2",
            "改",
            "CG-01",
            "路灯不亮",
            "群众怎么说 路灯 路灯不亮 灯坏了 办理时限 求助 5 个工作日 投诉 7 个工作日 投诉 5 个工作日 指定协办单位 市城管局、市市政中心",
        ]
    ]
    assert shown(client.get(f"{address}?tab=add")) == [
        [
            "4",
            "增",
            "CG-03",
            "灯杆倾斜",
            "分类 路灯 主责级别 县级主责 市级职能 生态环境 县级职能 城市管理 群众怎么说 打桩",
        ]
    ]
    assert shown(client.get(f"{address}?tab=remove")) == [["—", "停", "HJ-01", "夜间施工", ""]]
    assert list(draft.items.order_by("pk").values()) == before
    assert not DutyItemEvent.objects.exists()

    answer = confirm(address, reason="年度修订。", ticket_number="GZ261109000012")

    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    assert sorted(draft.items.values_list("code", flat=True)) == ["CG-01", "CG-02", "CG-03"]
    item = of(draft, "CG-01")
    assert (item.limits, item.words) == ({"help": "5wd", "complaint": "5wd"}, ["路灯", "灯坏了"])
    assert sorted(unit.short_name for unit in item.co_units.all()) == ["市城管局", "市市政中心"]
    assert (of(draft, "CG-03").title, of(draft, "CG-03").category.name) == ("灯杆倾斜", "路灯")
    assert list(
        DutyItemEvent.objects.order_by("code").values_list(
            "code", "act", "reason", "ticket_number", "by__groups__name"
        )
    ) == [
        ("CG-01", "change", "年度修订。", "GZ261109000012", "administrator"),
        ("CG-03", "add", "年度修订。", "GZ261109000012", "administrator"),
        ("HJ-01", "remove", "年度修订。", "GZ261109000012", "administrator"),
    ]
    assert DutyItemEvent.objects.get(code="CG-01").changes["limits"] == [
        {"help": "5wd", "complaint": "7wd"},
        {"help": "5wd", "complaint": "5wd"},
    ]
    assert draft.events.get(act="sheet").words == "表格“清单.xlsx”：新增 1 项、修改 1 项、删除 1 项。年度修订。"
    assert "已写入。" in text_of(soup(client.get(address)).select_one(".dif"))
    assert client.get(f"/duty-lists/{draft.pk}/").status_code == 200
    assert not DutySheetRow.objects.exists()


def test_writing_twice_writes_once(draft, as_, hand_in, confirm):
    rows = taken(draft, as_)
    rows[0]["事项"] = "路灯全灭"
    address = hand_in(rows)
    confirm(address)

    assert tasks.write_sheet(sheet_id=DutySheet.objects.get().pk) is False
    assert tasks.compare_sheet(sheet_id=DutySheet.objects.get().pk) is False
    assert DutyItemEvent.objects.count() == 1
    assert as_("administrator").post(f"{address}confirm/", {"reason": "再写。"}).status_code == 422
    assert as_("administrator").post(f"{address}again/").status_code == 409


def test_columns_that_are_not_there_stay_and_those_nobody_knows_are_named(draft, as_, hand_in, confirm):
    address = hand_in([{CODE: "CG-01", "投诉限": "3", "备注": "随便"}, {CODE: "CG-02", "投诉限": "", "备注": ""}])
    page = soup(as_("administrator").get(address))
    confirm(address)

    assert "没用到 备注 清单没有这样的列" in text_of(page.select_one(".dif"))
    assert of(draft, "CG-01").limits == {"help": "5wd", "complaint": "3wd"}
    assert draft.items.count() == 3


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({CODE: ""}, "请写代码。"),
        ({CODE: "CG/01"}, "代码：代码只用大写字母、数字和“-”，如 CG-04-018。"),
        ({CODE: "CG-02"}, "代码 CG-02 写了几行：第 2、3 行。"),
        ({"分类": "999999"}, "分类：叫“999999”的分类找不到，请写三级分类的代码，见“填写说明”。"),
        ({"分类": ""}, "请写分类。"),
        ({"主责级别": "省级"}, "主责级别：没有这样的主责级别：省级。可以写市级主责、县级主责。"),
        ({"县级职能": ""}, "县级主责的事项须写明县级职能。"),
        ({"标记": ""}, "没有核实依据的事项须标明“示例，待核”。"),
        ({"群众怎么说": ""}, "群众怎么说：没有写。"),
        ({"群众怎么说": "路灯+"}, "用词中“+”的两边都要有字：路灯+。"),
        ({"事项": "灯" * 61}, "事项：最多写 60 个字，现在有 61 个字。"),
        ({"群众怎么说": "路灯、" + "灯" * 41}, "群众怎么说：第 2 个最多写 40 个字，现在有 41 个字。"),
        ({"指定市级单位": "市灯局"}, "指定市级单位：没有叫“市灯局”的单位。"),
        ({"协办职能": "管灯"}, "协办职能：没有这样的职能：管灯。写“城市管理”“公安”这样的名称。"),
        ({"投诉限": "9999"}, "投诉限：时限最长一年，即 250 个工作日。现在写的是“9999”。"),
        ({"投诉限": "很快"}, "投诉限：写工作日数，如 7；按小时或天的写 24h、10d。现在写的是“很快”。"),
        ({"须到现场": "要"}, "须到现场：没有这样的写法：要。可以写是、否。"),
        ({"条件": "村里"}, "条件：第 1 条：写“什么情形 → 改成什么”，如“地点：村里、屋场 → 县级职能：农业农村”。"),
    ],
)
def test_a_wrong_row_comes_back_as_it_was_with_a_sentence(draft, as_, hand_in, wrong, sentence):
    rows = taken(draft, as_)
    sent = rows[0] | {"备注": "=1+1", "不属于（派到哪里）": "写了很久的一段。"} | wrong

    address = hand_in([sent, *rows[1:]])

    client = as_("administrator")
    assert shown(client.get(address))[0][-1] == sentence
    back = rows_of(client.get(f"{address}errors/").content)
    assert back[0] == {WRONG: sentence, **{name: str(cell) for name, cell in sent.items()} | {"备注": ""}}


def test_a_code_drawn_down_a_whole_column_names_the_first_lines_alone(draft, as_, hand_in):
    """Each of 20 000 rows named the 20 000 lines: gigabytes, and a worker killed."""
    address = hand_in([{CODE: "CG-02", "投诉限": "3"}] * 9)

    said = [cells[-1] for cells in shown(as_("administrator").get(address))]
    assert said == ["代码 CG-02 写了几行：第 2、3、4、5、6 行等 9 行。"] * 9


def test_what_was_wrong_is_mended_and_handed_in_again_alone(draft, as_, hand_in, confirm):
    rows = taken(draft, as_)
    rows[0] |= {"投诉限": "很快"}
    rows[1] |= {"投诉限": "4"}
    first = hand_in(rows)
    confirm(first)
    client = as_("administrator")
    mended = rows_of(client.get(f"{first}errors/").content)
    mended[0]["投诉限"] = "3"

    second = hand_in(mended)
    confirm(second)

    assert [of(draft, code).limits["complaint"] for code in ("CG-01", "CG-02")] == ["3wd", "4wd"]
    assert draft.items.count() == 3
    assert client.get(f"{second}errors/").status_code == 404


def test_a_sheet_is_written_while_the_shared_cache_is_down(draft, as_, hand_in, confirm, settings):
    """How far the writing has come is told beside the database, and took the confirmed sheet down with it."""
    rows = taken(draft, as_)
    rows[0]["投诉限"] = "4"
    address = hand_in(rows)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/1"}}

    answer = confirm(address)

    assert (answer.status_code, of(draft, "CG-01").limits["complaint"]) == (303, "4wd")
    assert as_("administrator").get(address).status_code == 200


def test_with_wrong_rows_nothing_is_dropped(draft, as_, hand_in, confirm):
    rows = taken(draft, as_)[:2]
    rows[0] |= {CODE: ""}
    address = hand_in(rows, missing="drop")

    answer = confirm(address)

    assert answer.status_code == 422
    assert "每一行都要对" in text_of(soup(answer))
    assert draft.items.count() == 3


def test_a_draft_that_changed_since_is_not_written_over(draft, people, as_, hand_in, confirm):
    rows = taken(draft, as_)
    rows[0]["事项"] = "路灯全灭"
    address = hand_in(rows)
    with time_machine.travel(LATER, tick=False):
        services.change_item(
            list_id=draft.pk,
            code="CG-01",
            values={"title": "路灯闪"},
            reason="改。",
            by=people["administrator"],
            at=LATER,
        )
        page = soup(as_("administrator").get(address))
        answer = confirm(address)
        again = as_("administrator").post(f"{address}again/")

    assert f"写入：比对以后《{draft}》又改过（11-10 10:05），先重新比对。" in text_of(page.select_one(".acts"))
    assert answer.status_code == 422
    assert "又改过（11-10 10:05），没有写入。请重新比对，看过再写入。" in text_of(soup(answer))
    assert of(draft, "CG-01").title == "路灯闪"
    tasks.compare_sheet(sheet_id=DutySheet.objects.get().pk)
    assert shown(as_("administrator").get(again.headers["Location"]))[0][-1] == "事项 路灯 闪 全灭"


def test_a_countys_sheet_stands_on_the_citys_list_that_was_compared(first, draft, people, as_):
    county = services.draft_list(scope=CountyCentreFactory(), reason="本县的。", by=people["administrator"], at=NOW)
    rows = taken(county, as_)
    rows[0]["投诉限"] = "5"
    sheet = services.hand_in_sheet(
        list_id=county.pk, upload=xlsx(rows), drops_missing=False, by=people["administrator"], at=NOW
    )
    services.compare_sheet(sheet_id=sheet.pk, at=NOW)
    given = {"sheet_id": sheet.pk, "by": people["administrator"]}
    # At night the city's next version begins.
    tomorrow = NOW + timedelta(days=1)
    DutyList.objects.filter(pk=first.pk).update(effective_until=tomorrow.date())
    DutyList.objects.filter(pk=draft.pk).update(state="published", effective_from=tomorrow.date())

    services.confirm_sheet(reason="本县快些。", at=NOW, **given)
    written = services.write_sheet(sheet_id=sheet.pk, at=tomorrow)

    refused = f"比对以后市级清单换成了《{draft}》，没有写入。请重新比对，看过再写入。"
    assert (written, DutySheet.objects.get().refusal, county.items.count()) == (True, refused, 0)
    again = services.compare_sheet_again(at=NOW, **given)
    services.compare_sheet(sheet_id=again.pk, at=NOW)
    with pytest.raises(DutyRefused, match=refused):
        services.confirm_sheet(reason="本县快些。", at=tomorrow, **given | {"sheet_id": again.pk})
    with time_machine.travel(tomorrow, tick=False):
        # The session of the day before is locked.
        as_("administrator").logout()
        page = soup(as_("administrator").get(f"/duty-lists/{county.pk}/sheets/{again.pk}/"))
    assert text_of(page.select_one(".dif .note-over")).startswith(f"比对以后市级清单换成了《{draft}》。")
    assert page.select_one(".acts .btn-primary")["aria-disabled"] == "true"
    services.compare_sheet_again(at=tomorrow, **given | {"sheet_id": again.pk})
    last = DutySheet.objects.get()
    services.compare_sheet(sheet_id=last.pk, at=tomorrow)
    services.confirm_sheet(reason="本县快些。", at=tomorrow, **given | {"sheet_id": last.pk})
    services.write_sheet(sheet_id=last.pk, at=tomorrow)
    assert county.items.get().limits["complaint"] == "5wd"


def test_what_changes_between_confirmation_and_writing_stops_the_writing(draft, people, as_, hand_in):
    rows = taken(draft, as_)
    rows[0]["事项"] = "路灯全灭"
    address = hand_in(rows)
    sheet = DutySheet.objects.get()
    services.confirm_sheet(sheet_id=sheet.pk, reason="年度修订。", by=people["administrator"], at=NOW)
    waiting = soup(as_("administrator").get(address))
    services.submit_list(list_id=draft.pk, by=people["administrator"], at=NOW)

    assert services.write_sheet(sheet_id=sheet.pk, at=NOW) is True
    assert waiting.select_one("meta[http-equiv=refresh]")["content"] == "2"
    page = soup(as_("administrator").get(address))
    assert text_of(page.select_one(".note-over")) == f"没有办成。 《{draft}》当前为“征求意见”，只有草稿能改。"
    assert of(draft, "CG-01").title == "路灯不亮"
    assert page.select("meta[http-equiv=refresh]") == []


@pytest.fixture
def handed_in(draft, people, as_):
    """Kept, and lost by the broker: nobody compares it."""
    rows = taken(draft, as_)
    rows[0]["事项"] = "路灯全灭"
    return services.hand_in_sheet(
        list_id=draft.pk, upload=xlsx(rows), drops_missing=False, by=people["administrator"], at=NOW
    )


def minutes(count):
    return NOW + timedelta(minutes=count)


def test_what_was_left_is_compared_and_written_by_the_sweep(draft, people, as_, handed_in):
    address = f"/duty-lists/{draft.pk}/sheets/{handed_in.pk}/"
    early = services.resume_sheets(at=minutes(2))
    with time_machine.travel(minutes(3), tick=False):
        left = text_of(soup(as_("administrator").get(address)).select_one(".dif .note-due"))

    compared = services.resume_sheets(at=minutes(3))
    services.confirm_sheet(sheet_id=handed_in.pk, reason="统一。", by=people["administrator"], at=minutes(4))
    none = services.resume_sheets(at=minutes(6))
    written = services.resume_sheets(at=minutes(7))

    assert (early, compared, none, written, services.resume_sheets(at=minutes(60))) == (0, 1, 0, 1, 0)
    assert left.startswith("从今天 10:00 起还没有比对完。")
    assert of(draft, "CG-01").title == "路灯全灭"
    assert DutyItemEvent.objects.count() == 1


def test_what_is_compared_anew_is_not_written_behind_it(draft, people, handed_in):
    """The page offers it while a confirmed sheet lies unwritten; the sweep wrote the old one a minute later."""
    by = people["administrator"]
    services.compare_sheet(sheet_id=handed_in.pk, at=minutes(1))
    services.confirm_sheet(sheet_id=handed_in.pk, reason="统一。", by=by, at=minutes(2))

    again = services.compare_sheet_again(sheet_id=handed_in.pk, by=by, at=minutes(6))
    services.resume_sheets(at=minutes(9))

    assert [(row.pk, row.waits) for row in DutySheet.objects.all()] == [(again.pk, "")]
    assert not DutyItemEvent.objects.exists()


def test_what_fails_again_and_again_is_refused_with_a_sentence(draft, as_, handed_in):
    # Begun three times and never ended: the worker was killed.
    DutySheet.objects.update(begun_at=NOW, tries=3)

    assert (services.resume_sheets(at=minutes(2)), services.resume_sheets(at=minutes(3))) == (0, 1)

    page = soup(as_("administrator").get(f"/duty-lists/{draft.pk}/sheets/{handed_in.pk}/"))
    assert (
        text_of(page.select_one(".note-over"))
        == "没有办成。 试了 3 次都没有比对完，草稿没有变。请重新比对；再不行，把表分成几张交来。"
    )
    assert page.select("meta[http-equiv=refresh]") == []
    assert tasks.compare_sheet(sheet_id=handed_in.pk) is False
    assert services.resume_sheets(at=minutes(9)) == 0


def test_each_start_is_counted_anew_for_the_writing(people, handed_in):
    services.compare_sheet(sheet_id=handed_in.pk, at=minutes(1))
    begun = DutySheet.objects.values_list("begun_at", "tries").get()
    services.confirm_sheet(sheet_id=handed_in.pk, reason="统一。", by=people["administrator"], at=minutes(2))
    confirmed = DutySheet.objects.values_list("begun_at", "tries").get()
    services.write_sheet(sheet_id=handed_in.pk, at=minutes(3))

    assert (begun, confirmed) == ((minutes(1), 1), (None, 0))
    assert DutySheet.objects.values_list("begun_at", "tries").get() == (minutes(3), 1)


@pytest.mark.django_db(transaction=True)
def test_while_it_writes_the_page_shows_how_far_it_is(draft, people, as_, monkeypatch):
    """The page is read by another connection, as a browser's is: of the open transaction it sees nothing."""
    monkeypatch.setattr("responsibility.services.items._TOGETHER", 2)
    rows = taken(draft, as_)
    for row in rows:
        row["事项"] += "了"
    sheet = services.hand_in_sheet(
        list_id=draft.pk, upload=xlsx(rows), drops_missing=False, by=people["administrator"], at=NOW
    )
    services.compare_sheet(sheet_id=sheet.pk, at=NOW)
    services.confirm_sheet(sheet_id=sheet.pk, reason="统一。", by=people["administrator"], at=NOW)
    client = as_("administrator")
    shown_meanwhile = []

    def look():
        page = soup(client.get(f"/duty-lists/{draft.pk}/sheets/{sheet.pk}/"))
        shown_meanwhile.append(text_of(page.select_one(".dif .num")))
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(look).result()
        write = services.sheets._tell_written
        monkeypatch.setattr(services.sheets, "_tell_written", lambda *told: (write(*told), pool.submit(look).result()))
        services.write_sheet(sheet_id=sheet.pk, at=NOW)

    assert shown_meanwhile == ["0 / 3 行", "2 / 3 行", "3 / 3 行"]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (SimpleUploadedFile("a.xlsx", b"nothing"), "“a.xlsx”的内容不是可以上传的类型。"),
        (
            SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40),
            "可以上传：xlsx 表格，别的格式先在表格软件里另存为 xlsx。",
        ),
        (None, "请选择文件。"),
    ],
)
def test_what_is_no_sheet_is_refused_at_once(draft, as_, file, sentence):
    answer = as_("administrator").post(
        f"/duty-lists/{draft.pk}/sheets/", {"missing": "keep"} | ({"file": file} if file else {})
    )

    assert (answer.status_code, sentence in text_of(soup(answer))) == (422, True)
    assert not DutySheet.objects.exists()


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"编号": "CG-01"}, "第一行没有“代码”这一列。"),
        ({CODE: "CG-01", "说明": "甲"}, "除了“代码”，没有一列是清单的列。"),
    ],
)
def test_a_sheet_without_its_columns_is_told_which(draft, as_, hand_in, row, sentence):
    page = soup(as_("administrator").get(hand_in([row])))

    assert sentence in text_of(page.select_one(".note-over"))
    assert page.select(".acts") == []


def test_the_preview_of_one_person_does_not_take_that_of_another(draft, people, as_, hand_in):
    other = UserFactory(unit=draft.scope, roles=("administrator",))
    theirs = services.hand_in_sheet(
        list_id=draft.pk, upload=xlsx(taken(draft, as_)), drops_missing=False, by=other, at=NOW
    )
    hand_in(taken(draft, as_))
    hand_in(taken(draft, as_))

    assert DutySheet.objects.filter(handed_in_by=other).get() == theirs
    assert DutySheet.objects.filter(handed_in_by=people["administrator"]).count() == 1


def test_a_sheet_that_was_dropped_for_another_is_not_compared(draft, people, as_):
    given = {"list_id": draft.pk, "drops_missing": False, "by": people["administrator"], "at": NOW}
    first, second = (services.hand_in_sheet(upload=xlsx(taken(draft, as_)), **given) for _ in range(2))

    assert tasks.compare_sheet(sheet_id=first.pk) is False
    assert tasks.compare_sheet(sheet_id=second.pk) is True


def test_only_who_edits_hands_in_and_only_into_a_draft(first, draft, as_):
    assert as_("dispatcher").get(f"/duty-lists/{draft.pk}/sheets/").status_code == 403
    assert as_("administrator").get(f"/duty-lists/{first.pk}/sheets/").status_code == 409
    assert as_("administrator").get(f"/duty-lists/{draft.pk}/sheets/").status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_preview(draft, as_, hand_in, django_assert_num_queries, count):
    rows = taken(draft, as_)
    for row in rows[:count]:
        row |= {"投诉限": "2", "指定市级单位": "市城管局"}
    address = hand_in(rows)
    client = as_("administrator")
    client.get(address)

    forget_parameters()
    with django_assert_num_queries(7):
        client.get(f"{address}?tab=change")


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_taking_away(draft, as_, django_assert_num_queries, count):
    for n in range(count):
        DutyItemFactory(duty_list=draft, code=f"XX-0{n}").co_units.add(UnitFactory())
    client = as_("dispatcher")
    client.get("/duty-lists/")

    forget_parameters()
    with django_assert_num_queries(7):
        client.get(f"/duty-lists/{draft.pk}/xlsx/")


def test_queries_do_not_grow_with_the_rows(draft, people, as_):
    """Of checking and of writing: what is asked of each row would be asked five thousand times."""

    def queries(count):
        rows = taken(draft, as_)
        rows = [rows[0] | {CODE: f"N{count}-{n}", "事项": f"新的{n}"} for n in range(count)]
        sheet = services.hand_in_sheet(
            list_id=draft.pk, upload=xlsx(rows), drops_missing=False, by=people["administrator"], at=NOW
        )
        with CaptureQueriesContext(connection) as checked:
            services.compare_sheet(sheet_id=sheet.pk, at=NOW)
        services.confirm_sheet(sheet_id=sheet.pk, reason="新。", by=people["administrator"], at=NOW)
        with CaptureQueriesContext(connection) as written:
            services.write_sheet(sheet_id=sheet.pk, at=NOW)
        return len(checked), len(written)

    assert queries(1) == queries(30)
    assert draft.items.count() == 34


def test_the_checks_know_what_the_rules_of_the_table_ask():
    asked = {
        child[0].partition("__")[0]
        for constraint in DutyItem._meta.constraints
        if hasattr(constraint, "condition") and constraint.condition
        for child in flat(constraint.condition)
    }

    assert asked == set(ManyChecks.ASKED)


def flat(condition):
    for child in condition.children:
        yield from flat(child) if hasattr(child, "children") else [child]
