"""The forms of acts in a real browser: where the caret is, and what a key does before the page has settled."""

import pytest

from tests.browser.conftest import caret_in
from tests.factories.tickets import acts, contacted, signed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_the_caret_goes_to_what_is_wrong(city, log_in):
    ticket = contacted(city)
    page = log_in(city.handler)
    page.goto(f"{page.base}/tickets/{ticket.number}/")
    page.keyboard.press("r")
    page.wait_for_selector("dialog.act[open] [name=public_text]")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("dialog.act .pick.is-miss")
    caret_in(page, "resolved")

    page.check("dialog.act [name=resolved][value=no]", force=True)
    page.fill("dialog.act [name=public_text]", "经核实，工地夜间施工已责令停止，十一月十五日以前复查并电话告知您。")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("dialog.act [name=unresolved_reason].is-miss")

    caret_in(page, "unresolved_reason")
    assert page.inner_text("dialog.act .err") == "没有全部解决的，请写明原因。"


def test_a_colleague_who_opens_the_same_ticket_is_named(city, log_in):
    ticket = signed(city)
    first, second = log_in(city.handler), log_in(city.handler2)
    first.clock.install()
    first.goto(f"{first.base}/tickets/{ticket.number}/")
    assert first.inner_text("#present") == ""

    second.goto(f"{second.base}/tickets/{ticket.number}/")
    assert second.inner_text("#present") == "张*（市城管局）也在看本件"
    first.clock.fast_forward(31_000)
    first.get_by_text("刘*（市城管局）也在看本件").wait_for()


def test_an_act_on_a_page_of_its_own(city, log_in):
    ticket = signed(city)
    page = log_in(city.handler)
    page.goto(f"{page.base}/tickets/{ticket.number}/acts/note/")
    caret_in(page, "text")

    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")  # the caret is nowhere
    page.wait_for_selector(".act-page .err")
    caret_in(page, "text")
    assert not page.query_selector("dialog.act[open]")

    page.keyboard.type("已约业委会面谈。")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**/tickets/{ticket.number}/")
    assert acts(ticket)[-1] == "note"
