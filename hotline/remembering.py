"""What is kept beside the database: rows remembered by each process for seconds, and the cache that all share."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, TypeVar

from django.core.cache import cache
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis import RedisError

logger = logging.getLogger(__name__)

SECONDS: Final = 5.0
MOST_OWN: Final = 10_000

T = TypeVar("T")

_old: Final[set[str]] = set()
"""Keys that were set or deleted in vain; of the process, since every thread has a cache of its own."""


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


class SharedCache(RedisCache):
    """The cache of all processes. While it does not answer, pages do without: nothing in it is worth a refusal.

    What is then counted or read anew (`add`, `incr`, `get_or_set`) stays in this process's own memory, so that tries go
    on having an end. What is `set` is forgotten: a session is read from its row, also on the next machine.

    When it answers again, what is older in it than that goes before anything else is read: a session that ended meanwhile
    would live again. Each process sees to what it wrote itself.
    """

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._own = LocMemCache(f"instead of {server}", params | {"OPTIONS": {"MAX_ENTRIES": MOST_OWN}})

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._or_own("get", key, default, version)

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        return self._or_own("get_many", keys, version)

    def has_key(self, key: str, version: int | None = None) -> bool:
        return self._or_own("has_key", key, version)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._or_own("add", key, value, timeout, version)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        try:
            return super().incr(key, delta, version)
        except RedisError as why:
            _log(why)
            self._own.add(key, 0, version=version)  # it answered a moment ago, and has what was counted until then
            return self._own.incr(key, delta, version)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        try:
            super().set(key, value, timeout, version)
        except RedisError as why:
            _log(why)
            _old.add(self.make_key(key, version))

    def delete(self, key: str, version: int | None = None) -> bool:
        self._own.delete(key, version)
        try:
            return super().delete(key, version)
        except RedisError as why:
            _log(why)
            _old.add(self.make_key(key, version))
            return False

    def _or_own(self, name: str, *arguments: Any) -> Any:
        """What all share answers, or else what this process kept."""
        try:
            self._drop_what_is_old()
            return getattr(super(), name)(*arguments)
        except RedisError as why:
            _log(why)
            return getattr(self._own, name)(*arguments)

    def _drop_what_is_old(self) -> None:
        if _old:
            keys = tuple(_old)
            self._cache.delete_many(keys)
            _old.difference_update(keys)


def _log(why: RedisError) -> None:
    logger.warning("The shared cache does not answer: %s", why)


def count(key: str, *, seconds: int) -> int:
    """How many times in the `seconds` after the first, this one included: `key` is counted in the shared cache."""
    cache.add(key, 0, timeout=seconds)
    return cache.incr(key)
