"""Holds a line to every open desk and rings it: `gunicorn config.push:application --worker-class asgi --workers 1`.

One asyncio process beside web (docs/adr/0009-a-process-that-pushes.md). It says that there is something to ask for and never
what: the page asks the web server. A session is looked at when a line opens, and lines live for some minutes only, so that
one that ended is found out. Only config knows it; what is announced comes through Valkey from hotline.push.
"""

import asyncio
import contextlib
import json
import logging
import os
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

import django
from redis.asyncio import Redis
from redis.exceptions import RedisError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")
django.setup()

from django.conf import settings  # noqa: E402 -- Django must stand first
from django.contrib.auth import get_user  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.db import DatabaseError, close_old_connections  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.http.request import split_domain_port, validate_host  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.utils.module_loading import import_string  # noqa: E402

from channels_merge import rights  # noqa: E402
from hotline import idle, push, services  # noqa: E402
from hotline.rights import has_right  # noqa: E402

PATH: Final = "/push/desk"
PING_SECONDS: Final = 20
LIFE_SECONDS: Final = (240, 360)
HEARTBEAT_SECONDS: Final = 10
RETRY_SECONDS: Final = 1
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

logger = logging.getLogger(__name__)


class Switchboard:
    """The open lines by person. One subscription serves them all."""

    def __init__(self) -> None:
        self.lines: dict[int, set[asyncio.Event]] = defaultdict(set)
        self.hears = False
        # Sessions are looked at one after the other: two hundred desks that come back at once need one connection.
        self.checks = ThreadPoolExecutor(1, "session")

    async def listen(self) -> None:
        """For ever. After an outage, or a message that cannot be read, everybody is woken: what came was not heard."""
        while True:
            try:
                async with Redis.from_url(settings.REDIS_URL, health_check_interval=PING_SECONDS) as client:
                    ears = client.pubsub(ignore_subscribe_messages=True)
                    await ears.subscribe(push.CHANNEL)
                    self.hears = True
                    self.wake(list(self.lines))
                    while True:
                        message = await ears.get_message(timeout=PING_SECONDS)
                        if message is not None:
                            self.wake(json.loads(message["data"])["users"])
            except (RedisError, OSError, ValueError, KeyError, TypeError) as error:
                self.hears = False
                logger.warning("Valkey does not answer, or not with a message: %r", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def beat(self) -> None:
        """For /healthz, as long as something announced would be heard."""
        while True:
            if self.hears:
                await asyncio.to_thread(cache.set, push.HEALTH_KEY, time.time(), 3600)
            await asyncio.sleep(HEARTBEAT_SECONDS if self.hears else 0.1)

    def wake(self, people: Iterable[int]) -> None:
        for person in people:
            for line in self.lines.get(person, ()):
                line.set()

    @contextlib.contextmanager
    def line(self, person: int):
        woken = asyncio.Event()
        self.lines[person].add(woken)
        try:
            yield woken
        finally:
            self.lines[person].discard(woken)
            if not self.lines[person]:
                del self.lines[person]


board = Switchboard()


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "http":
        await _answer(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    work = [asyncio.create_task(board.listen()), asyncio.create_task(board.beat())]
    await send({"type": "lifespan.startup.complete"})
    await receive()
    for task in work:
        task.cancel()
    board.checks.shutdown(wait=False, cancel_futures=True)
    await send({"type": "lifespan.shutdown.complete"})


async def _answer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if scope["method"] != "GET" or scope["path"] != PATH:
        await _refuse(send, 404)
        return
    allowed = _allowed_origin(headers)
    if allowed is None:
        await _refuse(send, 403)
        return
    status, person = await asyncio.get_running_loop().run_in_executor(
        board.checks, who_asks, headers.get("cookie", "")
    )
    if person is None:
        await _refuse(send, status, allowed)
        return
    await ring(person, receive, send, allowed)


def _allowed_origin(headers: dict[str, str]) -> list[tuple[bytes, bytes]] | None:
    """Headers for a page of the same host, on whatever port; None for another host's."""
    host, _ = split_domain_port(headers.get("host", ""))
    if not validate_host(host, settings.ALLOWED_HOSTS):
        return None
    origin = headers.get("origin", "")
    if not origin:
        return []
    if split_domain_port(origin.partition("://")[2])[0] != host:
        return None
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


def who_asks(cookies: str) -> tuple[int, int | None]:
    """(status, person): whose session this is, if it may hold a line. Asks the database; in a thread of its own."""
    at = timezone.now()
    try:
        morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        morsel = None
    if morsel is None:
        return 401, None
    request = HttpRequest()
    close_old_connections()
    try:
        request.session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(morsel.value)
        user = get_user(request)
        if not user.is_authenticated:
            return 401, None
        if idle.is_locked(user, request.session, at):
            return 423, None
        if services.must_change_password(user, at) or not has_right(user, rights.USE_DESK, at):
            return 403, None
        return 200, user.pk
    except DatabaseError:
        logger.exception("cannot look at a session")
        return 503, None
    finally:
        close_old_connections()


async def _refuse(send: Send, status: int, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0"), *headers]})
    await send({"type": "http.response.body", "body": b""})


async def ring(person: int, receive: Receive, send: Send, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """One line until its life is over or the page has gone.

    It hears before it says that it is open: the page asks at that word, and then no more.
    """
    with board.line(person) as woken:
        await _open(send, headers)
        await _hold(woken, receive, send)


async def _open(send: Send, headers: Iterable[tuple[bytes, bytes]]) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"text/event-stream; charset=utf-8"),
                (b"cache-control", b"no-store"),
                (b"x-accel-buffering", b"no"),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": b"retry: 1000\n\n", "more_body": True})


async def _hold(woken: asyncio.Event, receive: Receive, send: Send) -> None:
    gone = asyncio.create_task(_gone(receive))
    ends = time.monotonic() + random.uniform(*LIFE_SECONDS)  # noqa: S311 -- so that not all come back at once
    try:
        while not gone.done() and time.monotonic() < ends:
            rung = asyncio.create_task(woken.wait())
            await asyncio.wait({gone, rung}, timeout=PING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            rung.cancel()
            body = b"event: calls\ndata: 1\n\n" if woken.is_set() else b":\n\n"
            woken.clear()
            if not gone.done():
                await send({"type": "http.response.body", "body": body, "more_body": True})
        if not gone.done():
            await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
