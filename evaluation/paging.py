"""Paging by key: the next page begins after the moment and id of the last row shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

PAGE = 25


@dataclass(frozen=True)
class Page:
    rows: Sequence[Any]
    next_key: str


def after(rows: QuerySet, key: str, *, field: str, descending: bool = False) -> QuerySet:
    """Rows behind `key` (`moment_id`); a key that cannot be read gives the first page."""
    moment, _, pk = key.rpartition("_")
    try:
        at, last = datetime.fromisoformat(moment), int(pk)
    except ValueError:
        return rows
    if at.tzinfo is None:
        return rows
    way = "lt" if descending else "gt"
    return rows.filter(Q(**{f"{field}__{way}": at}) | Q(**{field: at, f"pk__{way}": last}))


def page_of(rows: QuerySet, key: str, *, field: str, descending: bool = False) -> Page:
    found = list(after(rows, key, field=field, descending=descending)[: PAGE + 1])
    if len(found) <= PAGE:
        return Page(found, "")
    last = found[PAGE - 1]
    return Page(found[:PAGE], f"{getattr(last, field).isoformat()}_{last.pk}")
