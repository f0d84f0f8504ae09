"""PostgreSQL and Valkey for one state directory, under a lock, with the secrets that belong to it."""

import atexit
import contextlib
import fcntl
import json
import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

from hotline.embedded.isolation import root_mode
from hotline.embedded.postgres import EmbeddedPostgres
from hotline.embedded.valkey import EmbeddedValkey

ROOT = Path(__file__).resolve().parent.parent.parent
ATTACH_SECONDS = 30


def state_directory() -> Path:
    return Path(os.environ.get("HOTLINE_STATE") or ROOT / "var").resolve()


class Servers:
    """Whoever holds the lock runs the servers; everybody else attaches to them."""

    def __init__(self, state: Path | None = None, *, durable: bool = True):
        self.state = state or state_directory()
        self.run = self.state / "run"
        self.log = self.state / "log"
        for directory in (self.state, self.run, self.log):
            directory.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o711 if root_mode() == "setuid" else 0o700)
        self.durable = durable
        self.running: list[EmbeddedPostgres | EmbeddedValkey] = []
        self.environment: dict[str, str] = {}
        self._lock = None

    def try_lock(self) -> bool:
        lock = (self.run / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def start(self) -> None:
        """Start what the environment does not name, and write down how others reach it."""
        kept = _secrets(self.state / "secret.json")
        for variable in ("DJANGO_SECRET_KEY", "HOTLINE_FIELD_KEYS", "HOTLINE_INDEX_KEY"):
            self.environment[variable] = os.environ.get(variable) or kept[variable]
        for variable, server in (
            ("DATABASE_URL", EmbeddedPostgres(self.state, password=kept["postgres"], durable=self.durable)),
            ("REDIS_URL", EmbeddedValkey(self.state, password=kept["valkey"], durable=self.durable)),
        ):
            if os.environ.get(variable):
                self.environment[variable] = os.environ[variable]
                continue
            self.running.append(server)
            server.start()
            self.environment[variable] = server.url
        _write_private(self.run / "environment.json", json.dumps(self.environment))

    def restart_fallen(self) -> list[str]:
        """Start again what has died, on the same port and with the same data; its clients reconnect."""
        fallen = [server for server in self.running if server.process.poll() is not None]
        for server in fallen:
            server.start()
        return [server.name for server in fallen]

    def stop(self) -> None:
        for server in reversed(self.running):
            _stop(server.process, server.stop_signal)
        self.running = []
        (self.run / "environment.json").unlink(missing_ok=True)
        if self._lock:
            self._lock.close()
            self._lock = None


def attach_or_start() -> None:
    """For a management command: use the running servers, or start them for as long as the command lives."""
    servers = Servers()
    if servers.try_lock():
        # Before the start: a start that fails half-way is cleared up too.
        atexit.register(servers.stop)
        servers.start()
        os.environ.update(servers.environment)
        return
    deadline = time.monotonic() + ATTACH_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            for variable, value in json.loads((servers.run / "environment.json").read_text()).items():
                os.environ.setdefault(variable, value)
            return
        time.sleep(0.1)
    raise SystemExit(f"数据目录 {servers.state} 被另一个进程占用，但该进程没有给出连接信息。")


def _secrets(file: Path) -> dict[str, str]:
    """Made once per state directory. Losing this file means losing every encrypted phone number."""
    if not file.exists():
        made = {
            "postgres": secrets.token_urlsafe(24),
            "valkey": secrets.token_urlsafe(24),
            "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
            "HOTLINE_FIELD_KEYS": f"k1={secrets.token_hex(16)}",
            "HOTLINE_INDEX_KEY": secrets.token_hex(32),
        }
        _write_private(file, json.dumps(made))
    return json.loads(file.read_text())


def _stop(process: subprocess.Popen | None, stop_signal: signal.Signals) -> None:
    if process is None or process.poll() is not None:
        return
    process.send_signal(stop_signal)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait(10)


def _write_private(path: Path, text: str) -> None:
    """In one step, readable by us alone: a reader sees the whole file or none."""
    unfinished = path.with_name(path.name + ".new")
    with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
