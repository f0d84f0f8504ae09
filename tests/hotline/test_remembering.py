"""What goes on while the cache that all processes share does not answer."""

import pytest
from django.contrib.sessions.backends.cached_db import SessionStore
from django.core.cache import cache

from tests.factories.hotline import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def cache_down(settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/1"}}


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
