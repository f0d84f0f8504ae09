"""Channels that ship with the product, and the keys of those that file through the API."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from channels_merge import rights, selectors
from channels_merge.models import Channel, ChannelFiling
from channels_merge.services.milestones import sync_milestones
from channels_merge.services.register import ChannelRefused, record
from channels_merge.states import ChannelKind, ChannelState, FilingKind, FilingOutcome, IntakeWay
from hotline import crypto
from hotline.dates import local_day
from hotline.models import SecurityLog, Unit, User
from hotline.services import log_security

ORDER_1 = "赣市改字〔2025〕10号第 1 条：并入 12345 热线，双号并行、统一管理、统一转办"
ORDER_3 = "赣市改字〔2025〕10号第 3 条：通过便民码等渠道向 12345 热线提交诉求"
STATE_COUNCIL = "国办函〔2025〕66号（四）：12345 热线的受理渠道"
POLICE = "国办发〔2022〕12号：12345 与 110 高效对接联动"
LINKED = "国办函〔2025〕66号（五）：与其他平台数据共享，避免多头处理"


@dataclass(frozen=True)
class Shipped:
    name: str
    kind: str
    ground: str
    way: str = IntakeWay.PUSH
    address: str = ""
    owner: str = "CENTRE"
    """Code of the unit; the centre while there is no such unit."""


CHANNELS = {
    "phone": Shipped("12345 电话", ChannelKind.PHONE, STATE_COUNCIL, IntakeWay.DESK, "12345"),
    "web": Shipped("网页", ChannelKind.WEB, STATE_COUNCIL, IntakeWay.PAGE, "/p/"),
    "qr": Shipped("便民码", ChannelKind.QR, ORDER_3, IntakeWay.PAGE, "/q/"),
    "mini-program": Shipped("小程序", ChannelKind.MINI_PROGRAM, STATE_COUNCIL),
    "12333": Shipped("12333 人社热线", ChannelKind.HOTLINE, ORDER_1, address="12333", owner="CITY-RSJ"),
    "12328": Shipped("12328 交通热线", ChannelKind.HOTLINE, ORDER_1, address="12328", owner="CITY-JTYS"),
    "12315": Shipped("12315 消费热线", ChannelKind.HOTLINE, ORDER_1, address="12315", owner="CITY-SCJG"),
    "12348": Shipped("12348 法律热线", ChannelKind.HOTLINE, ORDER_1, address="12348", owner="CITY-SFJ"),
    "967788": Shipped("967788 非公企业维权专线", ChannelKind.HOTLINE, ORDER_1, address="967788", owner="CITY-GSL"),
    "province": Shipped("省平台", ChannelKind.PROVINCE, LINKED),
    "110": Shipped("110 非警务转来", ChannelKind.HOTLINE, POLICE, address="110", owner="CITY-GAJ"),
    "message-board": Shipped("领导留言板", ChannelKind.BOARD, LINKED),
    "12345-board": Shipped("12345 网上留言板", ChannelKind.BOARD, STATE_COUNCIL),
    "oversight": Shipped("互联网+督查", ChannelKind.OVERSIGHT, LINKED),
    "petition": Shipped("信访部门转来", ChannelKind.PETITION, LINKED, owner="CITY-XFJ"),
    "grid": Shipped("网格员", ChannelKind.GRID, "赣市改字〔2025〕10号第 17 条：网格数据与热线平台共享"),
    "import": Shipped("历史数据导入", ChannelKind.IMPORT, "旧系统的诉求转入，不对外公布", IntakeWay.FILE),
}


@transaction.atomic
def sync_channels(*, at: datetime) -> int:
    """Make the channels that are missing, filed and in use, and what the order asks of the five lines; returns how many.

    What was edited stays.
    """
    there = set(Channel.objects.values_list("code", flat=True))
    units = {unit.code: unit for unit in Unit.objects.filter(code__in={one.owner for one in CHANNELS.values()})}
    missing = {code: shipped for code, shipped in CHANNELS.items() if code not in there}
    today = local_day(at)
    for code, shipped in missing.items():
        channel = Channel.objects.create(
            code=code,
            name=shipped.name,
            kind=shipped.kind,
            owner=units.get(shipped.owner) or units["CENTRE"],
            address=shipped.address,
            ground=shipped.ground,
            way=shipped.way,
            is_machine=shipped.way != IntakeWay.DESK,
            state=ChannelState.ACTIVE,
            approved_on=today,
            review_due_on=selectors.next_review(today, at=at),
        )
        ChannelFiling.objects.create(
            channel=channel,
            kind=FilingKind.NEW,
            reason=shipped.ground,
            filed_at=at,
            outcome=FilingOutcome.APPROVED,
            decided_at=at,
            opinion="系统自带，按文件启用。",
        )
        record(channel, "ship", source="", by=None, at=at)
    sync_milestones()
    return len(missing)


@transaction.atomic
def issue_channel_key(*, channel_id: int, by: User | None, at: datetime) -> str:
    """A new key; the former one stops working at once. It is shown now and never again."""
    channel = _whose_key(channel_id, by=by, at=at)
    key = f"{channel.code}.{secrets.token_urlsafe(32)}"
    _keep_key(channel, crypto.blind_index(key, "channel-key"), at, reason="发放接口密钥", by=by, at=at)
    return key


@transaction.atomic
def revoke_channel_key(*, channel_id: int, by: User, at: datetime) -> None:
    """What is sent with the key is refused from now on. Raises ChannelRefused where there is none."""
    channel = _whose_key(channel_id, by=by, at=at)
    if not channel.key_hash:
        raise ChannelRefused("没有发放过接口密钥，或已收回。")
    _keep_key(channel, "", None, reason="收回接口密钥", by=by, at=at)


def _whose_key(channel_id: int, *, by: User | None, at: datetime) -> Channel:
    rights.require(by, rights.ISSUE_KEY, at)
    return Channel.objects.select_for_update(no_key=True).get(pk=channel_id)


def _keep_key(
    channel: Channel, digest: str, issued_at: datetime | None, *, reason: str, by: User | None, at: datetime
) -> None:
    channel.key_hash, channel.key_issued_at = digest, issued_at
    channel.save(update_fields=["key_hash", "key_issued_at"])
    log_security(kind=SecurityLog.Kind.ACCESS, subject=f"渠道 {channel.code}", reason=reason, user=by, at=at)
