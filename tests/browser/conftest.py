"""A real browser for journeys and for looking at pages.

    def test_inbox(as_role, shots):
        page = as_role("liaison")                      # logged in, 1366×768
        page.goto(page.base + "/inbox/")
        shots(page, "inbox")                           # with HOTLINE_SHOTS=DIR writes inbox-1366.png and inbox-360.png

Skipped with one line where no Chromium is installed.
"""

import os
import shutil
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.auth.models import Group
from django.test import Client
from playwright.sync_api import Error, sync_playwright

from hotline.models import User
from tests.factories.hotline import load_rules
from tests.factories.tickets import NOW, make_city

DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 800}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHOTS = os.environ.get("HOTLINE_SHOTS")


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def city(transactional_db):
    """The city of the factories on its Tuesday morning; a file whose story needs more makes its own."""
    with time_machine.travel(NOW, tick=True):
        load_rules()
        yield make_city()


@pytest.fixture(scope="session")
def browser():
    # Playwright's driver keeps an event loop in this thread; Django would refuse to touch the database beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        except Error:
            pytest.skip("no Chromium here: install it (apt-get install chromium) or run `playwright install chromium`")
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, live_server):
    """A fresh window; a message on the console or a failed request of the page's own fails the test."""
    contexts, complaints = [], []

    def open_it(viewport=DESKTOP, **kwargs):
        context = browser.new_context(viewport=viewport, locale="zh-CN", timezone_id="Asia/Shanghai", **kwargs)
        contexts.append(context)
        page = context.new_page()
        page.base = live_server.url
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if _is_complaint(line) else None)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


# A refused act answers 4xx on purpose; the browser and htmx note every one of them.
EXPECTED = ("Failed to load resource", "Response Status Error Code 4")
# Playwright adds an empty <style> while it takes a picture; this is the hash of nothing, as the browser names it.
EMPTY_STYLE = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def _is_complaint(line):
    is_expected = line.text.startswith(EXPECTED) and "status of 5" not in line.text
    return line.type == "error" and not is_expected and EMPTY_STYLE not in line.text


@pytest.fixture
def log_in(open_page):
    """`log_in(user)` gives a page of that person, past the log-in form."""

    def log_in_as(user, viewport=DESKTOP, **kwargs):
        page = open_page(viewport, **kwargs)
        # One client each: logging in again would end the session of the person before.
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": page.base}])
        return page

    return log_in_as


@pytest.fixture
def as_role(log_in):
    """`as_role("liaison", unit=unit)` makes a person with that role and opens the browser as them."""

    def open_as(role, *, unit=None, viewport=DESKTOP, **fields):
        user = User.objects.create_user(
            f"browser-{role}-{User.objects.count()}",
            None,
            name="刘明",
            unit=unit,
            must_change_password=False,
            **fields,
        )
        user.groups.add(Group.objects.get_or_create(name=role)[0])
        page = log_in(user, viewport)
        page.user = user
        return page

    return open_as


@pytest.fixture
def shots():
    """`shots(page, "inbox")` writes the page as a laptop and a phone show it, for people to look at, where asked to."""

    def shoot(page, name, sizes=(DESKTOP, PHONE), *, full=False):
        if not SHOTS:
            return
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        for size in sizes:
            page.set_viewport_size(size)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=Path(SHOTS) / f"{name}-{size['width']}.png", full_page=full)

    return shoot


def covered_by_what_is_said(page):
    """The fields and buttons of the page that a note lies over: none, or somebody cannot go on while it is there."""
    return page.evaluate(
        """() => [...document.querySelectorAll("#main a, #main button, #main input, #main select, #main textarea, #main label, .find, .me")]
            .filter(one => [...document.querySelectorAll("#says .note")].some(note => {
              const [a, b] = [note.getBoundingClientRect(), one.getBoundingClientRect()];
              return b.width && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
            })).map(one => one.outerHTML.slice(0, 100))"""
    )


def arrived(page, what):
    """Wait for what a new page shows and for its scripts: keys pressed before them are lost, and links lead away."""
    page.wait_for_selector(what)
    page.wait_for_load_state()


def caret_in(page, name):
    """It goes there once the page's scripts have run, or the form that came has settled."""
    page.wait_for_function("name => document.activeElement.name === name", arg=name)


def answered(page, words):
    """Type at the desk where the caret is and wait for the panes that these words bring, not some of them."""
    with page.expect_response(lambda answer: "/desk/suggest/" in answer.url and words in answer.request.post_data):
        page.keyboard.type(words)
    page.wait_for_selector("[data-desk]:not(.htmx-request)")


def drawn(page, key, what):
    """Press the key; what it brings stands there and htmx has not taken it in hand. Else that lasts 20 ms or a little longer."""
    page.evaluate("htmx.config.defaultSettleDelay = 60000")
    page.keyboard.press(key)
    page.wait_for_selector(what)
    page.evaluate("htmx.config.defaultSettleDelay = 20")
