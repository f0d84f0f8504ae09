"""保密: a matter that only named people may see, as a report against somebody whom the unit would know.

The ticket leaves every list but theirs at once; who has it in hand keeps it in hand, and handles it once named.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from hotline.models import User
from responsibility import services as responsibility
from tickets import rights
from tickets.models import TicketEvent
from tickets.services import access
from tickets.services.act import Act, InputRefused, require_text
from tickets.states import Secrecy, TicketState


@transaction.atomic
def restrict_ticket(*, ticket_id: int, readers: Iterable[User], reason: str, by: User, at: datetime) -> TicketEvent:
    """From now on only `by` and `readers` see it. Merged tickets have one secrecy: they are taken apart first."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.KEEP_SECRET)
    reason = require_text(reason, "请写明为何保密。")
    if act.ticket.secrecy == Secrecy.RESTRICTED:
        act.refuse("已是保密件。")
    if act.ticket.state == TicketState.MERGED or act.ticket.merged_count:
        act.refuse("并单的工单须先拆回，才能设为保密。")
    act.ticket.secrecy = Secrecy.RESTRICTED
    responsibility.forget_words(ticket_number=act.ticket.number)
    event = act.record("restrict_ticket", reason=reason)
    for reader in {reader.pk: reader for reader in (by, *readers)}.values():
        access.grant_scope(ticket_id=ticket_id, user=_active(reader), until=None)
    return event


@transaction.atomic
def lift_restriction(*, ticket_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """Units see it again by their parts; the personal grants stay."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.KEEP_SECRET)
    reason = require_text(reason, "请写明为何解除保密。")
    if act.ticket.secrecy != Secrecy.RESTRICTED:
        act.refuse("不是保密件。")
    act.ticket.secrecy = Secrecy.OPEN
    return act.record("lift_restriction", reason=reason)


@transaction.atomic
def grant_access(
    *, ticket_id: int, reader: User, until: datetime | None, reason: str, by: User, at: datetime
) -> TicketEvent:
    """Let one more person see a restricted ticket, for good or until a moment. Granting again moves the end."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.KEEP_SECRET)
    reason = require_text(reason, "请写明为何授权。")
    if act.ticket.secrecy != Secrecy.RESTRICTED:
        act.refuse("不是保密件，不用授权。")
    if until is not None and until <= at:
        raise InputRefused("授权的止日须在今天以后。", field="last_day")
    access.grant_scope(ticket_id=ticket_id, user=_active(reader), until=until)
    return act.record("grant_access", reason=reason, data={"reader": reader.pk, "until": until and until.isoformat()})


def _active(reader: User) -> User:
    if not reader.is_active:
        raise InputRefused(f"{reader.name}已停用，不能授权。")
    return reader
