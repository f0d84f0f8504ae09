"""A session that ends while somebody writes: they log in, there or in another tab, and nothing that was written is lost."""

import pytest
from django.conf import settings

from channels_merge.models import Appeal
from channels_merge.services import sync_channels
from tests.browser.conftest import answered
from tests.factories.hotline import PASSWORD
from tests.factories.tickets import NOW, signed
from tickets.models import Note

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

WORDS = "已到现场看过，摊贩答应搬走，明天再去看一次。"


@pytest.fixture
def writing(city, log_in):
    """A note is typed, and the session has just ended."""
    ticket = signed(city)
    page = log_in(city.handler)
    page.goto(f"{page.base}/tickets/{ticket.number}/")
    open_note(page)
    page.keyboard.type(WORDS)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    return page


@pytest.fixture
def calling(city, log_in):
    """A call is typed at the desk."""
    sync_channels(at=NOW)
    page = log_in(city.agent)
    page.goto(page.base + "/desk/")
    page.fill("[name=text]", "锦江花园楼下的路灯三天不亮。")
    page.focus("[name=place]")
    answered(page, "章江街道锦江花园")  # what is still asked for would meet the end of the session before the key does
    return page


def open_note(page):
    page.keyboard.press("n")
    page.wait_for_selector("#act[open] [data-act-form]")


def log_in_elsewhere(page, user):
    tab = page.context.new_page()
    tab.goto(page.base + "/login/")
    tab.get_by_label("工号").fill(user.username)
    tab.get_by_label("密码").fill(PASSWORD)
    tab.keyboard.press("Enter")
    tab.wait_for_url(page.base + "/")
    tab.close()


def notes():
    return list(Note.objects.values_list("text", flat=True))


def test_log_in_in_place_sends_what_was_written(writing, city):
    writing.keyboard.press("Control+Enter")
    lock = writing.locator("#lock[open]")
    lock.get_by_text("登录已失效").wait_for()
    assert notes() == []

    writing.keyboard.type("wrong")
    writing.keyboard.press("Enter")
    lock.get_by_text("工号或密码不对。").wait_for()
    lock.locator("input").fill(PASSWORD)
    writing.keyboard.press("Enter")
    writing.wait_for_selector("#act:not([open])", state="attached")

    assert notes() == [WORDS]
    assert Note.objects.get().author == city.handler


def test_log_in_in_another_tab_and_come_back(writing, city):
    writing.keyboard.press("Control+Enter")
    writing.wait_for_selector("#lock[open]")
    writing.keyboard.press("Escape")
    assert writing.get_by_role("link", name="在新标签页登录").get_attribute("href") == "/login/"
    writing.keyboard.press("Escape")
    log_in_elsewhere(writing, city.handler)

    open_note(writing)
    assert writing.input_value("#act textarea") == WORDS
    writing.keyboard.press("Control+Enter")
    writing.wait_for_selector("#act:not([open])", state="attached")

    assert notes() == [WORDS]


def test_what_one_wrote_is_not_sent_as_somebody_else(writing, city):
    log_in_elsewhere(writing, city.handler2)
    writing.keyboard.press("Control+Enter")
    writing.get_by_text(f"现在登录的是工号 {city.handler2.username}").wait_for()

    assert notes() == []
    assert writing.input_value("#act textarea") == WORDS


def test_a_browser_that_keeps_no_cookie_is_told_so_and_keeps_the_words(city, log_in):
    page = log_in(city.handler)
    page.goto(f"{page.base}/tickets/{signed(city).number}/")
    open_note(page)
    page.keyboard.type(WORDS)
    page.context.clear_cookies(name="csrftoken")
    # As if the cookie that belongs to the token were not kept.
    page.route("**/session/state", lambda route: route.fulfill(json=route.fetch().json() | {"token": "a" * 64}))

    page.keyboard.press("Control+Enter")
    page.get_by_text("浏览器没有保存本站的 Cookie，校验通不过，没有提交。").wait_for()

    assert notes() == []
    assert page.input_value("#act textarea") == WORDS


def test_a_call_that_is_typed_outlives_the_session(calling):
    calling.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    calling.keyboard.press("Control+s")
    calling.get_by_text("登录已失效，草稿没有存上").wait_for()
    calling.get_by_role("link", name="在新标签页登录").wait_for()

    calling.keyboard.press("F8")
    calling.wait_for_selector("#lock[open]")
    assert not Appeal.objects.exists()
    calling.keyboard.type(PASSWORD)
    calling.keyboard.press("Enter")
    calling.wait_for_url("**/desk/done/**")

    assert [(appeal.text, appeal.place) for appeal in Appeal.objects.all()] == [
        ("锦江花园楼下的路灯三天不亮。", "章江街道锦江花园")
    ]


def test_a_form_stays_while_nobody_answers(calling):
    calling.context.set_offline(True)
    calling.keyboard.press("F8")
    calling.get_by_text("网络不通，没有提交。").wait_for()
    calling.context.set_offline(False)
    calling.keyboard.press("F8")
    calling.wait_for_url("**/desk/done/**")

    assert Appeal.objects.count() == 1


def test_a_call_that_is_typed_outlives_a_lock_from_another_tab(calling, city):
    # Else the draft of a slow machine meets the lock first, and the key is pressed behind it.
    calling.keyboard.press("Control+s")
    calling.get_by_text("草稿已存").wait_for()
    tab = calling.context.new_page()
    tab.goto(calling.base + "/notices/")
    with tab.expect_response("**/lock/"):
        tab.evaluate("hotline.lockNow(true)")

    calling.keyboard.press("F8")
    calling.wait_for_selector("#lock[open]")
    assert not Appeal.objects.exists()
    calling.keyboard.type(PASSWORD)
    calling.keyboard.press("Enter")
    calling.wait_for_url("**/desk/done/**")

    assert Appeal.objects.count() == 1


def test_whoever_logs_out_leaves_the_page_also_when_the_session_has_ended(calling):
    """They were asked to log in first, and what the page shows stayed on it."""
    calling.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    calling.locator(".menu summary").click()
    calling.get_by_role("button", name="退出登录").click()

    calling.wait_for_url("**/login/**")
