"""Scheduled work on many rows: one that fails holds up none of the others, and is not passed over in silence."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

logger = logging.getLogger(__name__)

Key = TypeVar("Key")


class RowsFailed(Exception):
    """Some of the rows failed and the others are done. Ends the task as failed, so that its operators see it."""


def one_by_one(act: Callable[[Key], object], keys: Iterable[Key]) -> list[Key]:
    """Call `act` with each key; returns those for which it had something to do (a true answer).

    `act` opens a transaction of its own. One that raises is logged with its key, the others go on, and RowsFailed names
    them in the end: the next run tries them again.
    """
    rows, done, failed = list(keys), [], []
    for key in rows:
        try:
            if act(key):
                done.append(key)
        except Exception:
            logger.exception("%s failed for %s", act.__qualname__, key)
            failed.append(key)
    if failed:
        raise RowsFailed(f"failed for {', '.join(map(str, failed))}; {len(rows) - len(failed)} others are done")
    return done


def step_by_step(steps: Mapping[str, Callable[[], int]]) -> dict[str, int]:
    """Different works of one task, as `one_by_one`; what each returned, by its name."""
    done: dict[str, int] = {}
    one_by_one(lambda step: done.update({step: steps[step]()}), steps)
    return done
