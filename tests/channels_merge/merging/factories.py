"""Stories of our own: two people about one matter, one about another, and a template that names another institution."""

from datetime import timedelta

from django.db.models import Q

from channels_merge.models import MergeProposal
from channels_merge.services import merging
from tests.factories.channels_merge import NOON, PhoneChannelFactory, make_accepted, make_appeal

LATER = NOON + timedelta(hours=3)
NOISE = "锦江花园东侧工地近一周每晚11点以后仍在浇筑混凝土，泵车噪声大，持续到凌晨2点，希望停止夜间施工。"
NOISE_AGAIN = "我住锦江花园，东侧工地每天夜里11点以后还在浇筑混凝土，泵车噪声很大，一直到凌晨，孩子睡不着。"
LAMPS = "阳明路菜市场门口的三盏路灯坏了半个月，晚上走路看不清，老人摔过一次，请尽快修好。"
LAMPS_AGAIN = "阳明路菜市场门口路灯坏了，三盏都不亮，半个月没有人修，晚上老人走路摔倒。"
TEMPLATE = "蓝天幼儿园食堂卫生不达标，采购没有台账，从业人员没有健康证，请依法查处并公开处理结果。"
TEMPLATE_ELSEWHERE = "红星幼儿园食堂卫生不达标，采购没有台账，从业人员没有健康证，请依法查处并公开处理结果。"
FIRST_PHONE = "13807970001"
OTHER_PHONE = "13907970002"


def by_phone(text=NOISE, *, at=NOON, phone=FIRST_PHONE, **fields):
    """Taken at the desk and accepted: it has a ticket."""
    return make_accepted(at=at, channel=PhoneChannelFactory(), text=text, phone=phone, **fields)


def by_machine(text=NOISE_AGAIN, *, at=LATER, phone=OTHER_PHONE, **fields):
    """Came by the web page and waits for acceptance."""
    return make_appeal(at=at, text=text, phone=phone, **fields)


def look(appeal, at=LATER):
    """Hold it against the pool, if the task has not done so; the pairs that it is a side of."""
    merging.look_at(appeal_id=appeal.pk, at=at)
    return list(MergeProposal.objects.filter(Q(appeal=appeal) | Q(other=appeal)).order_by("pk"))


def a_pair(*, at=LATER):
    """(proposal, the appeal that has a ticket, the one that came by machine)."""
    first, second = by_phone(), by_machine(at=at)
    [proposal] = look(second, at)
    return proposal, first, second


def two_tickets(*, at=LATER):
    """(proposal, the one accepted first, the one accepted later), each with a ticket of its own."""
    first = by_phone()
    second = make_accepted(at=at, text=NOISE_AGAIN, phone=OTHER_PHONE)
    [proposal] = look(second, at)
    return proposal, first, second
