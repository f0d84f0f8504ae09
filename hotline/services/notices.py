"""Notices to people: once per person and key, kind and number only."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from hotline.models import Notice, User

KEPT: Final = timedelta(days=90)


def notify(*, users: Iterable[User], kind: str, number: str, at: datetime, dedupe: str) -> int:
    """Tell people once. A person who has a notice with this `dedupe` key gets no second one. Returns how many people were asked for."""
    rows = [
        Notice(recipient=user, kind=kind, number=number, at=at, dedupe_key=dedupe[:120])
        for user in {user.pk: user for user in users if user.is_active}.values()
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def mark_read(*, user: User, at: datetime, notice_ids: Iterable[int] | None = None) -> int:
    """Mark these of the person's own notices as read, or all. Returns how many were unread."""
    unread = Notice.objects.filter(recipient=user, read_at__isnull=True)
    if notice_ids is not None:
        unread = unread.filter(pk__in=list(notice_ids))
    return unread.update(read_at=at)


def clear_old_notices(*, at: datetime) -> int:
    """Delete notices older than 90 days, read or not: what they pointed at has its own page."""
    deleted, _ = Notice.objects.filter(at__lt=at - KEPT).delete()
    return deleted
