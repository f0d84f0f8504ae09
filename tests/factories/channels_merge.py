"""Rows of this room. Whatever has a service is made through it; the factories only fill in the usual words."""

import itertools
from datetime import datetime
from zoneinfo import ZoneInfo

import factory

from channels_merge import services
from channels_merge.models import Channel
from tests.factories.hotline import FIRST_DAY, CentreFactory

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
    owner = factory.SubFactory(CentreFactory)
    ground = "赣州市12345热线管理中心自有渠道"
    way = "page"
    is_machine = True
    state = "active"
    approved_on = factory.LazyAttribute(lambda o: None if o.state in {"proposed", "filed", "refused"} else FIRST_DAY)
    review_due_on = factory.LazyAttribute(lambda o: o.approved_on and o.approved_on.replace(year=2027))
    ends_on = factory.LazyAttribute(lambda o: NOON.date() if o.state in {"ending", "cancelled"} else None)


class PhoneChannelFactory(ChannelFactory):
    code = "phone"
    name = "12345 电话"
    kind = "phone"
    way = "desk"
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
