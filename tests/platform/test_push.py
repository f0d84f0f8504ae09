"""The push process over real HTTP: who may hold a line, what comes through it, how it ends."""

import asyncio
import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.test import Client
from redis import Redis

from config.push import PING_SECONDS, board, ring
from hotline import idle, push
from tests.factories.hotline import UserFactory, load_rules
from tests.platform.push import Push
from tests.platform.system import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]  # starts a process


def session_of(user):
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client.session


@pytest.fixture
def ask():
    """`ask(port, session=…)`: the answer, not read yet."""
    opened = []

    def ask(port, *, session=None, path="/push/desk", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        opened.append(connection)
        if session is not None:
            headers["Cookie"] = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
        connection.request("GET", path, headers=headers)
        opened.append(connection.getresponse())
        return opened[-1]

    yield ask
    for one in opened:
        one.close()


@pytest.fixture
def pushing(db, ask):
    load_rules()
    running = Push()

    def answers():
        try:
            return ask(running.port).status == 401
        except OSError:
            return False

    try:
        wait_until(answers, 60)
        yield running
    finally:
        running.stop()


def test_who_may_hold_a_line(pushing, ask):
    """Slow: one process for all of them."""
    agent = UserFactory(roles=("agent",))
    locked = session_of(UserFactory(roles=("agent",)))
    idle.lock(locked)
    locked.save()
    own, other = f"http://127.0.0.1:{pushing.port - 1}", "http://evil.example"

    answers = {
        "no session": ask(pushing.port),
        "another's job": ask(pushing.port, session=session_of(UserFactory(roles=("handler",)))),
        "a new password first": ask(
            pushing.port, session=session_of(UserFactory(roles=("agent",), must_change_password=True))
        ),
        "locked": ask(pushing.port, session=locked),
        "another address": ask(pushing.port, session=session_of(agent), path="/desk/"),
        "another host's page": ask(pushing.port, session=session_of(agent), Origin=other),
        "under another name": ask(pushing.port, session=session_of(agent), Host="evil.example"),
        "an agent": ask(pushing.port, session=session_of(agent)),
        "an agent, from the page": ask(pushing.port, session=session_of(agent), Origin=own),
    }

    assert {name: answer.status for name, answer in answers.items()} == {
        "no session": 401, "another's job": 403, "a new password first": 403, "locked": 423, "another address": 404,
        "another host's page": 403, "under another name": 403, "an agent": 200, "an agent, from the page": 200,
    }  # fmt: skip
    assert answers["an agent"].headers["Access-Control-Allow-Origin"] is None
    shown = answers["an agent, from the page"].headers
    assert (shown["Access-Control-Allow-Origin"], shown["Access-Control-Allow-Credentials"], shown["Content-Type"]) == (
        own, "true", "text/event-stream; charset=utf-8",
    )  # fmt: skip


def test_a_ring_reaches_whom_it_is_for_and_nobody_else(pushing, ask):
    """Slow: a process."""
    agent, other = UserFactory(roles=("agent",)), UserFactory(roles=("agent",))
    line = ask(pushing.port, session=session_of(agent))
    silent = ask(pushing.port, session=session_of(other))
    assert [line.readline(), line.readline()] == [b"retry: 1000\n", b"\n"]
    assert [silent.readline(), silent.readline()] == [b"retry: 1000\n", b"\n"]

    began = time.monotonic()
    push.announce([agent.pk], "calls")

    assert [line.readline(), line.readline()] == [b"event: calls\n", b"data: 1\n"]
    assert time.monotonic() - began < PING_SECONDS / 2
    silent.fp.raw._sock.settimeout(0.5)
    with pytest.raises(socket.timeout):
        silent.readline()


def test_what_cannot_be_read_wakes_everybody_and_ends_nothing(pushing, ask):
    """Slow: a process."""
    agent = UserFactory(roles=("agent",))
    line = ask(pushing.port, session=session_of(agent))
    assert [line.readline(), line.readline()] == [b"retry: 1000\n", b"\n"]

    for words in (b"not json", b'{"word": "calls"}', b"[1]"):
        Redis.from_url(settings.REDIS_URL).publish(push.CHANNEL, words)
        assert [line.readline(), line.readline(), line.readline()] == [b"event: calls\n", b"data: 1\n", b"\n"]

    push.announce([agent.pk], "calls")
    assert line.readline() == b"event: calls\n"


def test_what_is_announced_while_a_line_opens_comes_through_it():
    """The page asks when the line is open. What comes after that it hears here or never."""
    sent, rung = [], asyncio.Event()

    async def send(message):
        sent.append(message.get("body"))
        if message["type"] == "http.response.start":
            board.wake([7])
        if sent[-1] == b"event: calls\ndata: 1\n\n":
            rung.set()

    async def receive():
        await rung.wait()
        return {"type": "http.disconnect"}

    # In a thread of its own: the browser of an earlier test keeps a loop on this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, ring(7, receive, send, [])).result(timeout=30)

    assert sent == [None, b"retry: 1000\n\n", b"event: calls\ndata: 1\n\n"]
    assert board.lines == {}


def test_it_ends_soon_though_lines_are_open(pushing, ask):
    """Slow: a process."""
    line = ask(pushing.port, session=session_of(UserFactory(roles=("agent",))))
    line.readline()

    began = time.monotonic()
    assert pushing.stop() == 0
    assert time.monotonic() - began < 10
