"""What this room puts on the workbench: whom to call and what to decide."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.urls import reverse

from channels_merge.selectors import Work, of_ticket
from evaluation import rights
from evaluation.selectors.worklists import callable_now, decisions_pending, follow_ups_waiting
from hotline.models import User
from hotline.rights import has_right

EACH: Final = 25


def follow_ups_to_make(user: User, at: datetime) -> Iterator[Work]:
    if not has_right(user, rights.FOLLOW_UP.permission, at):
        return
    for row in callable_now(follow_ups_waiting(user, at=at), at=at).select_related("ticket")[:EACH]:
        appeal = row.appeal
        yield Work(
            queue="回访",
            due_at=row.due_at,
            limit_unit="wd",
            soon_at=None,
            number=appeal.number,
            title=appeal.title,
            region=appeal.region.name if appeal.region else "",
            verb="回访",
            url=reverse("evaluation:follow-ups"),
        )


def decisions_to_make(user: User, at: datetime) -> Iterator[Work]:
    if not has_right(user, rights.DECIDE.permission, at):
        return
    # Whoever asked the caller does not decide.
    for decision in decisions_pending(user, at=at).exclude(follow_up__concluded_by=user)[:EACH]:
        yield of_ticket(
            "复核", decision.ticket, "复核", due_at=decision.due_at, url=reverse("evaluation:review-decisions")
        )
