"""What happens around an accepted appeal: which ticket carries it, and what the citizen adds.

- At most one open link per appeal; history stays.
- Urge, supplement, withdraw and progress asked are interactions: they make no new appeal and count as no repeat.
- When the last live appeal withdraws, closing as 撤诉 is proposed to the ticket, never done.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from channels_merge import rights, selectors
from channels_merge.models import (
    Appeal,
    AppealClock,
    AppealEvent,
    AppealLink,
    AppealQuerySet,
    Channel,
    Interaction,
    LineReturn,
    Transfer,
)
from channels_merge.services import clocks, merge_records
from channels_merge.services.contacts import move_out_of
from channels_merge.services.following import settle_citizen_clocks
from channels_merge.services.indexing import write_search_entry
from channels_merge.services.intake import (
    JUST_CHANGED,
    add_files,
    lock_open_ticket,
    locked_with_leads,
    open_ticket,
    tell_ticket,
)
from channels_merge.services.moves import AppealRefused, locked, move, record
from channels_merge.states import AppealState, ChannelKind, InteractionKind, Satisfaction, TransferOutcome
from hotline.models import StoredFile, User
from hotline.selectors import people_with_right
from hotline.services import notify
from hotline.typed import clean
from tickets import services as tickets
from tickets.models import Ticket
from tickets.selectors.lists import who_may_know, who_works_on
from tickets.states import Resolved, TicketState

# Somebody is still to read what is added.
HEARD_STATES = frozenset({AppealState.RECEIVED, AppealState.NEED_INFO, AppealState.TRANSFERRED, AppealState.ACCEPTED})
RATED = frozenset({Satisfaction.SATISFIED, Satisfaction.BASICALLY, Satisfaction.DISSATISFIED})
ALONE = "这是原工单唯一的诉求，请把两张工单并单。"


@transaction.atomic
def link_appeal(*, appeal_id: int, ticket_id: int, reason: str, by: User | None, at: datetime) -> AppealLink:
    """Move an accepted appeal from its ticket to another open one of the same matter."""
    rights.require(by, rights.LINK, at)
    appeal, old = _linked(appeal_id)
    reason = _reason(reason)
    if old.ticket_id == ticket_id:
        raise AppealRefused("这件诉求已经在这张工单上。")
    locked_with_leads(old.ticket_id, ticket_id)
    if _live_of(old.ticket_id).count() == 1 and old.ticket.is_open:
        raise AppealRefused(ALONE)
    ticket = lock_open_ticket(ticket_id, secrecy=appeal.secrecy)
    if ticket.pk == old.ticket_id:
        raise AppealRefused("这件诉求已经在这张工单上。")
    link = _relink(appeal, old, ticket, act="link", reason=reason, by=by, at=at)
    merge_records.joined(appeal, ticket, by=by, at=at)
    settle_citizen_clocks(ticket_id=ticket.pk, at=at)
    return link


@transaction.atomic
def unlink_appeal(*, appeal_id: int, reason: str, never_same: bool = False, by: User | None, at: datetime) -> Ticket:
    """Give the appeal a ticket of its own again, also after the old one was closed; it keeps the appeal's acceptance
    time and citizen clock.

    `never_same` says that it was a wrong merge, and not a matter that is handled apart from now on.
    """
    rights.require(by, rights.LINK, at)
    appeal, old = _linked(appeal_id)
    reason = _reason(reason)
    locked_with_leads(old.ticket_id)
    if _live_of(old.ticket_id).count() == 1:
        lead = old.ticket.merged_into
        where = (
            f"所在工单 {old.ticket.number} 已并入 {lead.number}，请在 {old.ticket.number} 的页面拆回。" if lead else ""
        )
        raise AppealRefused(where or "这张工单只有这一件诉求，不需要拆单。")
    ticket = open_ticket(appeal, by=by, at=at)
    _relink(appeal, old, ticket, act="unlink", reason=reason, by=by, at=at)
    merge_records.parted(appeal, old.ticket, never_same=never_same, by=by, at=at)
    clocks.resume_citizen_clock(appeal)
    return ticket


def _relink(
    appeal: Appeal, old: AppealLink, ticket: Ticket, *, act: str, reason: str, by: User | None, at: datetime
) -> AppealLink:
    old.until, old.ended_by, old.end_reason = at, by, reason
    old.save(update_fields=["until", "ended_by", "end_reason"])
    link = AppealLink.objects.create(appeal=appeal, ticket=ticket, since=at, by=by, reason=reason)
    urges = Interaction.objects.filter(appeal=appeal, kind=InteractionKind.URGE).count()
    tell_ticket(old.ticket_id, appeals=-1, urges=-urges)
    # A ticket that was just opened for this appeal already counts it.
    tell_ticket(ticket.pk, appeals=0 if act == "unlink" else 1, urges=urges)
    record(
        appeal, act=act, source=appeal.state, by=by, at=at, data={"from_ticket": old.ticket_id, "to_ticket": ticket.pk}
    )
    write_search_entry(appeal, ticket=ticket)
    return link


@transaction.atomic
def urge_appeal(*, appeal_id: int, channel: Channel, text: str = "", by: User | None, at: datetime) -> Interaction:
    """催单: counted on the ticket; words the citizen adds go with it. A unit that is done hears nothing: whoever calls reads it."""
    rights.require_any(by, (rights.USE_DESK, rights.ACCEPT), at)
    appeal = locked(appeal_id)
    link = _open_link(appeal)
    if appeal.state != AppealState.ACCEPTED or link is None:
        raise AppealRefused(f"诉求 {appeal.number} 是“{appeal.get_state_display()}”，没有在办的工单可催。")
    ticket = _carrier_locked(link)
    if not ticket.is_open:
        raise AppealRefused(f"工单 {ticket.number} 已是“{ticket.get_state_display()}”，请登记新诉求或申请重办。")
    row = _interact(appeal, InteractionKind.URGE, channel=channel, text=text, by=by, at=at)
    tell_ticket(link.ticket_id, urges=1)
    if ticket.holder is not None and ticket.state != TicketState.PENDING_FOLLOWUP:
        told = who_may_know(ticket, who_works_on(ticket.holder, at), at)
        notify(users=told, kind="urge", number=ticket.number, at=at, dedupe=f"urge:{row.pk}")
    return row


@transaction.atomic
def supplement_appeal(
    *, appeal_id: int, channel: Channel, text: str, files: Sequence[StoredFile] = (), by: User | None, at: datetime
) -> Interaction:
    """补充: the words join the appeal; one that waited for them is ready to be decided again."""
    rights.require_any(by, (rights.USE_DESK, rights.ACCEPT), at)
    appeal = locked(appeal_id)
    if not clean(text):
        raise AppealRefused("补充内容不能为空。")
    if appeal.state not in HEARD_STATES:
        raise AppealRefused(f"诉求 {appeal.number} 是“{appeal.get_state_display()}”，不能补充，请登记新诉求。")
    link = _open_link(appeal)
    ticket = _carrier_locked(link) if link else None
    if ticket is not None and not ticket.is_open:
        raise AppealRefused(f"工单 {ticket.number} 已是“{ticket.get_state_display()}”，请登记新诉求或申请重办。")
    row = _interact(appeal, InteractionKind.SUPPLEMENT, channel=channel, text=text, by=by, at=at)
    add_files(appeal, files, at=at)
    if appeal.state == AppealState.NEED_INFO:
        move(appeal, Appeal.give_information, by=by, at=at)
        clocks.restart_accept_clock(appeal, at=at)
    if ticket is not None:
        tickets.give_information(ticket_id=ticket.pk, information=row.text, by=by, at=at)
    return row


@transaction.atomic
def record_progress_asked(*, appeal_id: int, channel: Channel, by: User | None, at: datetime) -> Interaction:
    rights.require_any(by, (rights.USE_DESK, rights.ACCEPT), at)
    return _interact(locked(appeal_id), InteractionKind.PROGRESS, channel=channel, text="", by=by, at=at)


@transaction.atomic
def rate_appeal(
    *,
    appeal_id: int,
    channel: Channel,
    resolved: str,
    satisfaction: str,
    ground: str = "",
    text: str = "",
    by: User | None,
    at: datetime,
) -> Interaction:
    """评价: what the citizen says of the result without being called. The room above concludes the follow-up with it."""
    rights.require_any(by, (rights.USE_DESK, rights.ACCEPT), at)
    appeal = locked(appeal_id)
    if not selectors.may_rate(appeal, at=at):
        raise AppealRefused("现在没有可以评价的办理结果，或者已经评价过。")
    if resolved not in Resolved.values or satisfaction not in RATED:
        raise AppealRefused("请选择解决了没有、满意不满意。")
    row = _interact(appeal, InteractionKind.RATING, channel=channel, text=text, by=by, at=at, quiet=True)
    said = {"satisfaction": satisfaction, "resolved": resolved, "ground": ground[:12]}
    record(
        appeal,
        act=InteractionKind.RATING,
        source=appeal.state,
        by=by,
        at=at,
        data={"channel": channel.code, "interaction": row.pk, **said},
    )
    return row


@transaction.atomic
def withdraw_appeal(*, appeal_id: int, channel: Channel, reason: str, by: User | None, at: datetime) -> AppealEvent:
    """撤单 by the citizen's wish. The ticket lives on for the others, or is proposed for closing as 撤诉."""
    rights.require_any(by, (rights.USE_DESK, rights.ACCEPT), at)
    appeal = locked(appeal_id)
    reason = _reason(move_out_of(appeal, reason, at=at))
    link = _open_link(appeal)
    ticket = _carrier_locked(link) if link else None
    if ticket is not None and not ticket.is_open:
        raise AppealRefused(f"工单 {ticket.number} 已是“{ticket.get_state_display()}”，不用再撤回。")
    event = move(appeal, Appeal.withdraw, by=by, at=at, withdrawn_because=reason, concluded_at=at)
    _interact(appeal, InteractionKind.WITHDRAW, channel=channel, text=reason, by=by, at=at, quiet=True)
    clocks.stop_intake_clocks(appeal, at=at, outcome=AppealClock.Outcome.VOID)
    clocks.stop_clocks(appeal, AppealClock.CITIZEN, at=at, outcome=AppealClock.Outcome.VOID)
    Transfer.objects.filter(appeal=appeal, outcome="").update(
        outcome=TransferOutcome.DECLINED, concluded_at=at, note="诉求人撤回"
    )
    LineReturn.objects.filter(appeal=appeal, outcome="").update(
        outcome=TransferOutcome.DECLINED, concluded_at=at, note="诉求人撤回"
    )
    if link is not None and ticket is not None:
        if tell_ticket(ticket.pk) == 0:
            tickets.propose_withdrawal(ticket_id=ticket.pk, by=by, at=at)
            _tell_reviewers(ticket, event)
        else:
            tickets.count_appeals(ticket_id=link.ticket_id, appeals=-1)
    return event


