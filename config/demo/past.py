"""What another system dispatched before: remembered as every dispatch is, and learned from as in every night.

The tickets of that time are not here; their numbers begin with 旧. What the router learned of them lets some items go by
themselves, and people have read a part of what went.
"""

import csv
import random
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

from django.db import transaction

from config.demo.roads import HOUR, Roads
from hotline.dates import SHANGHAI, local_day
from hotline.models import Region, Unit, User
from responsibility import selectors as responsibility
from responsibility import services as duties
from responsibility.models import DutyItem, ItemSwitch, RoutingModel
from responsibility.selectors.suggesting import CITY_KINDS
from responsibility.states import Level, Outcome
from tickets.models import AutomaticDispatch
from tickets.selectors.automatic import sample_of, week_of
from tickets.services.automatic import judge_automatic

STORIES = Path(__file__).with_name("history.csv")
BEFORE = timedelta(days=50)
"""Longer ago than any matter of the demonstration came in."""
SPREAD = timedelta(days=150)
TOLD = (
    "{text}地点在{place}，请派人处理。",
    "我住在{place}。{text}希望尽快解决。",
    "{place}这边，{text}反映过一次，还没有结果。",
)
BY_THEMSELVES = {
    "CG-02-003": "半年里派出的没有退回过，先从路灯试起。",
    "CG-02-002": "井盖的归属清楚，县里都认。",
    "HB-02-001": "餐饮油烟由县级城管统管，没有争议。",
    "HB-02-002": "扬尘和渣土车派给县级城管，退回的很少。",
    "HB-03-002": "排水堵塞派给县级城管，退回的很少。",
}
SWITCHED_OFF = "CG-02-002"
WRONG = {"夜间烧烤油烟直排居民楼": "炉子摆在店外，应归占道经营。"}
"""Title → what the reader of the sample says of it; the others were right."""


CASES = (
    # text, item, county, township, note
    ("八一四大道的井盖一压就咣当响，夜里睡不着。", "CG-02-002", "章贡区", "南外街道", "井盖归城管，不归路灯所。"),
    ("小区对面的工地凌晨一点还在浇筑混凝土，泵车很吵。", "CG-04-013", "章贡区", "章江街道", "夜间施工先找城管。"),
    ("隔壁餐馆的油烟从烟道口直接排到我家窗户。", "HB-02-001", "南康区", "蓉江街道", ""),
    ("官司赢了一年，法院执行没有进展，要求 12345 催法院。", "FL-01-001", "章贡区", "", "告知法定途径，不派单位。"),
    (
        "村里的水圳塌了一段，三十亩田没有水插秧。",
        "NY-02-003",
        "信丰县",
        "大塘埠镇",
        "“水圳”是本地说法，清单里还没有这个词。",
    ),
)


class Told(NamedTuple):
    row: dict[str, str]
    turn: int
    region: Region

    @property
    def text(self) -> str:
        place = f"{self.region.parent.name}{self.region.name}"
        return f"{self.row['title']}\n{TOLD[self.turn].format(text=self.row['text'], place=place)}"


class Units:
    """Whose an item is at a place."""

    def __init__(self) -> None:
        self.centres = {unit.region_id: unit for unit in Unit.objects.filter(kind=Unit.Kind.COUNTY_CENTRE)}
        self.city = {unit.function: unit for unit in Unit.objects.filter(kind__in=CITY_KINDS)}

    def of(self, item: DutyItem, region: Region) -> Unit:
        return self.city[item.city_function] if item.level == Level.CITY else self.centres[region.parent_id]


def learned_at(now: datetime) -> datetime:
    return datetime.combine(local_day(now - BEFORE), time(3, 30), tzinfo=SHANGHAI)


