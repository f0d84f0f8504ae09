"""Numbers on the rail: how many wait for this person's post, at most a hundred counted, and whether one is overdue."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from hotline.context import register_count
from hotline.models import User
from tickets.selectors import approvals, objections, queues
from tickets.selectors import inbox as inboxes

MOST = 100


def _count(rows: QuerySet[Any], by: str, at: datetime) -> tuple[int, bool]:
    due = list(rows.order_by(by).values_list(by, flat=True)[:MOST])
    return len(due), bool(due) and due[0] < at


def to_dispatch(user: User) -> tuple[int, bool]:
    at = timezone.now()
    return _count(queues.dispatch_queue(user, at), "sort_at", at)


def in_inbox(user: User) -> tuple[int, bool]:
    """What the unit has to do, without what waits for others."""
    at = timezone.now()
    return _count(inboxes.inbox(user, at).filter(inboxes.OURS), "sort_at", at)


def to_decide_returns(user: User) -> tuple[int, bool]:
    at = timezone.now()
    return _count(queues.waiting_returns(user, at), "due_at", at)


def to_rule(user: User) -> tuple[int, bool]:
    """Tickets without a first handler, and objections to one."""
    at = timezone.now()
    waiting, late = _count(queues.ruling_queue(user, at), "sort_at", at)
    objected, objected_late = _count(objections.running_objections(user, at), "due_at", at)
    return waiting + objected, late or objected_late


def to_define(user: User) -> tuple[int, bool]:
    at = timezone.now()
    return _count(objections.awaited_definitions(user, at), "due_at", at)


def to_approve(user: User) -> tuple[int, bool]:
    """Results and requests for more time."""
    at = timezone.now()
    results, results_late = _count(approvals.waiting_approvals(user, at), "due_at", at)
    asked, asked_late = _count(queues.waiting_extensions(user, at), "due_at", at)
    return results + asked, results_late or asked_late


def register() -> None:
    for queue, count in {
        "dispatch": to_dispatch,
        "inbox": in_inbox,
        "returns": to_decide_returns,
        "rulings": to_rule,
        "definitions": to_define,
        "approvals": to_approve,
    }.items():
        register_count(queue, count)
