"""Who has a ticket open. Kept in the cache for a minute, never as a row: it is courtesy between colleagues, no record."""

from datetime import datetime
from typing import Final

from django.core.cache import cache

from hotline.models import User
from tickets.models import Ticket

STAYS: Final = 75
"""Seconds. The page asks every thirty: one answer may be lost."""


def look(*, ticket: Ticket, by: User, at: datetime) -> list[User]:
    """`by` has the ticket open; gives the colleagues of the same unit who have it open too. Whoever calls has asked `visible_to`.

    Of two who look in the same instant one may be forgotten until they look again.
    """
    if by.unit_id is None:
        return []
    key, now = f"present:{ticket.pk}:{by.unit_id}", at.timestamp()
    others = {pk: until for pk, until in cache.get(key, {}).items() if until > now and pk != by.pk}
    cache.set(key, {**others, by.pk: now + STAYS}, timeout=STAYS)
    people = User.objects.filter(pk__in=others, unit=by.unit_id).select_related("unit").order_by("name", "pk")
    return list(people) if others else []
