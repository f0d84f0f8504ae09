"""Finds what a lost message or a killed process left undone. Every step may run twice."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from channels_merge.models import Appeal, AppealClock, AppealLink, SearchEntry
from channels_merge.services import clocks
from channels_merge.services.following import DEAD, REPLIED, settle_citizen_clocks
from channels_merge.services.indexing import reconcile_scopes, write_search_entry
from channels_merge.services.mass import tell_missed_callers, tell_missed_senders
from channels_merge.services.moves import locked
from channels_merge.services.outbox import reconcile_reports
from channels_merge.states import AppealState
from hotline.services import one_by_one, step_by_step
from tickets.models import Ticket
from tickets.states import TicketState

GRACE = timedelta(minutes=1)
RECENT = timedelta(minutes=15)
"""What the minutely look goes back for search scopes; the nightly one takes two days."""
BATCH = 500


def reconcile(*, at: datetime) -> dict[str, int]:
    """How many of each were mended. A row that fails holds up neither its like nor the other steps."""
    steps = {
        "accept_clocks": lambda: _start_missing_accept_clocks(at),
        "search_entries": lambda: _write_missing_entries(at),
        "citizen_clocks": lambda: _settle_tickets(at),
        "scopes": lambda: reconcile_scopes(since=at - RECENT),
        "line_reports": lambda: reconcile_reports(since=at - RECENT),
        "mass_replies": lambda: tell_missed_callers(since=at - RECENT),
        "ends": lambda: tell_missed_senders(since=at - RECENT),
    }
    return step_by_step(steps)


def _start_missing_accept_clocks(at: datetime) -> int:
    running = AppealClock.objects.filter(appeal=OuterRef("pk"), kind=AppealClock.ACCEPT, stopped_at=None)
    missing = Appeal.objects.filter(
        ~Exists(running), state=AppealState.RECEIVED, received_at__lte=at - GRACE
    ).values_list("pk", flat=True)
    return len(one_by_one(_start_accept_clock, missing.order_by("pk")[:BATCH]))


@transaction.atomic
def _start_accept_clock(appeal_id: int) -> bool:
    """Whether it was still needed: somebody may decide on the appeal, or start its clock, at this moment."""
    appeal = locked(appeal_id)
    running = AppealClock.objects.filter(appeal=appeal, kind=AppealClock.ACCEPT, stopped_at=None)
    if appeal.state != AppealState.RECEIVED or running.exists():
        return False
    clocks.restart_accept_clock(appeal, at=appeal.received_at)
    return True


def _write_missing_entries(at: datetime) -> int:
    entry = SearchEntry.objects.filter(appeal=OuterRef("pk"))
    missing = (
        Appeal.objects.filter(received_at__lte=at - GRACE, received_at__gte=at - timedelta(days=2))
        .filter(~Exists(entry))
        .order_by("pk")[:BATCH]
    )
    one_by_one(write_search_entry, missing)
    return len(missing)


def _settle_tickets(at: datetime) -> int:
    """Tickets that are answered or void while a citizen clock still runs, or back in work while none does."""
    ended = Q(state__in=[*REPLIED, *DEAD])
    clocks_of = AppealClock.objects.filter(appeal=OuterRef("appeal"), kind=AppealClock.CITIZEN)
    running = clocks_of.filter(stopped_at=None)
    links = AppealLink.objects.filter(until=None)
    ticking = links.filter(Exists(running))
    silent = links.filter(~Exists(running), Exists(clocks_of), appeal__state=AppealState.ACCEPTED)
    tickets = Ticket.objects.filter(
        ended & Q(pk__in=ticking.values("ticket"))
        | ~ended & Q(is_open=True) & ~Q(state=TicketState.MERGED) & Q(pk__in=silent.values("ticket"))
    ).values_list("pk", flat=True)
    found = list(tickets[:BATCH])
    one_by_one(lambda ticket_id: settle_citizen_clocks(ticket_id=ticket_id, at=at), found)
    return len(found)
