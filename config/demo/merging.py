"""What is found under 并单: pairs from the pool and what people said of them, a matter of many, who comes again. Once."""

from datetime import timedelta

from django.db import transaction

from channels_merge import services as channels
from channels_merge.models import Appeal, Contact, MergeProposal, MergeRecord, ProposalState
from channels_merge.selectors.merging import plan_of, with_sides
from channels_merge.services import merging, repeats
from config.demo.roads import HOUR, SOURCE, Roads
from hotline.models import Region
from tickets.models import Ticket

MATTER = "新赣州大道香江花园二期停水第三天，物业说是市政主管抢修，没有送水车，家里有老人小孩，请尽快恢复供水。"
NEIGHBOURS = (
    "香江花园二期 {n} 栋停水第三天了，打物业电话说等抢修，请安排送水车并告诉我们什么时候来水。",
    "我家住香江花园二期 {n} 栋，停水三天，老人没法做饭，希望尽快恢复供水。",
    "香江花园二期一直没有来水，家里有小孩，请问抢修要几天。",
    "新赣州大道这边停水，{n} 栋的住户都到楼下接水，送水车一天只来一次。",
    "二期停水三天了，到底什么时候恢复供水。",
)
OTHERS = (
    "香江花园二期 3 栋电梯停了三天，老人上不了楼，物业说在等配件，请尽快修。",
    "香江花园一期今天停水，物业贴了通知说洗水箱，可是晚上还没有来水。",
    "新赣州大道路边水管在漏水，流了一路，请来抢修。",
    "香江花园二期物业停水停电催物业费，我没有欠费也停了。",
)
AGAIN = "香江花园二期停水第三天还没有来水，昨天打过电话，请问抢修到哪一步了，送水车什么时候到。"
CLOSED_BEFORE = {
    "健康路公厕停水两天": "健康路公厕又没有水了，和上个月一样，味道很大，周边商户和行人没法用。",
    "菜场垃圾清运不及时": "营角上菜场后面的垃圾屋又堆满了，还是两三天才清一次，苍蝇多味道大。",
}


@transaction.atomic
def bring_together(roads: Roads) -> None:
    """Nothing when it has been done."""
    if Appeal.objects.filter(source_number=f"{SOURCE}BD-0").exists():
        return
    first = _tell(roads, 0, MATTER, 60, "13979760000")
    channels.accept_appeal(appeal_id=first.pk, by=roads.dispatcher, at=roads.now - 59 * HOUR)
    ticket = first.links.get(until=None).ticket
    for number in range(1, 24):
        text = NEIGHBOURS[number % len(NEIGHBOURS)].format(n=number)
        _told_before(roads, number, text, 58 - number * 2.4, ticket)
    for number, text in enumerate(OTHERS, start=30):
        _another(roads, number, text, 50 - number)
    for number, hours in ((24, 1.0), (25, 0.5)):
        _tell(roads, number, AGAIN, hours, "13979760000")
    _come_back(roads)
    _ask_often(first, roads)
    merging.look_at_missed(at=roads.now)
    _take_one_out(roads, ticket)
    merging.propose_threshold(at=roads.now)


def _tell(roads: Roads, number: int, text: str, hours: float, phone: str, place: str = "香江花园二期") -> Appeal:
    matter = channels.Matter(text=text, kind="help", region=Region.objects.get(name="章江街道"), place=place)
    return channels.register_appeal(
        channel=roads.channels["web"],
        matter=matter,
        person=channels.Person(name="刘芳", phone=phone),
        source_number=f"{SOURCE}BD-{number}",
        by=None,
        at=roads.now - hours * HOUR,
    ).appeal


def _told_before(roads: Roads, number: int, text: str, hours: float, ticket: Ticket) -> None:
    """What is proposed is confirmed; what is not, whoever reads it attaches."""
    appeal = _tell(roads, number, text, hours, f"139797600{number:02}")
    at = roads.now - hours * HOUR
    merging.look_at(appeal_id=appeal.pk, at=at)
    pair = MergeProposal.objects.filter(appeal=appeal, state=ProposalState.OPEN).order_by("-probability").first()
    if pair is not None:
        merging.confirm_proposal(proposal_id=pair.pk, how="accept", by=roads.dispatcher, at=at + HOUR / 12)
    else:
        channels.accept_appeal(
            appeal_id=appeal.pk, ticket_id=ticket.pk, reason="同一处停水", by=roads.dispatcher, at=at + HOUR / 12
        )


def _another(roads: Roads, number: int, text: str, hours: float) -> None:
    """Like it, and another matter: every pair is refused."""
    appeal = _tell(roads, number, text, hours, f"139797601{number}")
    at = roads.now - hours * HOUR
    merging.look_at(appeal_id=appeal.pk, at=at)
    for pair in MergeProposal.objects.filter(appeal=appeal, state=ProposalState.OPEN).order_by("pk"):
        merging.refuse_proposal(proposal_id=pair.pk, by=roads.dispatcher, at=at + HOUR / 12)


def _come_back(roads: Roads) -> None:
    """Two callers whose matter was closed: of one it was said that it is the same, so that it may be opened again."""
    for number, (title, text) in enumerate(CLOSED_BEFORE.items(), start=40):
        before = Appeal.objects.select_related("contact", "region").get(title=title)
        again = channels.register_appeal(
            channel=roads.channels["web"],
            matter=channels.Matter(text=text, kind=before.kind, region=before.region, place=before.place),
            person=_same(before.contact),
            source_number=f"{SOURCE}BD-{number}",
            by=None,
            at=roads.now - 3 * HOUR,
        ).appeal
        merging.look_at(appeal_id=again.pk, at=roads.now - 2 * HOUR)
    pair = with_sides(MergeProposal.objects.filter(kind="repeat", state=ProposalState.OPEN).order_by("pk"))[0]
    merging.confirm_proposal(proposal_id=pair.pk, how=plan_of(pair).how, by=roads.dispatcher, at=roads.now - HOUR)


def _same(contact: Contact) -> channels.Person:
    return channels.Person(name=contact.name, phone=contact.phone)


def _take_one_out(roads: Roads, ticket: Ticket) -> None:
    wrong = MergeRecord.objects.filter(into=ticket, undone_at=None).order_by("pk")[0]
    channels.unlink_appeal(
        appeal_id=wrong.appeal_id,
        reason="是一户室内水管坏了，不是停水。",
        never_same=True,
        by=roads.dispatcher,
        at=roads.now - HOUR / 4,
    )


def _ask_often(appeal: Appeal, roads: Roads) -> None:
    for number in range(11):
        at = roads.now - timedelta(minutes=10 * (number + 1))
        channels.record_progress_asked(appeal_id=appeal.pk, channel=roads.channels["phone"], by=roads.agent, at=at)
    repeats.find_frequent_callers(at=roads.now)
