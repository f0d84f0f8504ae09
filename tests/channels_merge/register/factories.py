"""Channels on their road, made through the services."""

from datetime import date

from channels_merge import services
from channels_merge.models import Channel
from tests.factories.channels_merge import NOON

REASON = "道路客运投诉须当场核对车辆定位，12345 转办来不及。"
EVIDENCE = "2019 年局务会纪要第 7 号，当年 4 月 1 日在局网站公布。"
GROUND = "《道路运输条例》第六十七条：应当公布举报电话"


def propose(desk, **fields):
    words = {
        "owner": desk.department,
        "name": "客运投诉电话",
        "kind": "phone",
        "way": "typed",
        "ground": GROUND,
        "address": "0797-8000001",
        "announced": "客运站候车厅、局网站",
        "maintainer": "客运科 0797-8000002",
        "by": desk.liaison,
        "at": NOON,
    }
    return services.propose_channel(**(words | fields))


def approved(desk, **fields):
    channel = propose(desk, **fields)
    services.file_channel(channel_id=channel.pk, reason=REASON, by=desk.liaison, at=NOON)
    services.approve_filing(channel_id=channel.pk, by=desk.manager, at=NOON)
    return fresh(channel)


def active(desk, **fields):
    channel = approved(desk, **fields)
    services.open_channel(channel_id=channel.pk, by=desk.head, at=NOON)
    return fresh(channel)


def claimed(desk, *, ends_on=date(2026, 12, 31), **fields):
    existed = services.Existed(since=date(2019, 4, 1), evidence=EVIDENCE, until=ends_on)
    return propose(desk, **({"existed": existed} | fields))


def ending(desk, *, ends_on=date(2026, 12, 31), **fields):
    """One that was there before the order, as the manager has confirmed."""
    channel = claimed(desk, ends_on=ends_on, **fields)
    services.approve_filing(channel_id=channel.pk, by=desk.manager, at=NOON)
    return fresh(channel)


def cancelled(desk, **fields):
    channel = ending(desk, **fields)
    services.cancel_channel(channel_id=channel.pk, reason="已改用 12345。", by=desk.manager, at=NOON)
    return fresh(channel)


def fresh(channel):
    return Channel.objects.select_related("owner").get(pk=channel.pk)
