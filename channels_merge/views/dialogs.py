"""Keys of pages in addresses."""

from datetime import UTC

from django.utils.dateparse import parse_datetime

from hotline.numbers import key_of


def key_of_page(key):
    """`moment_id` as (moment, id); None when it makes no sense, which is the first page."""
    moment, _, pk = key.rpartition("_")
    try:
        at = parse_datetime(moment)
        # A moment at the edge of all years has no time in another zone.
        at = at and at.astimezone(UTC) if at and at.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return (at, number) if at and (number := key_of(pk)) is not None else None
