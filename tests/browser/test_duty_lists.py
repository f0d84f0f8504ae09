"""The duty list by keyboard: drafted, an item changed, several at once, submitted, agreed to by both offices, published.

Slow, as everything here is: a browser.
"""

from datetime import date

import pytest
import time_machine
from openpyxl import load_workbook

from hotline import calendar, parameters
from responsibility import services
from responsibility.models import DutyItem, DutyList
from tests.browser.conftest import PHONE, arrived
from tests.factories.hotline import UnitFactory, UserFactory, load_rules
from tests.factories.responsibility import DutyItemFactory
from tests.factories.tickets import NOW

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def first(transactional_db):
    with time_machine.travel(NOW, tick=True):
        load_rules()
        UnitFactory(short_name="市城管局", function="urban_management")
        items = [DutyItemFactory(code=f"CG-0{n}", limits={"complaint": "7wd"}) for n in range(1, 5)]
        yield items[0].duty_list
    calendar.forget_calendar()
    parameters.forget_parameters()


def in_dialog(page, key, **typed):
    page.keyboard.press(key)
    page.wait_for_selector("#act[open] form")
    for name, text in typed.items():
        page.fill(f"#act [name={name}]", text)
    page.keyboard.press("Control+Enter")
    arrived(page, "#says .note-done")


def test_a_version_from_draft_to_its_day(first, log_in, shots):
    person = {
        role: UserFactory(unit=first.scope, roles=(role,))
        for role in ("administrator", "legal_reviewer", "staffing_reviewer")
    }
    page = log_in(person["administrator"])
    page.goto(page.base + "/duty-lists/")
    shots(page, "duty-lists")
    in_dialog(page, "n", reason="年度修订。")
    draft = DutyList.objects.get(version=2)
    here = f"{page.base}/duty-lists/{draft.pk}/"
    assert page.url == here

    page.wait_for_selector("#peek >> text=CG-01")
    page.keyboard.press("j")
    page.wait_for_selector("#peek >> text=CG-02")
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/CG-02/")
    page.fill("[name=limit_complaint]", "很快")
    page.click("main >> text=先不改")
    page.wait_for_selector("#says >> text=还有写了没提交的内容。")
    page.fill("[name=reason]", "统一时限。")
    page.keyboard.press("Control+Enter")
    arrived(page, "main em.err")
    assert page.input_value("[name=reason]") == "统一时限。"
    page.fill("[name=limit_complaint]", "5")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#peek >> text=与第1版的差别，1 处")
    assert page.get_attribute("tr[aria-selected=true]", "data-id") == "CG-02"
    shots(page, "duty-list")

    page.goto(here)
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("e")
    page.wait_for_url("**/bulk/**")
    page.fill("[name=limit_complaint]", "3")
    page.fill("[name=reason]", "统一时限。")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#says >> text=已改好 2 项。")
    assert [item.limits["complaint"] for item in DutyItem.objects.filter(duty_list=draft).order_by("code")] == [
        "3wd",
        "5wd",
        "3wd",
        "7wd",
    ]

    page.goto(here)
    in_dialog(page, "s")
    for role, key in (("legal_reviewer", "l"), ("staffing_reviewer", "b")):
        theirs = log_in(person[role])
        theirs.goto(here)
        theirs.keyboard.press(key)
        theirs.wait_for_selector("#act[open] form")
        theirs.check("#act [name=agrees][value=yes]", force=True)
        theirs.keyboard.press("Control+Enter")
        theirs.wait_for_selector("#says .note-done")

    page.goto(here)
    in_dialog(page, "f", day="2026-12-01")
    draft.refresh_from_db()
    assert (draft.state, draft.effective_from) == ("published", date(2026, 12, 1))


