"""`python3 run.py`: servers, database, web, push, worker and beat, in this order; started again when they fall, stopped together.

Runs as `python -m config.supervisor`, with the settings that run.py has chosen. Only the children import Django.
"""

import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from config.demo_accounts import NOTE, accounts_line
from hotline.embedded import Servers
from hotline.embedded.isolation import child_setup

ROOT = Path(__file__).resolve().parent.parent
TICK_SECONDS = 0.3
STOP_SECONDS = 30
LONG_LIFE_SECONDS = 10
LONGEST_PAUSE_SECONDS = 30
LARGEST_LOG_BYTES = 20_000_000


class Child:
    """One process that is kept alive: a short life is followed by a pause, which grows while lives stay short."""

    def __init__(self, name: str, command: list[str], *, log: Path, environment: dict[str, str]):
        self.name = name
        self.command = command
        self.log = log / f"{name}.log"
        self.environment = environment
        self.process: subprocess.Popen | None = None
        self.started_at = 0.0
        self.pause = 0.0
        self.start_after = 0.0

    def start(self) -> None:
        _keep_one_old(self.log)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *self.command],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=child_setup(signal.SIGTERM),
                # Ctrl-C on the terminal reaches the supervisor alone; it stops the children in order.
                process_group=0,
            )
        self.started_at = time.monotonic()

    def has_fallen(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def revive(self) -> None:
        now = time.monotonic()
        if self.process is not None:
            lived_long = now - self.started_at > LONG_LIFE_SECONDS
            self.pause = 0.2 if lived_long else min(max(1.0, self.pause * 2), LONGEST_PAUSE_SECONDS)
            self.start_after = now + self.pause
            say(f"{self.name} 已退出（返回 {self.process.returncode}），{self.pause:.0f} 秒后重新启动。")
            self.process = None
        if now >= self.start_after:
            self.start()

    def is_waiting(self) -> bool:
        return self.process is None

    def ask_to_stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def wait_until_stopped(self) -> None:
        if not self.process:
            return
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Supervisor:
    def __init__(self):
        self.host = os.environ.get("HOTLINE_HOST") or "127.0.0.1"
        self.port = int(os.environ.get("HOTLINE_PORT") or 8000)
        self.push_port = int(os.environ.get("HOTLINE_PUSH_PORT") or self.port + 1)
        self.servers = Servers()
        self.stopping = False
        self.children: list[Child] = []
        self.demonstration: subprocess.Popen | None = None
        self.demonstration_file = self.servers.state / NOTE

    def run(self) -> None:
        if not self.servers.try_lock():
            raise SystemExit(f"系统已在运行（数据目录 {self.servers.state} 正被使用）。")
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop_soon)
        try:
            self._start()
            while not self.stopping:
                self._tick()
                time.sleep(TICK_SECONDS)
        finally:
            self._stop()

    def _stop_soon(self, *_):
        self.stopping = True

    # --- start

    def _start(self) -> None:
        _refuse_used_port(self.host, self.port)
        _refuse_used_port(self.host, self.push_port, "HOTLINE_PUSH_PORT")
        began = time.monotonic()
        say("正在启动数据库与缓存……")
        self.servers.start()
        self.environment = {
            **os.environ,
            **self.servers.environment,
            "PYTHONUNBUFFERED": "1",
            "HOTLINE_PUSH_PORT": str(self.push_port),
        }
        if not self._prepare():
            return
        self._offer_demonstration()
        self._start_children()
        if not self._web_answers():
            return
        say(self._ready_line(time.monotonic() - began))
        self._begin_demonstration()

    def _prepare(self) -> bool:
        say("正在准备数据库……")
        # In a process group of its own, so that Ctrl-C does not cut a migration short.
        preparation = subprocess.Popen(
            [sys.executable, "manage.py", "prepare"], cwd=ROOT, env=self.environment, process_group=0
        )
        if preparation.wait():
            raise SystemExit("数据库未能准备好，原因见上。")
        return not self.stopping

    def _start_children(self) -> None:
        bind = f"{self.host}:{self.port}"
        schedule = str(self.servers.run / "beat-schedule")
        web = [
            "gunicorn",
            "config.wsgi",
            "--bind",
            bind,
            "--worker-class",
            "gthread",
            "--workers",
            "2",
            "--threads",
            "4",
        ]
        push = [
            "gunicorn",
            "config.push:application",
            "--bind",
            f"{self.host}:{self.push_port}",
            "--worker-class",
            "asgi",
        ]
        commands = {
            "web": [*web, "--timeout", "60", "--graceful-timeout", "20", "--no-control-socket"],
            # Its lines never end by themselves: one second to let go of them.
            "push": [*push, "--workers", "1", "--graceful-timeout", "1", "--no-control-socket"],
            "worker": ["celery", "-A", "config", "worker", "--loglevel", "INFO", "--concurrency", "2"],
            "beat": ["celery", "-A", "config", "beat", "--loglevel", "INFO", "--schedule", schedule, "--pidfile", ""],
        }
        for name, command in commands.items():
            child = Child(name, ["-m", *command], log=self.servers.log, environment=self.environment)
            self.children.append(child)
            child.start()

    def _web_answers(self) -> bool:
        web = self.children[0]
        while not self.stopping:
            if web.has_fallen():
                raise SystemExit(f"网页服务未能启动，原因见 {web.log}。")
            if _answers(self.host, self.port):
                return True
            time.sleep(0.05)
        return False

    def _ready_line(self, seconds: float) -> str:
        kept = self._demonstration_state()
        accounts = f" {accounts_line(kept['password'])}" if kept else ""
        return f"服务已就绪：http://{self.host}:{self.port}/ （用时 {seconds:.1f} 秒）{accounts}"

    # --- demonstration data

    def _offer_demonstration(self) -> None:
        """Only to an embedded database that nobody has used yet."""
        is_wanted = os.environ.get("HOTLINE_DEMO") != "0" and not os.environ.get("DATABASE_URL")
        is_empty = (self.servers.run / "database-is-empty").exists()
        if is_wanted and is_empty and not self._demonstration_state():
            password = os.environ.get("HOTLINE_DEMO_PASSWORD") or _readable_password()
            self._keep_demonstration_state(stage="loading", password=password)

    def _begin_demonstration(self) -> None:
        kept = self._demonstration_state()
        if not kept or kept["stage"] == "loaded":
            return
        say("正在载入演示数据，期间即可登录使用……")
        self.demonstration = subprocess.Popen(
            [sys.executable, "manage.py", "load_demo"],
            cwd=ROOT,
            env={**self.environment, "HOTLINE_DEMO_PASSWORD": kept["password"]},
            process_group=0,
        )

    def _look_at_demonstration(self) -> None:
        if self.demonstration is None or self.demonstration.poll() is None:
            return
        if self.demonstration.returncode == 0:
            self._keep_demonstration_state(stage="loaded", password=self._demonstration_state()["password"])
            say("演示数据已载入。")
        else:
            say("演示数据未能完整载入，原因见上；下次启动时会继续。")
        self.demonstration = None

    def _demonstration_state(self) -> dict[str, str]:
        """How far the demonstration data got and the password of its accounts; empty where none was wanted."""
        return json.loads(self.demonstration_file.read_text()) if self.demonstration_file.exists() else {}

    def _keep_demonstration_state(self, **state: str) -> None:
        self.demonstration_file.touch(mode=0o600)
        self.demonstration_file.write_text(json.dumps(state))

    # --- while it runs

    def _tick(self) -> None:
        for name in self.servers.restart_fallen():
            say(f"{name} 已退出，现已恢复。")
        for child in self.children:
            if child.is_waiting() or child.has_fallen():
                child.revive()
        self._look_at_demonstration()

    # --- stop

    def _stop(self) -> None:
        say("正在停止……")
        if self.demonstration and self.demonstration.poll() is None:
            self.demonstration.terminate()
            self.demonstration.wait()
        # Those that make work first; the stores, which everybody needs, last.
        by_name = {child.name: child for child in self.children}
        stopping = [by_name[name] for name in ("beat", "push", "web", "worker") if name in by_name]
        for child in stopping:
            child.ask_to_stop()
        for child in stopping:
            child.wait_until_stopped()
        self.servers.stop()
        say("已停止。")


def say(text: str) -> None:
    # The terminal may be gone by the time we stop.
    with contextlib.suppress(OSError):
        print(text, flush=True)


def _refuse_used_port(host: str, port: int, variable: str = "HOTLINE_PORT") -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SystemExit(f"端口 {port} 已被占用或不可用，请用 {variable} 指定其他端口。") from error


def _answers(host: str, port: int) -> bool:
    """Does the application answer? The socket alone is open long before the application is loaded."""
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _readable_password() -> str:
    """One that can be read off a terminal and typed: no letters that look like digits."""
    groups = ("".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(4)) for _ in range(3))
    return "-".join(groups)


def _keep_one_old(log: Path) -> None:
    if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
        log.rename(log.with_suffix(".old.log"))


if __name__ == "__main__":
    Supervisor().run()
