"""Telling open pages at once that there is something to ask for. What it is they ask the web server, which knows who may see it.

A message is a word and the people it is for; it holds nothing about a matter or a citizen. Whoever does not listen, or
listens to a Valkey that is down, finds out by asking later.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from django.conf import settings
from redis import Redis

CHANNEL: Final = "hotline:push"
HEALTH_KEY: Final = "health:push"


@lru_cache(maxsize=1)
def _client() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)


def announce(user_ids: Sequence[int], word: str) -> None:
    """Raises redis.RedisError when nobody can be told; call it after the commit, `robust`."""
    if user_ids:
        _client().publish(CHANNEL, json.dumps({"users": list(user_ids), "word": word}))
