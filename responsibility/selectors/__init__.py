"""Reads of the room: the versions of a duty list, and who is responsible by them."""

from responsibility.selectors.suggesting import (
    Candidate,
    ItemRecord,
    Part,
    county_candidates,
    item_record,
    item_records,
    suggest,
    township_role,
    why_none,
)
from responsibility.selectors.versions import current_list, deciding_list, items_in_force

__all__ = [
    "Candidate",
    "ItemRecord",
    "Part",
    "county_candidates",
    "current_list",
    "deciding_list",
    "item_record",
    "item_records",
    "items_in_force",
    "suggest",
    "township_role",
    "why_none",
]
