"""The memory of routing: only added to, without personal data and without the words of restricted matters."""

from __future__ import annotations

from datetime import datetime

from hotline.masking import redact
from hotline.models import Region, Unit
from responsibility.models import Category, DutyItem, ItemProposal, RoutingExample
from responsibility.states import Outcome

WITHHELD = "保密工单"


def record_outcome(
    *,
    ticket_number: str,
    text: str,
    category: Category | None,
    region: Region | None,
    kind: str,
    proposed_item: DutyItem | None,
    proposed_unit: Unit | None,
    final_item: DutyItem | None,
    final_unit: Unit | None,
    outcome: str,
    at: datetime,
) -> RoutingExample:
    """Remember what a proposal came to. Called at every confirmed dispatch, granted return, recall and ruling.

    The text is redacted here, whatever the caller did before. Not idempotent: two dispatches are two examples.
    """
    return RoutingExample.objects.create(
        ticket_number=ticket_number,
        text=redact(text),
        category=category,
        region=region,
        kind=kind,
        proposed_item=proposed_item,
        proposed_unit=proposed_unit,
        final_item=final_item,
        final_unit=final_unit,
        outcome=Outcome(outcome),
        at=at,
    )


def forget_words(*, ticket_number: str) -> None:
    """Blank what was kept of a ticket's words: it became restricted. What it came to stays, for the figures."""
    RoutingExample.objects.filter(ticket_number=ticket_number).update(text="")
    ItemProposal.objects.filter(ticket_number=ticket_number).update(title=WITHHELD, text="", grounds=WITHHELD)