def test_on_a_phone_nothing_is_wider_than_the_screen(first, as_role):
    page = as_role("dispatcher", unit=first.scope, viewport=PHONE)

    for path in ("", f"{first.pk}/", f"{first.pk}/items/CG-01/"):
        page.goto(f"{page.base}/duty-lists/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_conditions_come_and_go_as_rows_by_keyboard(first, log_in, shots):
    person = UserFactory(unit=first.scope, roles=("administrator",))
    draft = services.draft_list(scope=first.scope, reason="年度修订。", by=person, at=NOW)
    page = log_in(person)
    page.goto(f"{page.base}/duty-lists/{draft.pk}/items/CG-01/")

    page.focus("text=加一条条件")
    page.keyboard.press("Enter")
    page.wait_for_selector("[name=conditions-0-words]:focus")
    page.keyboard.type("装修")
    page.focus("text=加一条条件")
    page.keyboard.press("Enter")
    page.wait_for_selector("[name=conditions-1-words]:focus")
    page.keyboard.press("Tab")
    page.keyboard.type("村里、屋场")
    page.fill("[name=conditions-1-hour]", "夜里")
    page.fill("[name=reason]", "村里的另派。")
    # In a field Enter sends the form, and takes no row away.
    page.focus("[name=conditions-1-hour]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".one-row.is-wrong >> text=钟点写起止")
    # Of two rows that are wrong the one with a field to mend has the caret.
    page.wait_for_selector("[name=conditions-1-hour]:focus")
    assert page.input_value("[name=conditions-0-words]") == "装修"
    shots(page, "duty-item-rows")
    page.fill("[name=conditions-1-hour]", "22-6")
    page.select_option("[name=conditions-1-county_function]", "agriculture")
    page.focus("[aria-label='去掉条件第 1 条']")
    page.keyboard.press("Enter")
    page.wait_for_selector("[name=add_row]:focus")
    assert page.locator(".one-row").count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_selector("#says >> text=还有写了没提交的内容。")
    page.focus("[name=conditions-0-note]")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#peek >> text=与第1版的差别，1 处")

    assert DutyItem.objects.get(duty_list=draft, code="CG-01").conditions == [
        {"when": {"place": ["村里", "屋场"], "hour": [22, 6]}, "county_function": "agriculture"}
    ]
    phone = log_in(person, viewport=PHONE)
    phone.goto(f"{phone.base}/duty-lists/{draft.pk}/items/CG-01/")
    phone.click("text=加一条法定时限")
    phone.wait_for_selector("[name=statute_limits-0-step]:focus")
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_a_sheet_is_taken_away_changed_and_written(first, log_in, shots, tmp_path):
    person = UserFactory(unit=first.scope, roles=("administrator",))
    draft = services.draft_list(scope=first.scope, reason="年度修订。", by=person, at=NOW)
    page = log_in(person)
    page.goto(f"{page.base}/duty-lists/{draft.pk}/")
    with page.expect_download() as taken:
        page.keyboard.press("o")
    taken.value.save_as(tmp_path / "清单.xlsx")
    change(tmp_path / "清单.xlsx")

    page.keyboard.press("u")
    page.wait_for_url("**/sheets/")
    page.set_input_files("[name=file]", tmp_path / "清单.xlsx")
    page.press("[name=file]", "Control+Enter")
    arrived(page, "main table >> text=投诉限：写工作日数")
    shots(page, "duty-sheet-errors")
    page.goto(page.url.partition("?")[0] + "?tab=change")
    page.wait_for_selector("main table ins >> text=全灭")
    shots(page, "duty-sheet")
    page.keyboard.press("s")
    page.wait_for_selector("#act[open] form")
    page.fill("#act [name=reason]", "统一写法。")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".note-done >> text=已写入")

    assert list(draft.items.order_by("code").values_list("title", flat=True)) == [
        "路灯全灭",
        "路灯不亮",
        "路灯不亮",
        "路灯不亮",
        "灯杆倾斜",
    ]
    page.goto(f"{page.base}/duty-lists/{draft.pk}/sheets/")
    shots(page, "duty-sheets")
    phone = log_in(person, viewport=PHONE)
    for path in ("", f"{draft.sheets.get().pk}/?tab=wrong"):
        phone.goto(f"{phone.base}/duty-lists/{draft.pk}/sheets/{path}")
        assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def change(path):
    """One item changed, one added, one that cannot be read."""
    book = load_workbook(path)
    sheet = book.worksheets[0]
    at = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, at["事项"], "路灯全灭")
    sheet.cell(3, at["投诉限"], "很快")
    sheet.append([cell.value for cell in sheet[5]])
    sheet.cell(6, at["代码"], "CG-05")
    sheet.cell(6, at["事项"], "灯杆倾斜")
    book.save(path)