@transaction.atomic
def remember(roads: Roads) -> None:
    """Nothing when it has been done."""
    if RoutingModel.objects.exists():
        return
    learned = learned_at(roads.now)
    with STORIES.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source, delimiter="|"))
    codes = {code for row in rows for code in (row["code"], row["first"])}
    items = {item.code: item for item in DutyItem.objects.filter(code__in=codes)}
    proposals = {row["title"]: _proposed(row, learned) for row in rows}
    told, units = _in_turn(rows, roads), Units()
    for number, each in enumerate(told):
        # By day: nobody dispatches at three in the morning.
        day = local_day(learned - timedelta(days=4) - SPREAD * (len(told) - number) / len(told))
        at = datetime.combine(day, time(9 + number % 6, number % 60), tzinfo=SHANGHAI)
        _remember(f"旧{day:%y%m%d}{number:03}", each, items, proposals[each.row["title"]], units, at)
    duties.learn_from_experience(at=learned)
    administrator = User.objects.get(username="admin1")
    for hours, (code, reason) in enumerate(BY_THEMSELVES.items(), start=6):
        duties.switch_item_on(code=code, reason=reason, by=administrator, at=learned + hours * HOUR)
    _keep_cases(roads, administrator, learned + 12 * HOUR)


def _keep_cases(roads: Roads, by: User, at: datetime) -> None:
    for text, code, county, township, note in CASES:
        values = {
            "text": text,
            "item_code": code,
            "region": roads.regions[county, township] if township else roads.regions["", county],
            "category": None,
            "kind": "",
            "hour": None,
            "unit": None,
            "note": note,
        }
        duties.save_case(values=values, by=by, at=at)
    duties.run_stale_cases(at=roads.now)


def _proposed(row: dict[str, str], at: datetime) -> DutyItem | None:
    """What the list says by its words; it is the same wherever it is."""
    found = responsibility.index_of(responsibility.current_list(at)).match(
        f"{row['title']}\n{row['text']}", kind="help", most=1
    )
    return DutyItem.objects.select_related("category").get(pk=found[0].item.key) if found else None


def _in_turn(rows: list[dict[str, str]], roads: Roads) -> list[Told]:
    """Every story from several places, in an order that is the same every time."""
    dice = random.Random(10)  # noqa: S311 -- an order, no secret
    places = [region for (county, _), region in sorted(roads.regions.items()) if county]
    told = [Told(row, turn, dice.choice(places)) for turn in range(len(TOLD)) for row in rows]
    dice.shuffle(told)
    return told


def _remember(
    number: str, told: Told, items: dict[str, DutyItem], proposed: DutyItem | None, units: Units, at: datetime
) -> None:
    row, region = told.row, told.region

    def record(code: str, outcome: Outcome, at: datetime) -> None:
        duties.record_outcome(
            ticket_number=number,
            text=told.text,
            category=proposed.category if proposed else None,
            region=region,
            kind="help",
            proposed_item=proposed,
            proposed_unit=units.of(proposed, region) if proposed else None,
            final_item=items[code],
            final_unit=units.of(items[code], region),
            outcome=outcome,
            at=at,
        )

    if row["first"] and told.turn == 0:
        record(row["first"], Outcome.DISPATCHED, at)
        record(row["first"], Outcome.RETURNED, at + 2 * HOUR)
    record(row["code"], Outcome.DISPATCHED, at + 3 * HOUR)


@transaction.atomic
def read_samples(roads: Roads) -> None:
    """The weeks before the last were read, and one switch was put off."""
    reader, now = User.objects.get(username="dispatcher2"), roads.now
    rows = AutomaticDispatch.objects.filter(right=None).select_related("ticket").order_by("pk")
    this_week = week_of(now)
    for row in rows:
        week = week_of(row.at)
        if week > this_week - timedelta(days=14) or row.pk not in sample_of(week, at=now):
            continue
        words = WRONG.get(row.ticket.title, "")
        judge_automatic(dispatch_id=row.pk, right=not words, words=words, by=reader, at=now - 2 * HOUR)
    switch = ItemSwitch.objects.filter(code=SWITCHED_OFF, off_at=None).first()
    if switch is not None:
        administrator = User.objects.get(username="admin1")
        reason = "弱电井盖归各家运营商，清单改好以前由人派。"
        duties.switch_item_off(switch_id=switch.pk, reason=reason, by=administrator, at=now - 5 * HOUR)
