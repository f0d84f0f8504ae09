"""Giving a matter back to the platform that sent it, and what it, or the line an emergency went to, says to that."""

from datetime import datetime
from typing import TypeVar

from django.db import transaction

from channels_merge import rights
from channels_merge.models import Appeal, Line, LineMatter, LineReturn, Transfer
from channels_merge.services import clocks
from channels_merge.services.contacts import move_out_of
from channels_merge.services.moves import AppealRefused, locked, move, record
from channels_merge.states import FirstCalled, TransferOutcome
from hotline.models import User
from hotline.typed import clean

Given = TypeVar("Given", LineReturn, Transfer)


@transaction.atomic
def return_to_line(*, appeal_id: int, reason: str, by: User | None, at: datetime) -> LineReturn:
    """Not ours: back to its line with the reason, as a matter that we do not count as taken in.

    Refused where the person rang 12345 first: then we register, whosever it is (国办发〔2022〕12号).
    """
    rights.require_any(by, (rights.ACCEPT, rights.USE_DESK), at)
    appeal = locked(appeal_id)
    reason = move_out_of(appeal, clean(reason)[:200], at=at)
    if not reason:
        raise AppealRefused("请写明退回的理由。")
    line = Line.objects.filter(channel=appeal.channel).first()
    if line is None or not line.push_url or not appeal.source_number:
        raise AppealRefused(f"{appeal.channel.name}没有接通推送，退不回去；请告知法定途径或解释。")
    if LineMatter.objects.filter(appeal=appeal, first_called=FirstCalled.US).exists():
        raise AppealRefused("群众先打的是 12345，两家意见不一时由先接到的登记受理，不能退回。")
    row = LineReturn.objects.create(appeal=appeal, by=by, at=at, reason=reason)
    move(appeal, Appeal.send_back, by=by, at=at, concluded_at=at, data={"return": row.pk})
    clocks.leave_pool(appeal, at=at)
    return row


@transaction.atomic
def conclude_return(*, return_id: int, outcome: str, note: str = "", by: User | None, at: datetime) -> LineReturn:
    return _conclude(LineReturn, return_id, act="return", label="退回", outcome=outcome, note=note, by=by, at=at)


@transaction.atomic
def conclude_transfer(*, transfer_id: int, outcome: str, note: str = "", by: User | None, at: datetime) -> Transfer:
    return _conclude(Transfer, transfer_id, act="transfer", label="转接", outcome=outcome, note=note, by=by, at=at)


def _conclude(
    kind: type[Given], pk: int, *, act: str, label: str, outcome: str, note: str, by: User | None, at: datetime
) -> Given:
    """Taken: done. Declined, with the reason: the appeal waits for us again, with a new accept clock."""
    rights.require_any(by, (rights.ACCEPT, rights.USE_DESK), at)
    appeal = locked(kind.objects.values_list("appeal_id", flat=True).get(pk=pk))
    row = kind.objects.get(pk=pk)
    if row.outcome:
        raise AppealRefused(f"这次{label}已记为“{row.get_outcome_display()}”。")
    if outcome not in {TransferOutcome.TAKEN, TransferOutcome.DECLINED}:
        raise AppealRefused("请选择对方是否接走。")
    row.outcome, row.concluded_at, row.note = outcome, at, move_out_of(appeal, note, at=at)[:200] or row.note
    if outcome == TransferOutcome.DECLINED:
        if not row.note:
            raise AppealRefused("对方没有接走的，须写明原因。")
        move(appeal, Appeal.take_back, by=by, at=at, data={act: row.pk})
        clocks.restart_accept_clock(appeal, at=at)
    else:
        record(appeal, act=f"{act}_taken", source=appeal.state, by=by, at=at, data={act: row.pk})
    row.save(update_fields=["outcome", "concluded_at", "note"])
    return row
