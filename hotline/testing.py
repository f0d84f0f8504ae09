"""pytest plugin: a throw-away PostgreSQL and Valkey for the whole run, shared by the workers of pytest-xdist.

Loaded with `-p`, because pytest-django reads the settings before any conftest.py is imported.
"""

import atexit
import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from hotline.embedded import Servers

MEMORY_DISK = Path("/dev/shm")
MEMORY_DISK_NEEDED = 2 * 1024**3
NO_TEST_RUNS = {"-h", "--help", "--version", "-V"}

# Until the database stands (tests/conftest.py) whatever is loaded stays: looking through it for garbage was a third of the
# time that the migrations took.
gc.disable()

_servers: Servers | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config, parser, args):
    global _servers
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if is_worker or NO_TEST_RUNS & set(args):
        return
    directory = Path(tempfile.mkdtemp(prefix="hotline-test-", dir=_place()))
    _servers = Servers(directory, durable=False)
    # Also for a run that ends before pytest is configured, by settings or models that do not load.
    atexit.register(_end)
    _servers.try_lock()
    _servers.start()
    os.environ.update({key: _servers.environment[key] for key in ("DATABASE_URL", "REDIS_URL")})
    # Uploads of the tests go there too.
    os.environ["HOTLINE_STATE"] = str(directory)


def pytest_unconfigure(config):
    _end()


def _end():
    global _servers
    if _servers is not None:
        _servers.stop()
        shutil.rmtree(_servers.state, ignore_errors=True)
        _servers = None


def _place() -> Path | None:
    """In memory where there is room, else wherever temporary files go."""
    if os.access(MEMORY_DISK, os.W_OK) and shutil.disk_usage(MEMORY_DISK).free > MEMORY_DISK_NEEDED:
        return MEMORY_DISK
    return None
