"""Reads over appeals: who called before, what waits, what is alike, what the citizen may know."""

from channels_merge.selectors.appeals import (
    appeals_of_ticket,
    caller_history,
    carried_by,
    channel_of_key,
    drafts_of,
    open_ticket_id,
    region_by_code,
    ticket_of,
    waiting_appeals,
)
from channels_merge.selectors.desk import (
    SURE_ENOUGH,
    Promise,
    category_groups,
    desk_panes,
    promise,
    promise_of,
    public_promises,
    region_groups,
)
from channels_merge.selectors.progress import Progress, Step, progress_of, public_progress
from channels_merge.selectors.search import Found, SearchRefused, search
from channels_merge.selectors.similar import Similar, similar_matters
from channels_merge.selectors.work import Work, city_now, intake_count, of_ticket, provide_work, workbench

__all__ = [
    "SURE_ENOUGH",
    "Found",
    "Progress",
    "Promise",
    "SearchRefused",
    "Similar",
    "Step",
    "Work",
    "appeals_of_ticket",
    "caller_history",
    "carried_by",
    "category_groups",
    "channel_of_key",
    "city_now",
    "desk_panes",
    "drafts_of",
    "intake_count",
    "of_ticket",
    "open_ticket_id",
    "progress_of",
    "promise",
    "promise_of",
    "provide_work",
    "public_progress",
    "public_promises",
    "region_by_code",
    "region_groups",
    "search",
    "similar_matters",
    "ticket_of",
    "waiting_appeals",
    "workbench",
]
