"""A place to measure on: a state directory and durable servers of its own, thrown away afterwards.

`stand` must run before anything imports a model; the modules of this package import theirs inside their functions' files
only after it (see `intake.py`, `inbox.py`).
"""

import atexit
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

REFERENCE = ("sync_roles", "load_reference", "load_duty_list", "sync_channels")


def stand(keep: str = "") -> None:
    """Start the servers and Django. With `keep` the directory stays, and a later run finds it filled."""
    directory = Path(keep).resolve() if keep else Path(tempfile.mkdtemp(prefix="hotline-benchmark-"))
    for variable in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(variable, None)
    os.environ["HOTLINE_STATE"] = str(directory)
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    if not keep:
        # Registered before the servers' own end, so it runs after it.
        atexit.register(shutil.rmtree, directory, ignore_errors=True)

    from hotline.embedded import attach_or_start

    attach_or_start()

    import django

    django.setup()


def load_reference() -> None:
    """Regions, units, roles, calendar, parameters, the duty list and channels, as the first start loads them."""
    from django.core.management import call_command

    for command in REFERENCE:
        call_command(command, stdout=_Silence())


def migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def use_database(name: str) -> None:
    """Let the default connection speak with another database of the same server; what was cached of the first is gone."""
    from django.core.cache import cache
    from django.db import connection

    from hotline import calendar, parameters

    connection.close()
    connection.settings_dict["NAME"] = name
    cache.clear()
    calendar.forget_calendar()
    parameters.forget_parameters()


def database_exists(name: str) -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return cursor.fetchone() is not None


def copy_database(source: str, target: str) -> None:
    """`target` becomes a copy of `source`. Nobody may be connected to `source`."""
    from django.db import connection

    use_database("postgres")
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')


class _Silence:
    def write(self, text: str) -> None:
        pass


def say(text: str) -> None:
    print(f"[{time.monotonic() - _BEGAN:6.1f} s] {text}", file=sys.stderr, flush=True)


_BEGAN = time.monotonic()
