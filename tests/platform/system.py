"""The whole system as `python3 run.py` runs it, on a state folder of its own."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from hotline.embedded.isolation import free_port

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 300
# What the test run has set for itself, and a system of its own must find out by itself.
NOT_INHERITED = {
    "DATABASE_URL",
    "REDIS_URL",
    "HOTLINE_STATE",
    "DJANGO_SECRET_KEY",
    "HOTLINE_FIELD_KEYS",
    "HOTLINE_INDEX_KEY",
}


class System:
    def __init__(self, state: Path):
        self.state = state
        self.port = free_port(None)
        self.lines: list[str] = []
        self.process: subprocess.Popen | None = None
        inherited = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
        self.environment = {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "HOTLINE_STATE": str(state),
            "HOTLINE_PORT": str(self.port),
            "HOTLINE_PUSH_PORT": str(free_port(None)),
            "HOTLINE_DEMO": "0",
        }

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines = []
        threading.Thread(target=self._read, args=[self.process.stdout], daemon=True).start()
        wait_until(lambda: self.has_said("服务已就绪"), READY_SECONDS, self.output)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def has_said(self, words: str) -> bool:
        return any(words in line for line in self.lines) or self.process.poll() is not None

    def output(self) -> str:
        return "\n".join(self.lines)

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def request(
        self, method: str, path: str, body: dict | None = None, headers: dict | None = None
    ) -> tuple[int, dict]:
        """Status and JSON; raises OSError when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            sent = json.dumps(body) if body is not None else None
            connection.request(method, path, sent, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text.startswith(b"{") else {}
        finally:
            connection.close()

    def healthy(self) -> bool:
        try:
            return self.request("GET", "/healthz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def database_url(self) -> str:
        return json.loads((self.state / "run" / "environment.json").read_text())["DATABASE_URL"]

    def pid_of(self, name: str) -> int:
        """Of a child of the supervisor, by a word of its command line."""
        return next(pid for pid in children(self.process.pid) if name in command_of(pid))

    def kill_everything(self) -> None:
        """As a fall of the machine would: every process at once, none asked."""
        everyone = [self.process.pid, *descendants(self.process.pid)]
        for pid in everyone:
            end(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int | None:
        if self.is_running():
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(90)
        return self.process and self.process.returncode

    def _read(self, stream) -> None:
        with stream:
            for line in stream:
                self.lines.append(line.rstrip())


def wait_until(is_true, seconds: float, explain=lambda: "") -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_true():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} seconds\n{explain()}")


def end(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def children(pid: int) -> list[int]:
    return [
        int(child) for task in Path(f"/proc/{pid}/task").glob("*") for child in (task / "children").read_text().split()
    ]


def descendants(pid: int) -> list[int]:
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