def _tell_reviewers(ticket: Ticket, event: AppealEvent) -> None:
    """Only they may close it, and until then it is dispatched and handled as if somebody still waited. Of a restricted one,
    who may know.
    """
    notify(
        users=who_may_know(ticket, people_with_right("tickets.close_ticket", at=event.at), event.at),
        kind="withdrawal_proposed",
        number=ticket.number,
        at=event.at,
        dedupe=f"withdrawn:{event.pk}",
    )


def _interact(
    appeal: Appeal, kind: str, *, channel: Channel, text: str, by: User | None, at: datetime, quiet: bool = False
) -> Interaction:
    text = move_out_of(appeal, text[:2000], at=at)
    call = selectors.call_at_hand(by, at=at) if by is not None and channel.kind == ChannelKind.PHONE else None
    row = Interaction.objects.create(appeal=appeal, kind=kind, channel=channel, call=call, text=text, by=by, at=at)
    if not quiet:
        record(appeal, act=kind, source=appeal.state, by=by, at=at, data={"channel": channel.code})
    return row


def _reason(reason: str) -> str:
    reason = clean(reason)[:200]
    if not reason:
        raise AppealRefused("请写明理由。")
    return reason


def _open_link(appeal: Appeal) -> AppealLink | None:
    return AppealLink.objects.select_related("ticket").filter(appeal=appeal, until=None).first()


def _linked(appeal_id: int) -> tuple[Appeal, AppealLink]:
    appeal = locked(appeal_id)
    link = _open_link(appeal)
    if appeal.state != AppealState.ACCEPTED or link is None:
        raise AppealRefused(f"诉求 {appeal.number} 是“{appeal.get_state_display()}”，没有挂在工单上。")
    return appeal, link


def _carrier_locked(link: AppealLink) -> Ticket:
    """The ticket that works on the matter now: the lead if the linked one was merged."""
    locked = locked_with_leads(link.ticket_id)
    lead = locked[link.ticket_id].merged_into_id or link.ticket_id
    if lead not in locked:
        raise AppealRefused(JUST_CHANGED)
    return locked[lead]


def _live_of(ticket_id: int) -> AppealQuerySet:
    return selectors.carried_by(ticket_id).live()
