"""Channels and the keys of those that file through the API."""

import secrets
from datetime import datetime

from django.db import transaction

from channels_merge import rights
from channels_merge.models import Channel
from channels_merge.states import ChannelKind
from hotline import crypto
from hotline.models import SecurityLog, User
from hotline.services import log_security

# code → (name, kind, does it come by machine)
CHANNELS = {
    "phone": ("12345 电话", ChannelKind.PHONE, False),
    "web": ("网页", ChannelKind.WEB, True),
    "qr": ("便民码", ChannelKind.QR, True),
    "mini-program": ("小程序", ChannelKind.MINI_PROGRAM, True),
    "12333": ("12333 人社热线", ChannelKind.HOTLINE, True),
    "12328": ("12328 交通热线", ChannelKind.HOTLINE, True),
    "12315": ("12315 消费热线", ChannelKind.HOTLINE, True),
    "12348": ("12348 法律热线", ChannelKind.HOTLINE, True),
    "967788": ("967788 便民热线", ChannelKind.HOTLINE, True),
    "province": ("省平台", ChannelKind.PROVINCE, True),
    "petition": ("信访部门转来", ChannelKind.PETITION, True),
    "grid": ("网格员", ChannelKind.GRID, True),
    "import": ("历史数据导入", ChannelKind.IMPORT, True),
}


@transaction.atomic
def sync_channels() -> int:
    """Make the channels that are missing; returns how many. Names that were edited stay."""
    made = 0
    for code, (name, kind, is_machine) in CHANNELS.items():
        _, is_new = Channel.objects.get_or_create(
            code=code, defaults={"name": name, "kind": kind, "is_machine": is_machine}
        )
        made += is_new
    return made


@transaction.atomic
def issue_channel_key(*, channel_id: int, by: User | None, at: datetime) -> str:
    """A new key; the former one stops working at once. It is shown now and never again."""
    rights.require(by, rights.ISSUE_KEY, at)
    channel = Channel.objects.select_for_update(no_key=True).get(pk=channel_id)
    key = f"{channel.code}.{secrets.token_urlsafe(32)}"
    channel.key_hash, channel.key_issued_at = crypto.blind_index(key, "channel-key"), at
    channel.save(update_fields=["key_hash", "key_issued_at"])
    log_security(kind=SecurityLog.Kind.ROLE, subject=f"渠道 {channel.code}", reason="发放接口密钥", user=by, at=at)
    return key
