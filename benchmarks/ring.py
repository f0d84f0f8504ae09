"""How soon a ring is seen: two hundred desks that are pushed to, beside two hundred that ask.

Web and push run as `python3 run.py` runs them. Every desk is one connection of its own over real HTTP; a ring is the call
platform's signed event. Measured from the moment it is sent until the desk has the strip with the caller's history.
"""

import asyncio
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.cached_db import SessionStore
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from benchmarks import databases, stories
from benchmarks.measure import machine, percentile, say, table, write_results
from channels_merge import services
from channels_merge.models import Channel
from config.management.commands.prepare import REFERENCE
from hotline import masking
from hotline.embedded.isolation import free_port
from hotline.models import Unit, User
from tests.fakes.call_platform import CallPlatform

DESKS, SHORT_DESKS = 200, 40
RINGS, SHORT_RINGS = 200, 20
EVERY_SECONDS = 0.25
"""Four rings a second: fourteen thousand calls an hour, more than two hundred people can take."""
SECRET = "bench"
ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Way:
    name: str
    shown: list[float] = field(default_factory=list)
    lost: int = 0
    cpu: dict[str, float] = field(default_factory=dict)
    seconds: float = 0
    idle_cpu: float = 0

    def row(self) -> list[object]:
        share = {name: 100 * used / self.seconds for name, used in self.cpu.items()}
        return [
            self.name,
            percentile(self.shown, 0.5),
            percentile(self.shown, 0.95),
            max(self.shown),
            self.lost,
            *(f"{share[name]:.0f} %" for name in ("web", "push", "postgres")),
            f"{self.idle_cpu:.0f} %",
        ]


HEADINGS = ["way", "p50 ms", "p95 ms", "max ms", "lost", "CPU web", "push", "PostgreSQL", "all, no rings"]


def run(*, short: bool) -> None:
    desks, rings = (SHORT_DESKS, SHORT_RINGS) if short else (DESKS, RINGS)
    databases.use(databases.HOME)
    people = make_desks(desks)
    make_callers(rings)
    ways = asyncio.run(measure(people, rings))
    print(table(HEADINGS, [way.row() for way in ways]))
    content = {
        "machine": machine(),
        "desks": desks,
        "rings": rings,
        "ways": {way.name: {**way.__dict__, "shown": [round(one, 1) for one in way.shown]} for way in ways},
    }
    if not short:
        say(f"written to {write_results('ring', content)}")


@transaction.atomic
def make_desks(count: int) -> list[tuple[str, str]]:
    """(extension, session) of so many agents, logged in and seated; and callers with a history."""
    say(f"seating {count} agents")
    call_command("migrate", interactive=False, verbosity=0)
    for command in REFERENCE:
        call_command(command, stdout=io.StringIO())
    at = timezone.now()
    centre, role = Unit.objects.get(code="CENTRE"), Group.objects.get(name="agent")
    found = []
    for index in range(count):
        agent = User.objects.create_user(
            f"ring{index}", None, name="陈敏", unit=centre, must_change_password=False, is_demo=True
        )
        agent.groups.add(role)
        services.set_seat(user=agent, extension=f"{8000 + index}", skills=["normal"], by=None, at=at)
        session = SessionStore()
        session[SESSION_KEY] = str(agent.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = agent.get_session_auth_hash()
        session.save()
        found.append((f"{8000 + index}", session.session_key))
    return found


@transaction.atomic
def make_callers(count: int) -> None:
    """Everybody who will ring has reported something before."""
    say(f"{count} callers with a history")
    phone = Channel.objects.get(code="phone")
    for index, story in enumerate(stories.stories(count, seed=1)):
        services.register_appeal(
            channel=phone,
            matter=services.Matter(text=story.text, title=story.title, place=story.place),
            person=services.Person(name="王丽", phone=number_of(index)),
            by=None,
            at=timezone.now(),
        )


def number_of(index: int) -> str:
    return f"1380797{1000 + index}"


# --- the processes


class Process:
    def __init__(self, name: str, *arguments: str, environment: dict[str, str]):
        self.log = Path(environment["HOTLINE_STATE"]) / f"{name}.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", *arguments, "--no-control-socket"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                process_group=0,
            )

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()


def cpu_of(*pids: int) -> float:
    """Seconds of processor that these processes and their children have used."""
    parents, used = {}, {}
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            try:
                rest = (place / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(place.name)] = int(rest[1])
            # Its own, and that of children it has outlived.
            used[int(place.name)] = sum(map(int, rest[11:15])) / TICKS
    total = 0.0
    for pid, seconds in used.items():
        above = pid
        while above in parents and above not in pids:
            above = parents[above]
        total += seconds if above in pids else 0
    return total


# --- the desks


