"""The lists in a real browser: keys, ticks that stay off, the peek of the right row, an approval on the phone.

Slow, as everything here is: a browser.
"""

import pytest
import time_machine

from hotline import calendar, parameters
from responsibility.models import Governance
from responsibility.selectors.suggesting import _compiled
from tests.browser.conftest import PHONE, arrived, caret_in, covered_by_what_is_said, drawn
from tests.factories.channels_merge import make_appeal
from tests.factories.evaluation import add_callers
from tests.factories.hotline import CountyFactory, load_rules
from tests.factories.tickets import (
    NOW,
    acts,
    contacted,
    dispatched,
    fresh,
    make_city,
    make_item,
    register,
    state_of,
    submitted,
)
from tickets import services
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

NOISE = {"title": "夜间施工噪声大", "text": "锦江花园东侧夜间施工，施工噪声大，整夜睡不着。", "kind": "complaint"}


@pytest.fixture
def city(transactional_db):
    with time_machine.travel(NOW, tick=True):
        load_rules()
        city = make_city()
        make_item("CG-01", words=["夜间施工", "施工噪声", "噪声大"])
        Governance.objects.create(region=CountyFactory(), unit=city.county, valid_from="2026-01-01", source="测试")
        yield city
    calendar.forget_calendar()
    parameters.forget_parameters()
    _compiled.clear()


def noise(city):
    ticket = register(region=city.region, **NOISE)
    Ticket.objects.filter(pk=ticket.pk).update(proposed_score=95)
    return ticket


def peeked(page, number):
    page.wait_for_selector(f'#peek [data-peek-of="{number}"]')


def asked(page):
    page.wait_for_selector("dialog.act[open]")


def step_back(page):
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.act", state="hidden")


def held(page, number):
    """Requests for the peek of that ticket: the first waits until the test lets it go on."""
    requests = []
    page.route(f"**/dispatch/{number}/", lambda request: requests.append(request), times=1)
    return requests


def came(page, requests):
    while not requests:
        page.wait_for_timeout(20)
    return requests[0]


def selected(page):
    return page.get_attribute('[data-rows] tr[aria-selected="true"]', "data-id")


def ticked(page):
    return page.eval_on_selector_all("[data-rows] tbody input:checked", "boxes => boxes.map(box => box.value)")


def test_quick_j_is_not_taken_back(city, log_in):
    first, second, third = (noise(city).number for _ in range(3))
    page = log_in(city.dispatcher)
    page.goto(page.base + "/dispatch/")
    peeked(page, first)
    of_second, of_third = held(page, second), held(page, third)
    page.keyboard.press("j")
    early = came(page, of_second)
    page.keyboard.press("j")
    early.continue_()  # the second row's peek arrives when the third row is the selected one
    peeked(page, second)
    assert selected(page) == third
    came(page, of_third).continue_()
    peeked(page, third)
    assert selected(page) == third


def test_a_proposed_unit_is_typed_over(city, log_in):
    ticket = noise(city)
    page = log_in(city.dispatcher)
    page.goto(page.base + "/dispatch/")
    peeked(page, ticket.number)
    page.keyboard.press("u")
    asked(page)
    assert page.input_value("dialog.act [name=unit]") == city.county.name
    page.keyboard.type("市城管局")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#says .note-done")

    assert fresh(ticket).lead.unit == city.department


def test_the_keys_of_the_page_are_those_that_work_on_it(city, log_in):
    first, nowhere = noise(city), register(title="想说几句", text="今天天气不错。")
    page = log_in(city.dispatcher)
    page.goto(page.base + "/dispatch/")
    peeked(page, first.number)

    page.keyboard.press("?")
    assert "Enter\t派给章贡热线中心" in page.inner_text("#keys")
    assert "u\t选单位派单" in page.inner_text("#keys")
    page.keyboard.press("Escape")

    page.keyboard.press("j")
    peeked(page, nowhere.number)
    page.keyboard.press("?")
    assert "派给章贡热线中心" not in page.inner_text("#keys")
    assert page.inner_text("#keys").count("u\t选单位派单") == 1
    assert "x\t选中这一行" in page.inner_text("#keys")


def test_the_keys_of_rows_are_not_listed_where_there_are_none(city, log_in):
    page = log_in(city.dispatcher)
    page.goto(page.base + "/dispatch/")

    page.keyboard.press("?")

    shown = page.inner_text("#keys")
    assert "Ctrl Enter\t提交打开的表单" in shown
    assert [words for words in ("下一行", "打开这一行", "办这一行", "选中这一行") if words in shown] == []


