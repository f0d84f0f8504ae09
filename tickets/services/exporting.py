"""Lists that leave the system: who took what, and why, is in the security log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hotline import parameters, rights
from hotline.dates import local
from hotline.masking import redact
from hotline.models import SecurityLog, User
from hotline.services import log_security
from hotline.services.sheets import Page, workbook
from tickets.models import Ticket
from tickets.selectors.lists import Wanted, tickets_to_export
from tickets.services.act import InputRefused, require_text

EXPORT: Final = "tickets.export_tickets"
COLUMNS: Final = {
    "编号": 18,
    "事由": 40,
    "类型": 8,
    "紧急程度": 10,
    "事项分类": 24,
    "属地": 24,
    "状态": 12,
    "主办单位": 24,
    "现在办理": 24,
    "受理时间": 18,
    "办理时限": 18,
    "办结时间": 18,
    "办结方式": 12,
    "轮次": 6,
    "诉求件数": 10,
    "催办次数": 10,
    "退单次数": 10,
}


def export_tickets(*, wanted: Wanted, narrowed: str, reason: str, by: User, at: datetime, address: str = "") -> bytes:
    """What the list holds for the person, as XLSX: nothing restricted, no story, no citizen. `narrowed`: by what, in words.

    That a matter was given back stands on the page of its ticket for its chain alone: others' cell is empty.

    Raises NotPermitted, and InputRefused without a reason or for more than `export_rows_max` tickets; each export is one
    line of the security log, written before anything is given away.
    """
    rights.require(by, EXPORT, at)
    reason = require_text(reason, "请写明导出的用途。")
    most = parameters.integer("export_rows_max", at=at)
    tickets = tickets_to_export(by, wanted, at=at, most=most + 1)
    if len(tickets) > most:
        raise InputRefused(f"符合条件的超过 {most} 件，请缩小日期范围，分几次导出。")
    log_security(
        kind=SecurityLog.Kind.EXPORT,
        user=by,
        at=at,
        subject=f"工单清单 {len(tickets)} 件（{narrowed or '全部'}）",
        reason=reason,
        address=address or None,
    )
    return workbook(Page("工单", COLUMNS, (_row(ticket, reads_chain=reads_chain) for ticket, reads_chain in tickets)))


def _row(ticket: Ticket, *, reads_chain: bool) -> Sequence[str | int]:
    region = ticket.region
    return (
        ticket.number,
        redact(ticket.title),
        ticket.get_kind_display(),
        ticket.get_urgency_display(),
        ticket.category.name if ticket.category else "",
        "" if region is None else f"{region.parent.name}{region.name}" if region.parent else region.name,
        ticket.get_state_display(),
        ticket.lead.unit.name if ticket.lead else "",
        ticket.holder.unit.name if ticket.holder else "",
        _moment(ticket.accepted_at),
        _moment(ticket.due_at),
        _moment(ticket.closed_at),
        ticket.get_closing_kind_display(),
        ticket.round,
        ticket.appeal_count,
        ticket.urge_count,
        ticket.return_count if reads_chain else "",
    )


def _moment(at: datetime | None) -> str:
    return f"{local(at):%Y-%m-%d %H:%M}" if at else ""
