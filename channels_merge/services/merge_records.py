"""Every bringing together and every taking apart, by whatever page, task or hand: what wrong merges are counted by.

Written in the transaction of the act: by linking and intake for appeals, by the receiver of ticket events for tickets.
"""

from datetime import datetime

from channels_merge.models import Appeal, MergeProposal, MergeRecord, ProposalState, UndoneAs
from channels_merge.selectors.appeals import carried_by
from hotline.models import User
from tickets.models import Ticket, TicketEvent

TICKET_ACTS = frozenset({"merge", "unmerge"})


def joined(appeal: Appeal, ticket: Ticket, *, by: User | None, at: datetime) -> MergeRecord:
    """The appeal was hung on a ticket that carries others."""
    record = MergeRecord.objects.create(appeal=appeal, into=ticket, by=by, at=at)
    lapse_within(ticket, at=at)
    return record


def parted(appeal: Appeal, ticket: Ticket, *, never_same: bool, by: User | None, at: datetime) -> None:
    """The appeal left the ticket. Of the one that was there first, whoever joined it first is what was taken apart."""
    records = MergeRecord.objects.filter(undone_at=None)
    mine = records.filter(appeal=appeal, into=ticket)
    record = mine.order_by("-pk").first() or records.filter(into=ticket, appeal__isnull=False).order_by("pk").first()
    if record is not None:
        _undo(record, never_same=never_same, by=by, at=at)


def follow_merge(event: TicketEvent) -> None:
    if event.act == "merge":
        into = Ticket.objects.get(number=event.data["into"])
        MergeRecord.objects.create(ticket=event.ticket, into=into, by=event.actor, at=event.at)
        lapse_within(into, at=event.at)
        return
    record = MergeRecord.objects.filter(ticket=event.ticket, undone_at=None).order_by("-pk").first()
    if record is not None:
        _undo(record, never_same=event.data["wrong"], by=event.actor, at=event.at)


def lapse_within(ticket: Ticket, *, at: datetime) -> None:
    """Pairs whose sides hang on one ticket now: nothing is left to decide. One that somebody is settling at this moment
    is left to them.
    """
    here = carried_by(ticket.pk).values("pk")
    moot = MergeProposal.objects.filter(state=ProposalState.OPEN, appeal__in=here, other__in=here)
    locked = moot.select_for_update(of=("self",), no_key=True, skip_locked=True).order_by("pk")
    MergeProposal.objects.filter(pk__in=[proposal.pk for proposal in locked]).update(state=ProposalState.LAPSED, at=at)


def _undo(record: MergeRecord, *, never_same: bool, by: User | None, at: datetime) -> None:
    record.undone_at, record.undone_by = at, by
    record.undone_as = UndoneAs.WRONG if never_same else UndoneAs.SPLIT
    record.save(update_fields=["undone_at", "undone_by", "undone_as"])
