"""Matters that the petition office has too, grid events, and a grid worker who is sent to look. Once, through the services."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from channels_merge import selectors as appeals
from channels_merge import services as channels
from channels_merge.models import Appeal, AppealLink, Channel, GridCell, PetitionMatch
from channels_merge.services import grid, petition
from channels_merge.services.desk import Decision
from config.demo.roads import HOUR, SOURCE, Moment, Roads, photo
from hotline.models import Region, User
from hotline.services import store_file
from tickets import services as tickets
from tickets.models import Assignment

# code, name, region, corners in thousandths of a degree from SOUTH_WEST: an invented plan.
CELLS = (
    ("360702006001", "锦江花园网格", "章贡区章江街道", ((0, 4), (5, 3), (6, 8), (1, 9))),
    ("360702006002", "中海国际社区网格", "章贡区章江街道", ((5, 3), (11, 4), (12, 9), (6, 8))),
    ("360702006003", "章江南大道网格", "章贡区章江街道", ((0, 0), (12, 0), (11, 4), (5, 3), (0, 4))),
    ("360702001001", "解放街道一网格", "360702001", ((1, 9), (6, 8), (12, 9), (10, 14), (3, 13))),
)
SOUTH_WEST = (114.925, 25.815)

# hours ago, class, cell, place, text, people, accepted at once
EVENTS = (
    (30, "SZ-01", "360702006003", "章江南大道与长征大道路口", "路口东侧机动车道塌了一个坑，约脸盆大，昨晚有电动车摔倒。", "", True),
    (9, "AQ-02", "360702006001", "锦江花园 5 栋", "5 栋一单元楼道里有三辆电动车飞线充电，劝过两次，晚上又拉出来。", "", True),
    (3, "SR-01", "360702006002", "中海国际社区东门", "东门垃圾房旁堆了装修垃圾，堵住半边人行道。", "", False),
    (1, "MD-01", "360702006001", "锦江花园 7 栋", "楼上卫生间漏水，楼下天花板发霉，两家吵了几次，调解过一次没有谈拢。", "4", False),
)  # fmt: skip

STORY = "中海国际社区业主委员会去年任期就满了，一直没有换届，公共收益也没有公示。希望街道指导召开业主大会。"


@transaction.atomic
def show_neighbours(roads: Roads) -> None:
    """Nothing when it has been done."""
    if GridCell.objects.exists():
        return
    now = roads.now
    content = json.dumps({"features": [_feature(*cell) for cell in CELLS]}).encode()
    grid.import_cells(name="cells.geojson", content=content, by=None, at=now - timedelta(days=20))
    _report_events(now)
    _have_petitions(now)
    _send_workers(roads)


def _feature(code: str, name: str, region: str, corners: tuple[tuple[int, int], ...]) -> dict[str, Any]:
    ring = [[SOUTH_WEST[0] + east / 1000, SOUTH_WEST[1] + north / 1000] for east, north in (*corners, corners[0])]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"properties": {"code": code, "name": name, "region": region}, "geometry": geometry}


def _inside(code: str) -> tuple[str, str]:
    """Longitude and latitude of a place in a cell, towards its first corner."""
    corners = next((cell[3][0], *cell[3]) for cell in CELLS if cell[0] == code)
    east, north = (sum(corner[axis] for corner in corners) / len(corners) for axis in (0, 1))
    return f"{SOUTH_WEST[0] + east / 1000:.4f}", f"{SOUTH_WEST[1] + north / 1000:.4f}"


def _report_events(now: datetime) -> None:
    channel = Channel.objects.get(code="grid")
    for number, (hours, class_code, cell, place, text, people, accepted) in enumerate(EVENTS, start=1):
        at = now - hours * HOUR
        longitude, latitude = _inside(cell)
        event = grid.Event(
            number=f"{SOURCE}WG-{number}",
            class_code=class_code,
            text=text,
            cell=cell,
            place=place,
            people=people,
            found_at=at - HOUR / 4,
            longitude=longitude,
            latitude=latitude,
            reporter="刘网格",
            reporter_phone=f"1397970600{number}",
        )
        reported = grid.report_grid_event(event=event, channel=channel, by=None, at=at)
        if accepted:
            channels.accept_appeal(appeal_id=reported.registered.appeal.pk, by=None, at=at + HOUR / 6)


def _have_petitions(now: datetime) -> None:
    """Four callers whose matters have long been open went to the petition office as well."""
    reviewer = User.objects.get(username="reviewer1")
    links = AppealLink.objects.filter(
        until=None, ticket__is_open=True, ticket__secrecy="open", appeal__contact__isnull=False
    )
    oldest = links.select_related("appeal__contact", "appeal__region__parent").order_by("appeal__received_at", "pk")
    for number, link in enumerate(oldest[:4], start=1):
        appeal = link.appeal
        received = min(appeal.received_at + timedelta(days=2), now - HOUR)
        petition.take_in_petition(
            petition=petition.Petition(
                number=f"XF{received:%Y%m}{number:04}",
                title=appeal.title,
                text=f"{appeal.text}已经打过 12345，一直没有结果，请信访部门督促解决。",
                received_at=received,
                state=("handling", "answered", "accepted", "handling")[number - 1],
                name=appeal.contact.name,
                phone=appeal.contact.phone,
                region=appeal.region,
                unit_name=f"{_county(appeal)}信访局",
                changed_at=received + HOUR,
            ),
            by=None,
            at=now,
        )
    petition.match_waiting(at=now)
    _ask_again(oldest[3].appeal, now)
    found = list(PetitionMatch.objects.exclude(ground="text").order_by("both_since", "pk")[:3])
    for match in found:
        petition.confirm_match(match_id=match.pk, by=reviewer, at=now - HOUR)
    reasons = ("两边都反映，一个月没有办结，请主办单位和信访部门一起上门。", "两边的答复说法不一，先对清楚再办。")
    for match, reason in zip(found, reasons, strict=False):
        petition.start_joint_supervision(match_id=match.pk, reason=reason, by=reviewer, at=now - HOUR / 2)
    if len(found) > 1:
        petition.lift_joint_supervision(
            match_id=found[1].pk, reason="两边已经对过，由县里统一答复，不用再督。", by=reviewer, at=now - HOUR / 6
        )


def _ask_again(appeal: Appeal, now: datetime) -> None:
    """One of them writes to 12345 once more: intake is told that it is in a petition procedure."""
    again = channels.register_appeal(
        channel=Channel.objects.get(code="web"),
        matter=channels.Matter(
            text=f"{appeal.text}信访局也去过了，还是没有人管。", region=appeal.region, place=appeal.place
        ),
        person=channels.Person(name=appeal.contact.name, phone=appeal.contact.phone),
        source_number=f"{SOURCE}petition",
        by=None,
        at=now - HOUR / 2,
    )
    petition.match_appeal(appeal_id=again.appeal.pk, at=now)


def _county(appeal: Appeal) -> str:
    region = appeal.region
    if region is None:
        return "赣州市"
    return region.parent.name if region.level == Region.Level.TOWNSHIP else region.name


def _send_workers(roads: Roads) -> None:
    """A matter that the county passed to the township; one place was looked at, one waits."""
    part = _township_part(roads)
    worker = User.objects.get(username="grid1")
    township = User.objects.get(username="township1")
    at = part.signed_at + HOUR
    first = _send(part, worker, "看小区公告栏有没有公示公共收益，拍下来", "中海国际社区公告栏", township, at)
    grid.report_check(
        check_id=first.pk,
        found="partly",
        words="公告栏里只有去年三月的收支，今年的没有贴，物业说还在核对。",
        visited_at=at + HOUR,
        photos=[store_file(upload=photo(71, at + HOUR), by=worker, at=at + HOUR)],
        by=worker,
        at=at + 2 * HOUR,
    )
    _send(
        part,
        worker,
        "数一数小区有几栋、每栋有没有楼长，问业委会还有几个人在",
        "中海国际社区业委会办公室",
        township,
        at + 3 * HOUR,
    )


def _send(part: Assignment, worker: User, what: str, place: str, by: User, at: datetime):
    return grid.send_grid_check(assignment_id=part.pk, worker=worker, what=what, place=place, by=by, at=at)


def _township_part(roads: Roads) -> Assignment:
    region = roads.regions["章贡区", "章江街道"]
    moment = Moment(roads.now - timedelta(days=1, hours=6), roads.now)
    taken = channels.take_call(
        channel=roads.channels["phone"],
        matter=channels.Matter(text=STORY, kind="help", region=region, place="中海国际社区"),
        person=channels.Person(name="钟女士", phone="13979706100"),
        decision=Decision("accept"),
        draft_key=f"{SOURCE}grid",
        by=roads.agent,
        at=moment.at,
    )
    lead = roads.dispatch(appeals.ticket_of(taken.appeal), moment)
    roads.sign(lead, moment)
    unit = User.objects.get(username="township1").unit
    part = roads.pass_down(Assignment.objects.get(pk=lead.pk), unit, moment)
    tickets.sign_assignment(
        assignment_id=part.pk,
        handler=User.objects.get(username="township1"),
        by=User.objects.get(username="township1"),
        at=moment.after(1),
    )
    return Assignment.objects.get(pk=part.pk)
