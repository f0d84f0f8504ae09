"""Readable numbers: prefix, day, six digits; GZ261122000001. Keys of rows, as an address or a form says them. Lots. Shares."""

import hashlib
import hmac
import math
import re
from datetime import date
from typing import Final

from django.conf import settings
from django.db import connection

LONGEST_KEY: Final = 18
"""Digits of the largest key that every database column takes."""

_READABLE: Final = re.compile(r"[A-Z]{1,3}[0-9]{12,}")

_NEXT: Final = """
SELECT nextval('hotline_number_' || lower(prefix)) - before FROM hotline_dailysequence WHERE prefix = %s AND day = %s
"""
_BEGIN: Final = """
INSERT INTO hotline_dailysequence (prefix, day, before) VALUES (%s, %s, nextval('hotline_number_' || lower(%s)))
ON CONFLICT DO NOTHING
"""


def next_number(prefix: str, day: date) -> str:
    """The next number of a prefix on a day; no number is given twice.

    Nobody waits for anybody's transaction, so what is rolled back leaves a gap: a row that had to be locked for numbers
    without gaps made every intake of the city wait for the one before it. Only the first of a day is waited for, and a
    number of a day gone by goes on far above the last of that day.
    """
    number = _counted(prefix, day)
    if number is None:
        with connection.cursor() as cursor:
            cursor.execute(_BEGIN, [prefix, day, prefix])
        number = _counted(prefix, day)
    return f"{prefix}{day:%y%m%d}{number:06d}"


def is_readable(number: str) -> bool:
    """Whether people know something by it: GZ261122000001 yes, a key or a code in small letters no."""
    return _READABLE.fullmatch(number) is not None


def _counted(prefix: str, day: date) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [prefix, day])
        row = cursor.fetchone()
    return row[0] if row else None


def key_of(text: str) -> int | None:
    """The key of a row that somebody else wrote down; None for what is no key, however long it is."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY else None


def lot_of(name: str) -> float:
    """From 0 to 1 by a secret key: the same every time asked, and nobody can tell beforehand who is drawn."""
    digest = hmac.new(settings.SECRET_KEY.encode(), name.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def rounded_down(share: float) -> str:
    """In per cent with one digit, 0.94996 → 94.9: what falls short of a limit never reads as the limit."""
    return f"{math.floor(1000 * share) / 10:.1f}"
