"""Rows of this room. Whatever has a service is made through it; the factories only fill in the usual words."""

import itertools
from datetime import datetime
from zoneinfo import ZoneInfo

import factory

from channels_merge import services
from channels_merge.models import Channel

NOON = datetime(2026, 11, 10, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Tuesday
STORY = "锦江花园东侧工地近一周每晚11点以后仍在浇筑混凝土，泵车噪声大，持续到凌晨2点，希望停止夜间施工。"
PHONE = "13807972231"

_numbers = itertools.count(1)


class ChannelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Channel
        django_get_or_create = ("code",)

    code = "web"
    name = "网页"
    kind = "web"
    is_machine = True


class PhoneChannelFactory(ChannelFactory):
    code = "phone"
    name = "12345 电话"
    kind = "phone"
    is_machine = False


def make_appeal(*, at=NOON, channel=None, text=STORY, phone=PHONE, name="王丽", by=None, source_number="", **fields):
    """A received appeal of a person who left name and phone; `person` fields start with `person_`."""
    person = {key[7:]: fields.pop(key) for key in list(fields) if key.startswith("person_")}
    return services.register_appeal(
        channel=channel or ChannelFactory(),
        matter=services.Matter(text=text, **fields),
        person=services.Person(name=name, phone=phone, **person),
        source_number=source_number,
        by=by,
        at=at,
    ).appeal


def make_accepted(*, at=NOON, ticket_id=None, by=None, **fields):
    """An accepted appeal with its ticket, or hung on `ticket_id`."""
    appeal = make_appeal(at=at, **fields)
    services.accept_appeal(appeal_id=appeal.pk, ticket_id=ticket_id, by=by, at=at)
    appeal.refresh_from_db()
    return appeal


def ticket_of(appeal):
    return appeal.links.get(until=None).ticket
