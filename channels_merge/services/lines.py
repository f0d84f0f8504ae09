"""Plugging other platforms in, and noticing when one falls silent."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from channels_merge import rights, selectors
from channels_merge.models import Algorithm, Channel, Line, LineSource
from channels_merge.services.line_reading import MAPPABLE
from channels_merge.services.moves import AppealRefused
from channels_merge.states import LINE_LIMITS, PLATFORM_KINDS, Door
from hotline import crypto, parameters
from hotline.calendar import add_working
from hotline.limits import Limit
from hotline.models import SecurityLog, User
from hotline.selectors import people_with_right
from hotline.services import log_security, notify, set_parameter
from hotline.typed import needed


@transaction.atomic
def sync_lines() -> int:
    """A line for each channel that another platform keeps; returns how many were missing. Each waits for its secret."""
    missing = Channel.objects.filter(kind__in=sorted(PLATFORM_KINDS), line=None).order_by("pk")
    return len(Line.objects.bulk_create([Line(channel=channel) for channel in missing]))


@transaction.atomic
def issue_line_secret(*, line_id: int, by: User | None, at: datetime) -> str:
    """A new secret, which signs both ways; the former one stops working at once. It is shown now and never again."""
    rights.require(by, rights.MANAGE_LINES, at)
    line = _locked(line_id)
    secret = secrets.token_urlsafe(32)
    line.secret_cipher, line.secret_issued_at = crypto.encrypt(secret, line.aad), at
    line.save(update_fields=["secret_cipher", "secret_issued_at"])
    _log(line, "发放接入密钥", by, at)
    return secret


@transaction.atomic
def change_line(*, line_id: int, is_open: bool, algorithm: str, push_url: str, by: User | None, at: datetime) -> Line:
    rights.require(by, rights.MANAGE_LINES, at)
    line = _locked(line_id)
    if algorithm not in Algorithm.values:
        raise AppealRefused("请选择签名算法。")
    if push_url and not push_url.startswith(("http://", "https://")):
        raise AppealRefused("推送地址以 http:// 或 https:// 开头。")
    if push_url and not line.secret_cipher:
        raise AppealRefused("请先发放密钥，再填推送地址：推送出去的消息用它签名。")
    line.is_open, line.algorithm, line.push_url = is_open, algorithm, push_url
    line.save(update_fields=["is_open", "algorithm", "push_url"])
    _log(line, f"{'接通' if is_open else '停用'}，推送到 {push_url or '不推送'}", by, at)
    return line


@dataclass(frozen=True)
class Source:
    """How we fetch from a line; `fields` is ours → theirs (`LineSource`)."""

    door: str
    fields: dict[str, str]
    is_open: bool = True
    url: str = ""
    header_name: str = ""
    header_value: str = ""
    list_path: str = ""
    cursor_param: str = ""
    cursor_path: str = ""
    page_param: str = ""
    size_param: str = ""
    page_size: int = 100
    every_minutes: int = 5


@transaction.atomic
def set_source(*, line_id: int, source: Source, by: User | None, at: datetime) -> LineSource:
    """Lay down how a line is fetched. An empty `header_value` keeps the one that is there."""
    rights.require(by, rights.MANAGE_LINES, at)
    line = _locked(line_id)
    unknown = sorted(set(source.fields) - set(MAPPABLE))
    if unknown:
        raise AppealRefused(f"没有这个字段：{'、'.join(unknown)}。")
    missing = [name for name in ("number", "data.text") if not source.fields.get(name)]
    if missing:
        raise AppealRefused(f"还没有对应 {'、'.join(missing)}：编号和诉求内容必须取到。")
    if source.door == Door.PULL and not source.url:
        raise AppealRefused("请填取数地址。")
    row = LineSource.objects.filter(line=line, door=source.door).first() or LineSource(line=line, door=source.door)
    values: dict[str, Any] = {name: getattr(source, name) for name in source.__dataclass_fields__}
    header_value = values.pop("header_value")
    for name, value in values.items():
        setattr(row, name, value)
    if header_value:
        row.header_cipher = crypto.encrypt(header_value, row.aad)
    if not source.header_name:
        row.header_cipher = ""
    row.next_at, row.failures, row.last_error = at, 0, ""
    row.save()
    _log(line, f"设置{row.get_door_display()}", by, at)
    return row


@transaction.atomic
def set_line_limit(
    *, line_id: int, what: str, amount: int, unit: str, source: str, by: User | None, at: datetime
) -> Limit:
    """Lay down from now on how long the line may be silent, or what the law gives for its matters (docs/clocks.md 5).

    `what`: a code of `LINE_LIMITS`. What was accepted before keeps the rule that it was accepted under.
    """
    rights.require(by, rights.MANAGE_LINES, at)
    line = _locked(line_id)
    if what not in LINE_LIMITS:
        raise AppealRefused("请选择哪一项时限。")
    limit = Limit(amount, unit)
    key, name = selectors.line_limit_key(line, what), LINE_LIMITS[what]
    set_parameter(
        key=key,
        value=limit.code,
        valid_from=at,
        source=needed(source, "依据", 200, AppealRefused),
        note=f"{line.channel.name}：{name}",
        like="1wd",
        by=by,
        at=at,
    )
    return limit


def _locked(line_id: int) -> Line:
    return Line.objects.select_for_update(of=("self",), no_key=True).select_related("channel").get(pk=line_id)


def _log(line: Line, what: str, by: User | None, at: datetime) -> None:
    log_security(
        kind=SecurityLog.Kind.ACCESS, subject=f"接入平台 {line.channel.code}", reason=what[:200], user=by, at=at
    )


def watch_lines(*, at: datetime) -> list[str]:
    """Tell the managers of each line that has been silent for too long, once for each silence. Returns the lines' codes.

    A channel that was opened since the last look gets its line here.
    """
    sync_lines()
    silent = silent_lines(at=at)
    for code, since in silent.items():
        notify(
            users=people_with_right(rights.MANAGE_LINES, at=at),
            kind="line_silent",
            number=code,
            at=at,
            dedupe=f"line-silent:{code}:{since.isoformat()}",
        )
    return list(silent)


def silent_lines(*, at: datetime) -> dict[str, datetime]:
    """Code → since when, of each open line that has been silent for too long (parameter of the line, else the general one).

    Silence counts from the last message, or from the secret that was issued and has not been used.
    """
    lines = Line.objects.filter(is_open=True, secret_issued_at__isnull=False).select_related("channel").order_by("pk")
    silent = {}
    for line in lines:
        since = max(filter(None, [line.last_in_at, line.secret_issued_at]))
        own = parameters.limit_if_any(selectors.line_limit_key(line, "silent"), at=at)
        if at > add_working(since, own or parameters.limit("line_silent_after", at=at)):
            silent[line.channel.code] = since
    return silent
