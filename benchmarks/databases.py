"""Databases of one server, each filled to a size. One that is there was finished: it gets its name at the end."""

import io
from collections.abc import Callable

from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

from benchmarks import crowd
from benchmarks.measure import say
from channels_merge.selectors.finding import forget_background
from config.management.commands.prepare import REFERENCE
from hotline import calendar, parameters

HOME = "hotline"
"""The database that the servers come with: a place to stand while others are made."""
ORIGINALS, UNFINISHED, WRITTEN = "originals", "unfinished", "written"


def filled(*sizes: int, passes: int) -> list[str]:
    """The names of databases with about these numbers of tickets, made where they are missing."""
    names = [f"tickets_{size}" for size in sizes]
    use(HOME)
    if not all(_exists(name) for name in names):
        marks = _make_originals(passes)
        for name, size in zip(names, sizes, strict=True):
            say(f"filling up to {size} tickets")
            _create(UNFINISHED, template=ORIGINALS)
            use(UNFINISHED)
            crowd.multiply(*marks, tickets=size)
            use(HOME)
            _execute(f"DROP DATABASE IF EXISTS {name}", f"ALTER DATABASE {UNFINISHED} RENAME TO {name}")
    return names


def made(name: str, fill: Callable[[], None]) -> None:
    """See that there is a database of that name: one with reference data and what `fill` writes."""
    use(HOME)
    if not _exists(name):
        say(f"filling {name}")
        _prepare(UNFINISHED)
        fill()
        use(HOME)
        _execute(f"ALTER DATABASE {UNFINISHED} RENAME TO {name}")


def use_copy(name: str) -> None:
    """Use a copy made for this run alone: what is written there leaves the kept one as it was."""
    use(HOME)
    _create(WRITTEN, template=name)
    use(WRITTEN)


def use(name: str) -> None:
    """Let the default connection speak with another database; what was cached of the one before is forgotten."""
    connection.close()
    connection.settings_dict["NAME"] = name
    cache.clear()
    calendar.forget_calendar()
    parameters.forget_parameters()
    forget_background()


def _make_originals(passes: int) -> tuple[crowd.Mark, crowd.Mark]:
    say("making the originals through the services")
    _prepare(ORIGINALS)
    marks = crowd.make_originals(passes=passes)
    use(HOME)
    return marks


def _prepare(name: str) -> None:
    """Use a new database with tables and reference data."""
    _create(name, template="template1")
    use(name)
    call_command("migrate", interactive=False, verbosity=0)
    for command in REFERENCE:
        call_command(command, stdout=io.StringIO())


def _create(name: str, *, template: str) -> None:
    _execute(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name} TEMPLATE {template}")


def _exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return cursor.fetchone() is not None


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
