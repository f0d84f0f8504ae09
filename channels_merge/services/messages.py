"""What the citizen is to be told. A row waits here until the gateway sends it; nothing leaves inside a transaction."""

from collections.abc import Iterable
from datetime import datetime

from channels_merge.models import Appeal, OutboxMessage
from channels_merge.states import MessageKind
from hotline import crypto, parameters
from tickets.states import Urgency

_WORDS = {
    MessageKind.REGISTERED: "【赣州12345】您反映的事已登记，编号 {number}，查询码 {code}。凭编号和查询码可查进度、补充情况。",
    MessageKind.NEED_INFO: "【赣州12345】您反映的事（编号 {number}）还需要补充：{told} 请回电 12345 或凭查询码 {code} 在网页补充。",
    MessageKind.ANSWERED: "【赣州12345】您反映的事（编号 {number}）答复如下：{told}",
    MessageKind.VOIDED: "【赣州12345】您反映的事（编号 {number}）登记有误，这张单已作废，不再办理。如果事情还没有解决，请拨 12345，我们重新登记。",
    MessageKind.REDIRECTED: "【赣州12345】您反映的事（编号 {number}）须走法定途径：{told}",
    MessageKind.EXPLAINED: "【赣州12345】您反映的事（编号 {number}）不能受理，说明如下：{told}",
    MessageKind.HANDED_OVER: "【赣州12345】您反映的事（编号 {number}）已按规定移交公安机关。有疑问请拨 12345。",
    MessageKind.EXTENDED: "【赣州12345】您反映的事（编号 {number}）要多办几天。{told} 凭查询码 {code} 在网页查看经过。",
    MessageKind.DEFERRED: "【赣州12345】您反映的事（编号 {number}）一时办不了，已登记在册，定期复查。原因：{told} 凭查询码 {code} 在网页查看经过。",
    MessageKind.CLOSED: "【赣州12345】您反映的事（编号 {number}）已办结：{told} 凭查询码 {code} 在网页查看经过。",
    MessageKind.MASS_REPLY: "【赣州12345】许多人和您一样反映的事（编号 {number}）有了结果：{told} 凭查询码 {code} 在网页评价，或拨 12345。",
}


def tell_citizen(
    appeal: Appeal, kind: str, *, told: str = "", ordinal: int | str = 1, at: datetime
) -> OutboxMessage | None:
    """None when there is no mobile number to tell. `told` stands for what the appeal itself was told."""
    contact = appeal.contact
    if contact is None or not contact.phone.startswith("1"):
        return None
    row = OutboxMessage(
        appeal=appeal,
        kind=kind,
        dedupe=_dedupe(appeal, kind, ordinal),
        created_at=at,
        not_before=at if appeal.urgency != Urgency.NORMAL else parameters.after_hours("quiet_hours", at=at),
    )
    row.next_try_at = row.not_before
    body = _WORDS[MessageKind(kind)].format(number=appeal.number, code=appeal.code, told=told or appeal.told)
    row.body_cipher = crypto.encrypt(body, f"outbox:{row.token}")
    row.save(force_insert=True)
    return row


def tell_each(appeals: Iterable[Appeal], kind: str, *, told: str = "", ordinal: int | str, at: datetime) -> int:
    """`tell_citizen` for those who have no such message yet: safe to run twice. Returns how many were written."""
    keys = {_dedupe(appeal, kind, ordinal): appeal for appeal in appeals}
    written = set(OutboxMessage.objects.filter(dedupe__in=keys).values_list("dedupe", flat=True))
    missing = [appeal for key, appeal in keys.items() if key not in written]
    rows = [tell_citizen(appeal, kind, told=told, ordinal=ordinal, at=at) for appeal in missing]
    return sum(row is not None for row in rows)


def _dedupe(appeal: Appeal, kind: str, ordinal: int | str) -> str:
    return f"{kind}:{appeal.number}:{ordinal}"
