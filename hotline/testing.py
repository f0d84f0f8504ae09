"""pytest plugin: a throw-away PostgreSQL and Valkey for the whole run, shared by the workers of pytest-xdist.

Loaded with `-p`, because pytest-django reads the settings before any conftest.py is imported.

The tables are made once, while the tests are being collected; each worker's database is a copy of that one.
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
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations import RunSQL
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import override_settings

from hotline.embedded import Servers
from hotline.embedded.isolation import child_setup

COPIED_DATABASE = "hotline"

MEMORY_DISK = Path("/dev/shm")
MEMORY_DISK_NEEDED = 2 * 1024**3
NO_TEST_RUNS = {"-h", "--help", "--version", "-V"}

# Whatever is loaded before the first test stays, and is not looked through for garbage. tests/conftest.py enables it.
gc.disable()
MAKE_TABLES = "import django; django.setup(); from hotline.testing import make_tables; make_tables()"

_servers: Servers | None = None
_making: subprocess.Popen | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config, parser, args):
    global _servers, _making
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
        _making = _begin_tables(directory)


def _begin_tables(directory: Path) -> subprocess.Popen:
    """In a process that holds a lock for as long as it lives: `database_to_copy` waits for that."""
    with _lock(directory).open("w") as lock, (directory / "log" / "tables.log").open("wb") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return subprocess.Popen(  # noqa: S603 -- our own interpreter
            [sys.executable, "-c", MAKE_TABLES],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[lock.fileno()],
            preexec_fn=child_setup(signal.SIGKILL),
        )


@transaction.atomic
def make_tables() -> None:
    """What all migrations lead to: the tables of the models, and the statements that the migrations run besides.

    The migrations take twenty times as long, because Django makes forty models anew for each of their steps. That they
    lead to the same is what tests/platform/test_supervisor.py looks at. All or nothing is made.
    """
    with override_settings(MIGRATION_MODULES={app.label: None for app in apps.get_app_configs()}):
        call_command("migrate", run_syncdb=True, verbosity=0)
    executor = MigrationExecutor(connection)
    for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        with connection.schema_editor() as editor:
            for operation in migration.operations:
                if isinstance(operation, RunSQL):
                    operation.database_forwards(migration.app_label, editor, None, None)
        executor.recorder.record_applied(migration.app_label, migration.name)


def database_to_copy() -> str | None:
    """The database to copy; waits until its tables are there. None where the environment names the server.

    Tables that could not be made are no matter here: pytest-django migrates its copy, and shows why that fails.
    """
    with contextlib.suppress(FileNotFoundError), _lock(Path(os.environ["HOTLINE_STATE"])).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        return COPIED_DATABASE
    return None


def _lock(directory: Path) -> Path:
    return directory / "run" / "tables"


def pytest_unconfigure(config):
    _end()


def _end():
    global _servers, _making
    if _making is not None:
        # A run without the database may end before they do.
        _making.kill()
        _making.wait()
        _making = None
    if _servers is not None:
        _servers.stop()
        shutil.rmtree(_servers.state, ignore_errors=True)
        _servers = None


def _place() -> Path | None:
    """In memory where there is room, else wherever temporary files go."""
    if os.access(MEMORY_DISK, os.W_OK) and shutil.disk_usage(MEMORY_DISK).free > MEMORY_DISK_NEEDED:
        return MEMORY_DISK
    return None
