"""Rows that every request reads and people seldom change, read once in a few seconds by each process."""

import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

SECONDS: Final = 5.0

T = TypeVar("T")


class Remembered(Generic[T]):
    """What `read` answered, at most `SECONDS` ago. Whoever changes the rows calls `forget`; other processes follow."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._kept: tuple[float, T] | None = None

    def __call__(self) -> T:
        now = time.monotonic()
        if self._kept is None or now - self._kept[0] > SECONDS:
            self._kept = (now, self._read())
        return self._kept[1]

    def forget(self) -> None:
        self._kept = None
