"""A restricted matter is called back like any other: whoever may see it is asked, until somebody may call, to name a caller."""

from datetime import datetime

from evaluation import selectors
from hotline import parameters
from hotline.dates import local_day
from hotline.selectors import people_with_right
from hotline.services import notify, one_by_one
from tickets.models import Ticket
from tickets.rights import KEEP_SECRET
from tickets.selectors.lists import who_may_know
from tickets.states import Secrecy


def ask_for_callers(*, at: datetime) -> int:
    """Once a day for each matter, not at night. Returns of how many matters somebody was asked."""
    if parameters.after_hours("quiet_hours", at=at) != at:
        return 0
    return len(one_by_one(lambda ticket: _ask(ticket, at=at), selectors.without_a_caller(at=at)))


def ask_for_caller(ticket: Ticket, *, at: datetime) -> None:
    """The same of one ticket, in the moment in which it comes to follow-up."""
    if ticket.secrecy == Secrecy.RESTRICTED and selectors.without_a_caller(at=at).filter(pk=ticket.pk).exists():
        _ask(ticket, at=at)


def _ask(ticket: Ticket, *, at: datetime) -> bool:
    reviewers = who_may_know(ticket, people_with_right(KEEP_SECRET.permission, at=at), at)
    dedupe = f"secret-follow-up:{ticket.pk}:{local_day(at)}"
    return bool(notify(users=reviewers, kind="caller_wanted", number=ticket.number, at=at, dedupe=dedupe))
