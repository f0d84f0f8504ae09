"""Reads over appeals: who called before, what waits, what is alike, what the citizen may know."""

from channels_merge.selectors.appeals import (
    appeals_of_ticket,
    caller_history,
    carried_by,
    channel_of_key,
    drafts_of,
    ticket_of,
    waiting_appeals,
)
from channels_merge.selectors.progress import Progress, Step, progress_of, public_progress
from channels_merge.selectors.search import Found, SearchRefused, search
from channels_merge.selectors.similar import Similar, similar_matters

__all__ = [
    "Found",
    "Progress",
    "SearchRefused",
    "Similar",
    "Step",
    "appeals_of_ticket",
    "caller_history",
    "carried_by",
    "channel_of_key",
    "drafts_of",
    "progress_of",
    "public_progress",
    "search",
    "similar_matters",
    "ticket_of",
    "waiting_appeals",
]
