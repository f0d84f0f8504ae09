"""What a dispatcher finds under 并单: pairs from the pool, a matter of many with its curve, a caller who comes again."""

from datetime import timedelta

from django.db import transaction

from channels_merge import services as channels
from channels_merge.models import Appeal, Channel, MergeRecord
from channels_merge.services import merging, repeats
from config.demo.roads import HOUR, SOURCE, Roads
from hotline.models import Region

MATTER = "新赣州大道香江花园二期停水第三天，物业说是市政主管抢修，没有送水车，家里有老人小孩，请尽快恢复供水。"
NEIGHBOURS = (
    "香江花园二期 {n} 栋停水第三天了，打物业电话说等抢修，请安排送水车并告诉我们什么时候来水。",
    "我家住香江花园二期 {n} 栋，停水三天，老人没法做饭，希望尽快恢复供水。",
)
AGAIN = "香江花园二期停水第三天还没有来水，昨天打过电话，请问抢修到哪一步了，送水车什么时候到。"


@transaction.atomic
def bring_together(roads: Roads) -> None:
    """Nothing when it has been done."""
    source = f"{SOURCE}BD-"
    if Appeal.objects.filter(source_number=f"{source}0").exists():
        return
    web, region = Channel.objects.get(code="web"), Region.objects.get(name="章江街道")
    now = roads.now

    def tell(number: int, text: str, hours: float, phone: str):
        matter = channels.Matter(text=text, kind="help", region=region, place="香江花园二期")
        person = channels.Person(name="刘芳", phone=phone)
        at = now - hours * HOUR
        return channels.register_appeal(
            channel=web, matter=matter, person=person, source_number=f"{source}{number}", by=None, at=at
        ).appeal

    first = tell(0, MATTER, 60, "13979760000")
    channels.accept_appeal(appeal_id=first.pk, by=roads.dispatcher, at=now - 59 * HOUR)
    ticket_id = first.links.get(until=None).ticket_id
    for number in range(1, 24):
        hours = 58 - number * 2.4
        appeal = tell(number, NEIGHBOURS[number % 2].format(n=number), hours, f"139797600{number:02}")
        channels.accept_appeal(
            appeal_id=appeal.pk, ticket_id=ticket_id, reason="同一处停水", by=roads.dispatcher, at=now - hours * HOUR
        )
    for number, hours in ((24, 1.0), (25, 0.5)):
        tell(number, AGAIN, hours, "13979760000")
    _ask_often(first, roads)
    merging.look_at_missed(at=now)
    wrong = MergeRecord.objects.filter(into=ticket_id, undone_at=None).order_by("pk")[0]
    channels.unlink_appeal(
        appeal_id=wrong.appeal_id,
        reason="是一户室内水管坏了，不是停水。",
        never_same=True,
        by=roads.dispatcher,
        at=now - HOUR / 4,
    )


def _ask_often(appeal: Appeal, roads: Roads) -> None:
    phone = Channel.objects.get(code="phone")
    for number in range(11):
        at = roads.now - timedelta(minutes=10 * (number + 1))
        channels.record_progress_asked(appeal_id=appeal.pk, channel=phone, by=roads.agent, at=at)
    repeats.find_frequent_callers(at=roads.now)