def test_shift_enter_without_a_tick_opens_nothing(city, log_in):
    ticket = noise(city)
    page = log_in(city.dispatcher)
    page.goto(page.base + "/dispatch/")
    peeked(page, ticket.number)
    page.keyboard.press("x")
    page.keyboard.press("Shift+Enter")

    assert "还没有勾选" in page.inner_text("#says")
    assert page.url.endswith("/dispatch/")


def test_a_batch_goes_right_after_one_whose_token_had_aged(city, log_in):
    """It was refused as if the person had no right to it."""
    first, second, third = (noise(city) for _ in range(3))
    page = log_in(city.dispatcher)
    page.goto(page.base + "/dispatch/")
    peeked(page, first.number)
    page.context.clear_cookies(name="csrftoken")

    page.keyboard.press("Enter")
    peeked(page, second.number)
    page.keyboard.press("Shift+Enter")
    page.wait_for_url("**/dispatch/batch/")

    assert [state_of(ticket) for ticket in (first, second, third)] == ["pending_sign"] * 3


def test_dispatch_by_keys(city, log_in):
    first, second, third = (noise(city) for _ in range(3))
    nowhere = register(title="想说几句", text="今天天气不错。")
    page = log_in(city.dispatcher)
    page.goto(page.base + "/dispatch/")

    peeked(page, first.number)
    assert ticked(page) == [first.number, second.number, third.number]
    of_second = held(page, second.number)
    page.keyboard.press("j")
    late = came(page, of_second)
    page.keyboard.press("Enter")  # too early: the peek is still the first row's
    late.continue_()
    peeked(page, second.number)
    assert [state_of(ticket) for ticket in (first, second)] == ["pending_dispatch", "pending_dispatch"]

    page.keyboard.press("x")
    assert ticked(page) == [first.number, third.number]
    page.keyboard.press("Enter")
    peeked(page, third.number)
    assert state_of(second) == "pending_sign"
    assert fresh(second).lead.unit == city.county
    assert selected(page) == third.number
    assert "已派给章贡区12345政务服务便民热线中心" in page.inner_text("#says")

    page.keyboard.press("z")
    page.wait_for_url("**/dispatch/?at=*")
    peeked(page, second.number)
    assert acts(second) == ["register", "dispatch", "recall"]
    assert selected(page) == second.number

    page.goto(page.base + "/dispatch/")
    peeked(page, first.number)
    assert ticked(page) == [first.number, third.number]  # the second was out before
    page.keyboard.press("x")
    page.goto(page.base + "/dispatch/")
    assert ticked(page) == [third.number]  # what was unticked by hand stays so

    while selected(page) != nowhere.number:
        page.keyboard.press("j")
    peeked(page, nowhere.number)
    page.keyboard.press("Enter")
    assert "没有建议的单位，按 u 选单位派单。" in page.inner_text("#says")
    assert covered_by_what_is_said(page) == []
    page.keyboard.press("u")
    asked(page)
    caret_in(page, "unit")
    step_back(page)

    page.keyboard.press("Shift+Enter")
    page.wait_for_url("**/dispatch/batch/")
    assert "办成 1 件" in page.inner_text("h1")
    assert [state_of(ticket) for ticket in (first, third)] == ["pending_dispatch", "pending_sign"]


def test_what_is_pressed_before_htmx_has_seen_it_is_done_in_place(city, log_in):
    """A link led away to a page of its own, a form took the whole page with it."""
    first, second = noise(city), noise(city)
    page = log_in(city.dispatcher)
    page.goto(page.base + "/dispatch/")
    peeked(page, first.number)
    page.evaluate("window.stays = true")

    drawn(page, "j", f'#peek [data-peek-of="{second.number}"]')
    page.keyboard.press("u")
    page.wait_for_selector("dialog.act[open] [name=unit]")
    page.keyboard.press("Escape")
    drawn(page, "k", f'#peek [data-peek-of="{first.number}"]')
    page.keyboard.press("Enter")
    page.wait_for_selector(f'tr[data-id="{first.number}"]', state="detached")

    assert page.evaluate("window.stays")
    assert acts(first)[-1] == "dispatch"


def test_a_key_right_after_a_dialog_was_closed_is_heard(city, log_in):
    """For a moment the caret is still in the field that went with the dialog."""
    first, second = noise(city), noise(city)
    page = log_in(city.dispatcher)
    page.goto(page.base + "/dispatch/")
    peeked(page, first.number)
    page.keyboard.press("u")
    asked(page)

    page.evaluate(
        """() => { const field = document.activeElement;
        field.closest("dialog").close();
        field.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true, cancelable: true })); }"""
    )

    assert selected(page) == second.number


