"""One matter, several tickets: the later ones go into one and can come out again.

Article 13 of the order: 对汇聚的不同渠道的重复诉求事项实行并单处理，减少重复派单. Appeals and matters are counted apart;
which appeal hangs on which ticket is the business of the room above (AppealLink).
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from hotline.models import User
from tickets import rights
from tickets.models import Ticket, TicketEvent
from tickets.services import closing, dispatch, parts
from tickets.services.act import Act, InputRefused, require_text
from tickets.states import ApprovalState, EndedAs

CHANGED_MEANWHILE = "并单关系刚被改动，请重新打开本页。"


@transaction.atomic
def merge_ticket(*, ticket_id: int, into_id: int, reason: str, by: User | None, at: datetime) -> TicketEvent:
    """Put a ticket into another: open, of the same secrecy, itself not merged. Tickets merged into it move along."""
    if ticket_id == into_id:
        raise InputRefused("不能把工单并入它自己。", field="into")
    below = _merged_into(ticket_id)
    locked = _lock_all([ticket_id, into_id, *below], by=by, at=at)
    act, into = locked[ticket_id], locked[into_id]
    act.require(rights.MERGE)
    reason = require_text(reason, "请写明为何是同一件事。")
    if _merged_into(ticket_id) != below:
        act.refuse(CHANGED_MEANWHILE)
    if not into.ticket.is_open:
        act.refuse(f"{into.ticket.number} 当前为“{into.ticket.get_state_display()}”，不能并入。")
    if into.ticket.secrecy != act.ticket.secrecy:
        act.refuse("保密级别不同的工单不能并单。")
    act.move(Ticket.merge, into=into.ticket)
    into.ticket.merged_count += 1 + len(below)
    act.ticket.merged_count = 0
    into.ticket.appeal_count += act.ticket.appeal_count
    act.ticket.appeal_count -= sum(locked[pk].ticket.appeal_count for pk in below)
    into.ticket.urge_count += act.ticket.urge_count
    act.ticket.urge_count -= sum(locked[pk].ticket.urge_count for pk in below)
    event = act.record("merge", reason=reason, data={"into": into.ticket.number, "suspended": act.suspend_clocks()})
    for pk in below:
        locked[pk].ticket.merged_into = into.ticket
        locked[pk].record("move_along", data={"into": into.ticket.number})
    into.record("take_in", data={"ticket": act.ticket.number})
    return event


def _merged_into(ticket_id: int) -> list[int]:
    return list(Ticket.objects.filter(merged_into=ticket_id).order_by("pk").values_list("pk", flat=True))


def _lock_all(ticket_ids: list[int], *, by: User | None, at: datetime) -> dict[int, Act]:
    """All tickets locked in the order of their keys, so that two merges cannot wait for each other."""
    return {pk: Act.on_ticket(pk, by=by, at=at) for pk in sorted(set(ticket_ids))}


@transaction.atomic
def unmerge_ticket(
    *, ticket_id: int, reason: str, never_same: bool = False, by: User | None, at: datetime
) -> TicketEvent:
    """Undo a merge: back to where it was, with what remained of its limits; to the dispatcher if the lead is closed.

    `never_same` says that the merge was a mistake, and not a matter that is handled apart from now on.
    """
    into_id = Ticket.objects.values_list("merged_into_id", flat=True).get(pk=ticket_id)
    if into_id is None:
        act = Act.on_ticket(ticket_id, by=by, at=at)
        act.refuse(f"工单当前为“{act.ticket.get_state_display()}”，没有并入其他工单。")
    locked = _lock_all([ticket_id, into_id], by=by, at=at)
    act, into = locked[ticket_id], locked[into_id]
    act.require(rights.MERGE)
    reason = require_text(reason, "请写明为何拆回。")
    if act.ticket.merged_into_id != into_id:
        act.refuse(CHANGED_MEANWHILE)
    lead_is_open = into.ticket.is_open
    act.move(Ticket.unmerge, lead_is_open=lead_is_open)
    if lead_is_open:
        act.resume_clocks(closing.suspended_by(act, "merge"), why="拆回，接着走剩余时限")
    else:
        parts.take_back_all(act, ended_as=EndedAs.UNMERGED)
        act.ticket.approvals.filter(state=ApprovalState.PENDING).update(state=ApprovalState.CANCELLED, decided_at=at)
        dispatch.restart_dispatch(act)
    into.ticket.merged_count -= 1
    into.ticket.appeal_count -= act.ticket.appeal_count
    into.ticket.urge_count -= act.ticket.urge_count
    event = act.record("unmerge", reason=reason, data={"from": into.ticket.number, "wrong": never_same})
    into.record("let_out", data={"ticket": act.ticket.number})
    return event


@transaction.atomic
def count_appeals(*, ticket_id: int, appeals: int = 0, urges: int = 0, live: int | None = None) -> None:
    """Add to the counters of a locked ticket. ``live`` is the number of appeals not withdrawn, if the caller counted.

    A ticket counts its own appeals and urges and those of the tickets merged into it: what is added to a merged one is
    added to its lead, locked too, as well. With no live appeal left, closing as withdrawn is proposed to a person, never done
    by itself.
    """
    added = {"appeal_count": F("appeal_count") + appeals, "urge_count": F("urge_count") + urges}
    proposed = {} if live is None else {"withdrawal_proposed": live == 0}
    Ticket.objects.filter(pk=ticket_id).update(**added, **proposed)
    if appeals or urges:
        Ticket.objects.filter(merged_tickets=ticket_id).update(**added)


def propose_withdrawal(*, ticket_id: int, by: User | None, at: datetime) -> TicketEvent | None:
    """Say on the timeline that every caller has withdrawn. Nothing when the ticket is no longer open."""
    with transaction.atomic():
        act = Act.on_ticket(ticket_id, by=by, at=at)
        if not act.ticket.is_open:
            return None
        act.ticket.withdrawal_proposed = True
        return act.record("propose_withdrawal")
