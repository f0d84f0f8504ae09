"""Readable numbers: prefix, day, six digits; GZ261122000001. And the keys of rows, as an address or a form says them."""

from datetime import date
from typing import Final

from django.db import connection

LONGEST_KEY: Final = 18
"""Digits of the largest key that every database column takes."""

_NEXT: Final = """
INSERT INTO hotline_dailysequence (prefix, day, last) VALUES (%s, %s, 1)
ON CONFLICT (prefix, day) DO UPDATE SET last = hotline_dailysequence.last + 1
RETURNING last
"""


def next_number(prefix: str, day: date) -> str:
    """The next number of a prefix on a day.

    Holds the day's row until the transaction ends, so everybody else who needs a number waits: call it as late as possible.
    A rolled-back transaction gives its number back; there are no gaps and no doubles.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [prefix, day])
        (last,) = cursor.fetchone()
    return f"{prefix}{day:%y%m%d}{last:06d}"


def key_of(text: str) -> int | None:
    """The key of a row that somebody else wrote down; None for what is no key, however long it is."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY else None