def test_inbox_by_keys(city, log_in):
    to_sign, working = dispatched(city, urgency="urgent"), contacted(city)
    page = log_in(city.handler)
    page.goto(page.base + "/inbox/")

    peeked(page, to_sign.number)
    page.keyboard.press("Space")
    asked(page)
    page.keyboard.press("Control+Enter")
    arrived(page, f"text=已签收 {to_sign.number}。")
    assert state_of(to_sign) == "in_progress"

    peeked(page, to_sign.number)
    page.keyboard.press("j")
    peeked(page, working.number)
    page.keyboard.press("r")
    asked(page)
    page.get_by_label("给群众的答复").fill("写了一半")
    page.keyboard.press("Control+Enter")
    caret_in(page, "resolved")
    assert "请选择是否解决。" in page.inner_text("#act-body")
    step_back(page)
    page.keyboard.press("r")
    asked(page)
    assert page.get_by_label("给群众的答复").input_value() == "写了一半"
    assert state_of(working) == "in_progress"
    step_back(page)

    page.keyboard.press("Enter")
    page.wait_for_url(f"**/tickets/{working.number}/")


def test_approvals_on_the_phone(city, log_in):
    first, second = submitted(city, urgency="urgent"), submitted(city, urgency="urgent")
    page = log_in(city.head, PHONE)
    page.goto(page.base + "/approvals/")

    page.locator(f"tr:has-text('{first.number}')").get_by_text("达到办结标准").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    button = page.locator(f"tr:has-text('{first.number}')").get_by_role("button", name="通过")
    assert button.bounding_box()["height"] >= 44
    button.click()

    arrived(page, f"text={first.number} 审核通过。")
    assert [fresh(ticket).approvals.order_by("pk").first().state for ticket in (first, second)] == [
        "approved",
        "pending",
    ]
    page.locator(f"tr:has-text('{second.number}')").get_by_text("退回", exact=True).click()
    page.get_by_label("理由").fill("答复没有写明何时解决。")
    page.locator("dialog.act").get_by_role("button", name="退回再办").click()
    page.get_by_text(f"{second.number} 已退回再办。").wait_for()
    assert state_of(second) == "in_progress"


def test_the_slower_of_two_keeps_the_words(city, log_in):
    ticket = submitted(city, urgency="urgent")
    page = log_in(city.head)
    page.goto(page.base + "/approvals/")
    step = ticket.approvals.get()
    peeked(page, step.pk)
    page.keyboard.press("b")
    asked(page)
    page.get_by_label("理由").fill("答复没有写明何时解决。")
    services.approve(approval_id=step.pk, by=city.head2, at=NOW)

    page.keyboard.press("Control+Enter")

    page.locator("dialog.act .note").get_by_text("胡*").wait_for()
    assert page.get_by_label("理由").input_value() == "答复没有写明何时解决。"
    assert acts(ticket)[-1] == "await_review"


def test_a_page_that_is_one_form_begins_in_it_and_sends_from_anywhere(city, log_in):
    page = log_in(city.dispatcher)
    page.goto(f"{page.base}/tickets/{noise(city).number}/acts/note/")
    caret_in(page, "text")

    page.keyboard.press("Escape")
    page.keyboard.press("z")
    page.wait_for_selector("#says >> text=现在没有能撤回的一步。")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".err")


def test_what_came_in_is_read_as_cards_on_a_phone(city, log_in, shots):
    first = make_appeal(at=NOW, text="东门垃圾房旁堆了装修垃圾，堵住半边人行道。")
    second = make_appeal(at=NOW, text="金钻广场北侧的路灯一个月没有亮。", phone="13900000001")
    page = log_in(add_callers(city).agent, PHONE)
    page.goto(page.base + "/intake/")

    peeked(page, first.number)
    shots(page, "intake", (PHONE,))
    cards = page.locator("[data-rows] tbody tr")
    assert [first.title in cards.nth(0).inner_text(), second.title in cards.nth(1).inner_text()] == [True, True]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]

    cards.nth(1).locator(".ti-t").click()
    peeked(page, second.number)
    assert page.locator("#act[open]").count() == 0
    page.wait_for_function("document.querySelector('#peek').getBoundingClientRect().top < innerHeight / 2")


def test_a_file_that_was_taken_can_be_asked_for_again(city, log_in):
    page = log_in(city.head)
    page.goto(page.base + "/exports/tickets/")
    page.fill("[name=reason]", "月度分析。")
    with page.expect_download():
        page.keyboard.press("Control+Enter")
    page.wait_for_selector("#main form:not([data-busy])")
    with page.expect_download() as again:
        page.keyboard.press("Control+Enter")

    assert again.value.suggested_filename.endswith(".xlsx")
