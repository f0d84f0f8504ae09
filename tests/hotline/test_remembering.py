"""What goes on while the cache that all processes share does not answer."""

import pytest
from django.conf import settings
from django.contrib.sessions.backends.cached_db import SessionStore
from django.core.cache import cache
from django.test import Client

from tests.factories.hotline import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def cache_answers(settings):
    """`cache_answers(yes)`; it does not at first."""
    there = settings.CACHES

    def answers(yes):
        gone = {"default": {**there["default"], "LOCATION": "redis://127.0.0.1:1/1"}}
        settings.CACHES = there if yes else gone

    answers(False)
    return answers


def test_people_log_in_work_and_leave(client, rules):
    UserFactory(username="h1", roles=["handler"])

    arrived = client.post("/login/", {"username": "h1", "password": PASSWORD})
    page = client.get("/notices/")
    left = client.post("/logout/")

    assert (arrived.status_code, page.status_code, left.status_code) == (302, 200, 302)
    assert client.get("/notices/").status_code == 302


def test_tries_are_counted_and_what_was_read_is_kept_a_while():
    assert (cache.add("tries", 0, timeout=60), cache.add("tries", 0, timeout=60)) == (True, False)
    assert [cache.incr("tries"), cache.incr("tries"), cache.get("tries", 0)] == [1, 2, 2]
    assert cache.incr("counted-elsewhere-until-now") == 1
    assert [cache.get_or_set("read", lambda: "once"), cache.get_or_set("read", lambda: "twice")] == ["once", "once"]
    cache.delete("read")
    assert cache.get("read") is None


def test_a_session_that_ended_elsewhere_has_ended_here():
    session = SessionStore()
    session["who"] = "h1"
    session.save()
    assert SessionStore(session.session_key)["who"] == "h1"

    session.model.objects.all().delete()

    assert SessionStore(session.session_key).get("who") is None


def test_what_ended_while_it_did_not_answer_does_not_live_again(rules, cache_answers):
    """A session of before was found in it again: logged in who had logged out, open what had been locked."""
    cache_answers(True)
    locked, left = Client(), Client()
    for browser in (locked, left):
        browser.force_login(UserFactory(roles=["handler"]))
        assert browser.get("/notices/").status_code == 200
    cookie = left.cookies[settings.SESSION_COOKIE_NAME].value

    cache_answers(False)
    locked.post("/lock/")
    left.post("/logout/")
    cache_answers(True)
    left.cookies[settings.SESSION_COOKIE_NAME] = cookie

    assert left.get("/notices/").url == "/login/?next=/notices/"
    assert locked.get("/notices/").url == "/lock/?next=/notices/"
