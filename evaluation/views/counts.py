"""How many wait, for the rail; at most 100 are counted."""

from django.utils import timezone

from evaluation import selectors

SHOWN = 100


def follow_ups(user):
    at = timezone.now()
    due = list(
        selectors.callable_now(selectors.follow_ups_waiting(user, at=at), at=at).values_list("due_at", flat=True)[
            :SHOWN
        ]
    )
    return len(due), bool(due) and due[0] < at


def decisions(user):
    at = timezone.now()
    due = list(selectors.decisions_pending(user, at=at).values_list("due_at", flat=True)[:SHOWN])
    return len(due), bool(due) and due[0] < at
