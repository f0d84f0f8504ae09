"""The words of an appeal for search and for similar matters, with one scope token per unit that may see it."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from django.db import models

from channels_merge.models import Appeal, AppealLink, SearchEntry
from channels_merge.services.postings import add_posting
from hotline import bigrams
from hotline.bigrams import is_scope_token, scope_token
from tickets.models import Ticket, TicketEvent, TicketScope

BATCH: Final = 500


def write_search_entry(appeal: Appeal, *, ticket: Ticket | None = None) -> None:
    """One row per appeal; writing again replaces it. Without a ticket it is new, and a candidate for others from now on."""
    words = bigrams.codes(f"{appeal.title}\n{appeal.text}\n{appeal.place}\n{appeal.subject}")
    units = _units_of([ticket.pk])[ticket.pk] if ticket else set()
    codes = sorted({*words, *map(scope_token, units)})
    SearchEntry.objects.bulk_create(
        [SearchEntry(appeal=appeal, at=appeal.received_at, codes=codes)],
        update_conflicts=True,
        unique_fields=["appeal"],
        update_fields=["codes"],
    )
    if ticket is None:
        add_posting(appeal)


def refresh_scope(*, ticket_id: int) -> int:
    """Bring the scope tokens of a ticket's appeals up to date; returns how many rows changed.

    Safe to run twice, early or late: the tokens only narrow a search, `visible_to` decides.
    """
    return _refresh([ticket_id])


def reconcile_scopes(*, since: datetime) -> int:
    """Refresh the tickets that something happened to since then, whatever became of their messages."""
    ids = (
        TicketEvent.objects.filter(at__gte=since).order_by("ticket_id").values_list("ticket_id", flat=True).distinct()
    )
    return sum(_refresh(list(batch)) for batch in _batches(ids))


def _batches(ids: models.QuerySet[TicketEvent, int]) -> Iterator[tuple[int, ...]]:
    rest = ids.iterator(chunk_size=BATCH)
    while batch := tuple(islice(rest, BATCH)):
        yield batch


def _refresh(ticket_ids: list[int]) -> int:
    """Two reads however many tickets, and a write where something differs."""
    units = _units_of(ticket_ids)
    carrier = dict(AppealLink.objects.filter(ticket__in=ticket_ids, until=None).values_list("appeal", "ticket"))
    changed = []
    for row in SearchEntry.objects.filter(appeal__in=carrier):
        wanted = set(map(scope_token, units[carrier[row.appeal_id]]))
        present = set(filter(is_scope_token, row.codes))
        if present != wanted:
            row.codes = sorted(({*row.codes} - present) | wanted)
            changed.append(row)
    SearchEntry.objects.bulk_update(changed, ["codes"])
    return len(changed)


def _units_of(ticket_ids: list[int]) -> dict[int, set[int]]:
    units: dict[int, set[int]] = {ticket_id: set() for ticket_id in ticket_ids}
    for ticket_id, unit_id in TicketScope.objects.filter(ticket__in=ticket_ids, unit__isnull=False).values_list(
        "ticket_id", "unit_id"
    ):
        units[ticket_id].add(unit_id)
    return units