class Desk:
    """A page at work: its stream or its clock, and the strip that it asks for."""

    def __init__(self, web: int, push: int, extension: str, session: str):
        self.web, self.push, self.extension = web, push, extension
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={session}"
        self.seen: dict[str, float] = {}
        self.waiting_for: set[str] = set()
        self.open = asyncio.Event()
        self.asking = asyncio.Lock()
        self.again = False
        self.answering: list[asyncio.Task[None]] = []

    async def stream(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.push)
        writer.write(self._head("/push/desk", self.push))
        while True:
            line = await reader.readline()
            if not line:
                raise ConnectionError("the stream ended")
            if line.startswith(b"retry:"):
                self.open.set()
            if line.startswith(b"event: calls"):
                self.again = True
                self.answering.append(asyncio.create_task(self.ask_once()))

    async def poll(self, every: float, offset: float) -> None:
        await asyncio.sleep(offset)
        self.open.set()
        while True:
            began = time.perf_counter()
            await self.ask()
            await asyncio.sleep(max(0.0, every - (time.perf_counter() - began)))

    async def ask_once(self) -> None:
        async with self.asking:
            if self.again:
                self.again = False
                await self.ask()

    async def ask(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.web)
        try:
            writer.write(self._head("/desk/calls/", self.web, close=True))
            answer = (await reader.read()).decode()
        finally:
            writer.close()
        now = time.perf_counter()
        assert " 200 " in answer.splitlines()[0], answer.splitlines()[0]
        for tail in [tail for tail in self.waiting_for if tail in answer]:
            self.seen[tail] = now
            self.waiting_for.discard(tail)

    def _head(self, path: str, port: int, *, close: bool = False) -> bytes:
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Cookie: {self.cookie}"]
        return "\r\n".join([*lines, *(["Connection: close"] if close else []), "", ""]).encode()


async def measure(people: list[tuple[str, str]], rings: int) -> list[Way]:
    web_port, push_port = free_port(None), free_port(None)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "HOTLINE_TELEPHONE_SECRET": SECRET,
        "HOTLINE_PUSH_PORT": str(push_port),
    }
    listen = "--bind", f"127.0.0.1:{web_port}"
    web = Process("web", "config.wsgi", *listen, "--worker-class", "gthread", "--workers", "2", "--threads", "4",
                  environment=environment)  # fmt: skip
    push = Process("push", "config.push:application", "--bind", f"127.0.0.1:{push_port}", "--worker-class", "asgi",
                   "--workers", "1", "--graceful-timeout", "1", environment=environment)  # fmt: skip
    try:
        await asyncio.gather(answers(web_port), answers(push_port))
        platform = CallPlatform(f"http://127.0.0.1:{web_port}", SECRET)
        say("warming up")
        for turn in range(4):
            await asyncio.gather(*(Desk(web_port, push_port, *person).ask() for person in people[:16]))
            await asyncio.gather(
                *(asyncio.to_thread(platform.ring, f"warm-{turn}-{one}", extension="nobody") for one in range(16))
            )
        pids = {"web": web.process.pid, "push": push.process.pid, "postgres": postgres_pid()}
        ways = []
        for name, how in (
            ("pushed", lambda desk, _: desk.stream()),
            ("asked every second", lambda desk, at: desk.poll(1.0, at)),
            ("asked every 3 seconds", lambda desk, at: desk.poll(3.0, 3 * at)),
        ):
            desks = [Desk(web_port, push_port, *person) for person in people]
            ways.append(await one_way(name, how, desks, platform, rings, pids))
        return ways
    finally:
        web.stop()
        push.stop()


async def one_way(
    name: str,
    how: Callable[[Desk, float], Awaitable[Any]],
    desks: list[Desk],
    platform: CallPlatform,
    rings: int,
    pids: dict[str, int],
) -> Way:
    say(f"{name}: opening {len(desks)} desks")
    way = Way(name)
    work = [asyncio.create_task(how(desk, index / len(desks))) for index, desk in enumerate(desks)]
    await asyncio.wait_for(asyncio.gather(*(desk.open.wait() for desk in desks)), 60)
    before, began = {key: cpu_of(pid) for key, pid in pids.items()}, time.perf_counter()
    await asyncio.sleep(10)
    way.idle_cpu = 100 * sum(cpu_of(pid) - before[key] for key, pid in pids.items()) / (time.perf_counter() - began)
    say(f"{name}: ringing {rings} times")
    before, began = {key: cpu_of(pid) for key, pid in pids.items()}, time.perf_counter()
    sent: list[tuple[Desk, str, float]] = []

    async def ring(index: int) -> None:
        desk, number = desks[index % len(desks)], number_of(index)
        mark = masking.mask_phone(number)
        desk.waiting_for.add(mark)
        sent.append((desk, mark, time.perf_counter()))
        try:
            status, said = await asyncio.to_thread(platform.ring, f"{name}-{index}", number, extension=desk.extension)
        except OSError:  # the web server is too busy to take it
            return
        assert status == 200, said

    pending = []
    for index in range(rings):
        pending.append(asyncio.create_task(ring(index)))
        await asyncio.sleep(EVERY_SECONDS)
    await asyncio.gather(*pending)
    await asyncio.sleep(5)
    way.seconds = time.perf_counter() - began
    way.cpu = {key: cpu_of(pid) - before[key] for key, pid in pids.items()}
    way.shown = [1000 * (desk.seen[mark] - at) for desk, mark, at in sent if mark in desk.seen]
    way.lost = len(sent) - len(way.shown)
    broken = [task for task in work if task.done()]
    for task in work:
        task.cancel()
    results = await asyncio.gather(*work, return_exceptions=True)
    await asyncio.gather(*(task for desk in desks for task in desk.answering))
    assert not broken, [result for result in results if not isinstance(result, asyncio.CancelledError)][:3]
    return way


async def answers(port: int) -> None:
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port), 0.5):
                return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")


def postgres_pid() -> int:
    state = Path(os.environ["HOTLINE_STATE"])
    return int((state / "pg" / "postmaster.pid").read_text().splitlines()[0])
