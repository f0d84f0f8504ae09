"""Matters that look like what is being typed: for the desk and the intake page. Proposals; people attach, nothing merges by itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from channels_merge.matching import Explanation, Message, explain
from channels_merge.models import Appeal
from channels_merge.selectors.finding import (
    Candidate,
    background,
    best_of_each_ticket,
    candidates,
    region_code,
    with_place,
)
from hotline.models import Region
from responsibility.models import Category
from tickets.models import Ticket

LEAST_PERCENT: Final = 20
MOST_WORDS: Final = 3


@dataclass(frozen=True)
class Similar:
    ticket: Ticket
    percent: int
    words: tuple[str, ...]
    """What both say, the most telling first."""
    differs: tuple[str, ...]
    """Sentences about what speaks against it."""
    # The appeal whose words matched; the ticket's own title may be another's.
    appeal: Appeal
    days: int

    @property
    def closed_lately(self) -> bool:
        """The ticket is closed: whoever calls about it again asks for reopening, not for merging."""
        return not self.ticket.is_open

    @property
    def may_attach(self) -> bool:
        """It can be offered with one key: open, and nothing that both name speaks against it."""
        return self.ticket.is_open and not self.differs


def similar_matters(
    *,
    text: str,
    title: str = "",
    place: str = "",
    region: Region | None = None,
    category: Category | None = None,
    caller: str = "",
    at: datetime,
    limit: int = 4,
    leave_out: int | None = None,
) -> list[Similar]:
    """The tickets most probably about the same, best first, open ones and those closed lately.

    `caller` is the blind index of the number; what is not known speaks neither for nor against. `leave_out` is an appeal
    that is not found by itself.
    """
    code = category.code if category else ""
    message = Message(title, with_place(text, place), at, region_code(region, at=at), code, caller)
    ground = background()
    found = best_of_each_ticket(candidates(message, at=at, leave_out=leave_out, ground=ground))
    shown = [one for one in found if _percent(one) >= LEAST_PERCENT][:limit]
    tickets = Ticket.objects.only("number", "title", "state", "is_open", "appeal_count").in_bulk(
        [one.ticket_id for one in shown]
    )
    appeals = (
        Appeal.objects.select_related("region")
        .only("number", "state", "received_at", "region__name")
        .in_bulk([one.appeal_id for one in shown])
    )
    return [
        _similar(one, explain(message, one.message, ground), tickets[one.ticket_id], appeals[one.appeal_id], at)
        for one in shown
    ]


def _percent(one: Candidate) -> int:
    return min(round(100 * one.probability), 99)


def _similar(one: Candidate, why: Explanation, ticket: Ticket, appeal: Appeal, at: datetime) -> Similar:
    days = max((at - appeal.received_at).days, 0)
    return Similar(ticket, _percent(one), why.stretches[:MOST_WORDS], why.differs, appeal, days)
