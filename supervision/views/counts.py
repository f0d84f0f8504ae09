"""How many there are, for the rail; at most 100 are counted."""

from django.utils import timezone

from supervision import selectors

SHOWN = 100


def wall(user):
    watch = selectors.watch_of(user, at=timezone.now())
    # In the order of the index, which then stops at the hundredth.
    overdue = selectors.burning(watch, name="overdue").order_by("sort_at").values("sort_at")[:SHOWN].count()
    return overdue, overdue > 0


def joint(user):
    """Those that run; hot is one whose hold was released on the ticket: it could be closed meanwhile."""
    running = selectors.joint(user, lifted=False, at=timezone.now())
    released = list(running.values_list("hold__released_at", flat=True)[:SHOWN])
    return len(released), any(released)
