"""回访 and 复核: one public function for each thing that can be done.

Invariants kept here: the ticket row is locked before its follow-ups and decisions change; no answer is never
'satisfied'; a ticket closes when every live caller of its round is concluded and no decision is pending.
"""

from evaluation.services.calling import CALL_LASTS, record_attempt, take_number
from evaluation.services.conclusion import FollowUpInputRefused, FollowUpRefused, closing_kind
from evaluation.services.deciding import decide
from evaluation.services.rating import take_missed_ratings, take_rating
from evaluation.services.secret import ask_for_callers
from evaluation.services.settling import open_follow_ups, reconcile, settle_appeal, settle_ticket

__all__ = [
    "CALL_LASTS",
    "FollowUpInputRefused",
    "FollowUpRefused",
    "ask_for_callers",
    "closing_kind",
    "decide",
    "open_follow_ups",
    "reconcile",
    "record_attempt",
    "settle_appeal",
    "settle_ticket",
    "take_missed_ratings",
    "take_number",
    "take_rating",
]
