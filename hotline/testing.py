"""pytest plugin: a throw-away PostgreSQL and Valkey for the whole run, shared by the workers of pytest-xdist.

Loaded with `-p`, because pytest-django reads the settings before any conftest.py is imported.

The migrations run once, while the tests are being collected; each worker's database is a copy of theirs.
"""

import atexit
import contextlib
import fcntl
import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hotline.embedded import Servers
from hotline.embedded.isolation import child_setup

MIGRATED_DATABASE = "hotline"

MEMORY_DISK = Path("/dev/shm")
MEMORY_DISK_NEEDED = 2 * 1024**3
NO_TEST_RUNS = {"-h", "--help", "--version", "-V"}

# Whatever is loaded before the first test stays: looking through it for garbage was a third of the time that the
# migrations took. tests/conftest.py enables it.
gc.disable()
MIGRATE = "import gc; gc.disable(); from django.core.management import execute_from_command_line as run; run()"

_servers: Servers | None = None
_migrations: subprocess.Popen | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config, parser, args):
    global _servers, _migrations
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if is_worker or NO_TEST_RUNS & set(args):
        return
    is_ours = not os.environ.get("DATABASE_URL")
    directory = Path(tempfile.mkdtemp(prefix="hotline-test-", dir=_place()))
    _servers = Servers(directory, durable=False)
    # Also for a run that ends before pytest is configured, by settings or models that do not load.
    atexit.register(_end)
    _servers.try_lock()
    _servers.start()
    os.environ.update({key: _servers.environment[key] for key in ("DATABASE_URL", "REDIS_URL")})
    # Uploads of the tests go there too.
    os.environ["HOTLINE_STATE"] = str(directory)
    if is_ours:
        _migrations = _begin_migrations(directory)


def _begin_migrations(directory: Path) -> subprocess.Popen:
    """In a process that holds a lock for as long as it lives: `migrated_database` waits for that."""
    with _lock(directory).open("w") as lock, (directory / "log" / "migrations.log").open("wb") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return subprocess.Popen(  # noqa: S603 -- our own interpreter
            [sys.executable, "-c", MIGRATE, "migrate", "--verbosity=0"],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[lock.fileno()],
            preexec_fn=child_setup(signal.SIGKILL),
        )


def migrated_database() -> str | None:
    """The database to copy; waits until the migrations have ended. None where the environment names the server.

    Migrations that failed are no matter here: pytest-django goes on with them in its copy, and shows why they fail.
    """
    with contextlib.suppress(FileNotFoundError), _lock(Path(os.environ["HOTLINE_STATE"])).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        return MIGRATED_DATABASE
    return None


def _lock(directory: Path) -> Path:
    return directory / "run" / "migrations"


def pytest_unconfigure(config):
    _end()


def _end():
    global _servers, _migrations
    if _migrations is not None:
        # A run without the database may end before they do.
        _migrations.kill()
        _migrations.wait()
        _migrations = None
    if _servers is not None:
        _servers.stop()
        shutil.rmtree(_servers.state, ignore_errors=True)
        _servers = None


def _place() -> Path | None:
    """In memory where there is room, else wherever temporary files go."""
    if os.access(MEMORY_DISK, os.W_OK) and shutil.disk_usage(MEMORY_DISK).free > MEMORY_DISK_NEEDED:
        return MEMORY_DISK
    return None
