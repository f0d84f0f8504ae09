"""The frame of every staff page in a real browser: log-in, idle lock, notices, keys."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from hotline.models import User
from hotline.services import reference as rules

PASSWORD = "Long-enough-7-phrase"


@pytest.fixture
def reference(transactional_db):
    rules.load_calendar_years(at=timezone.now())
    rules.load_parameters()


@pytest.fixture
def person(reference):
    return User.objects.create_user("10001", PASSWORD, name="刘明", must_change_password=False)


def test_log_in_says_what_is_wrong_and_keeps_the_name(person, open_page):
    page = open_page()
    page.goto(page.base + "/notices/")

    page.get_by_label("工号").fill("10001")
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录").click()

    assert "工号或密码不对" in page.locator(".note-over").inner_text()
    assert page.get_by_label("工号").input_value() == "10001"

    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")

    page.wait_for_url("**/notices/")
    assert page.locator(".menu summary").inner_text() == "刘*"


def test_the_lock_keeps_the_page_and_what_was_typed(person, log_in):
    page = log_in(person)
    page.goto(page.base + "/notices/")
    page.evaluate("document.querySelector('.bar').innerHTML = '<textarea>写了一半</textarea>'")
    page.evaluate("hotline.lockNow(true)")
    lock = page.locator("#lock")

    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(lock).to_be_visible()

    lock.locator("input").fill("wrong")
    page.keyboard.press("Enter")
    lock.locator(".err").get_by_text("密码不对。").wait_for()

    lock.locator("input").fill(PASSWORD)
    page.keyboard.press("Enter")
    lock.wait_for(state="hidden")
    assert page.locator(".bar textarea").input_value() == "写了一半"


def test_a_locked_session_meets_the_lock_page(person, log_in):
    page = log_in(person)
    page.goto(page.base + "/notices/")
    with page.expect_response("**/lock/"):
        page.evaluate("hotline.lockNow(true)")

    page.goto(page.base + "/notices/")

    expect(page.get_by_role("heading", name="屏幕已锁定")).to_be_visible()
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/notices/")


def test_keys_of_the_frame(person, log_in):
    page = log_in(person)
    page.goto(page.base + "/notices/")

    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()

    page.keyboard.press("/")
    page.keyboard.press("F1")  # ? would be typed here
    expect(page.locator("#keys")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1366])
def test_no_page_of_the_frame_is_wider_than_its_window(person, log_in, width):
    page = log_in(person, {"width": width, "height": 768})

    for path in ("/notices/", "/account/password/", "/no-such-page/"):
        page.goto(page.base + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
