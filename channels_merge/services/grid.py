"""The grid (赣市改字〔2025〕10号 17): its standard, its cells, what it reports, and the checks that townships ask of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from channels_merge import rights
from channels_merge.identity import normal_phone
from channels_merge.models import Channel, GridCell, GridCheck, GridEvent, GridEventClass
from channels_merge.selectors import grid as reads
from channels_merge.services.contacts import Person
from channels_merge.services.intake import Matter, Registered, register_appeal
from channels_merge.services.moves import AppealRefused
from channels_merge.services.petition import RegionNames
from channels_merge.services.sheets import Imported, RowRefused, is_here, moment_of, point_of, take_rows
from channels_merge.states import GridCheckState, GridFinding
from hotline import masking, parameters
from hotline.calendar import add_working
from hotline.models import StoredFile, User
from hotline.rights import has_right
from hotline.selectors import with_stand_ins
from hotline.services import notify
from hotline.services.sheets import LARGEST, SheetRow, SheetUnreadable, read_sheet
from hotline.typed import clean
from tickets import services as tickets
from tickets.models import Assignment, Ticket
from tickets.states import Kind, Urgency

STANDARD: Final = Path(__file__).resolve().parent.parent / "reference" / "grid_standard.csv"
SAMPLE: Final = "示例，待核"


# --- the standard


@transaction.atomic
def sync_grid_standard(*, path: Path | None = None) -> int:
    """Load the standard that ships where there is none yet; with `path`, put the operator's own in its place.

    Classes that events were reported under stay. Returns how many classes were written.
    """
    if path is None and GridEventClass.objects.exists():
        return 0
    source = path or STANDARD
    sheet = read_sheet(
        name=source.name,
        content=source.read_bytes(),
        columns=dict(zip(STANDARD_COLUMNS, STANDARD_COLUMNS, strict=True)),
        needed=STANDARD_COLUMNS,
    )
    rows = [_class_of(row, mark=SAMPLE if path is None else "") for row in sheet]
    if path is not None:
        codes = [row.code for row in rows]
        used = GridEvent.objects.values("event_class")
        GridEventClass.objects.exclude(code__in=codes).exclude(pk__in=used).delete()
    fields = [field.name for field in GridEventClass._meta.concrete_fields if field.name not in {"id", "code"}]
    GridEventClass.objects.bulk_create(rows, update_conflicts=True, unique_fields=["code"], update_fields=fields)
    return len(rows)


STANDARD_COLUMNS: Final = ("code", "group", "name", "covers", "needed", "reporters", "handlers", "kind", "urgency")


def _class_of(row: SheetRow, *, mark: str) -> GridEventClass:
    values = dict(row.values)
    needed = values.pop("needed").split()
    unknown = sorted(set(needed) - reads.FIELDS.keys())
    if unknown:
        raise SheetUnreadable(
            f"第 {row.line} 行的必填字段不认识：{'、'.join(unknown)}。可以用：{'、'.join(reads.FIELDS)}。"
        )
    if values["kind"] not in Kind.values or values["urgency"] not in Urgency.values:
        raise SheetUnreadable(f"第 {row.line} 行的诉求类型或紧急程度不认识。")
    if not values["code"] or not values["name"]:
        raise SheetUnreadable(f"第 {row.line} 行没有代码或名称。")
    return GridEventClass(**values, needed=needed, mark=mark)


# --- cells

CELL_COLUMNS: Final = {"code": "网格编码", "name": "网格名称", "region": "地区", "outline": "边界"}
CELL_NEEDED: Final = ("code", "name", "region")
MOST_CORNERS: Final = 2000


def import_cells(*, name: str, content: bytes, by: User | None, at: datetime) -> Imported:
    """Cells from a sheet, or from a GeoJSON FeatureCollection with `code`, `name`, `region` among the properties."""
    rights.require(by, rights.MANAGE_GRID, at)
    regions = RegionNames()

    def take(row: Mapping[str, str]) -> str:
        return _take_cell(row, regions, at=at)

    if name.lower().endswith((".json", ".geojson")):
        rows = _features(content)
    else:
        rows = read_sheet(name=name, content=content, columns=CELL_COLUMNS, needed=CELL_NEEDED)
    return take_rows(rows, take, number="code")


def _features(content: bytes) -> list[SheetRow]:
    if len(content) > LARGEST:
        raise SheetUnreadable("文件超过 20 兆字节，请分成几个。")
    try:
        features = json.loads(content)["features"]
        properties = [feature["properties"] for feature in features]
        outlines = [json.dumps(feature["geometry"]) for feature in features]
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise SheetUnreadable("这不是 GeoJSON 的 FeatureCollection。") from exc
    return [
        SheetRow(line, {name: clean(str(one.get(name) or "")) for name in CELL_NEEDED} | {"outline": outline})
        for line, (one, outline) in enumerate(zip(properties, outlines, strict=True), start=1)
    ]


def _take_cell(row: Mapping[str, str], regions: RegionNames, *, at: datetime) -> str:
    code, name = row["code"], row["name"]
    if not code or len(code) > 40:
        raise RowRefused("网格编码须填写，最多 40 个字。")
    if not name or len(name) > 80:
        raise RowRefused("网格名称须填写，最多 80 个字。")
    region = regions.find(row["region"])
    if region is None:
        raise RowRefused("地区须填写。")
    told = {"name": name, "region_id": region.pk, "outline": _outline(row["outline"])}
    there = GridCell.objects.select_for_update(no_key=True).filter(code=code).first()
    if there is None:
        GridCell.objects.create(code=code, loaded_at=at, **told)
        return "new"
    if all(getattr(there, field) == value for field, value in told.items()):
        return "same"
    for field, value in told.items():
        setattr(there, field, value)
    there.loaded_at = at
    there.save()
    return "changed"


def _outline(text: str) -> dict[str, Any] | None:
    """None for nothing. Raises RowRefused for what is no polygon of this part of the world."""
    if not text or text == "null":
        return None
    try:
        geometry = json.loads(text)
        kind, coordinates = geometry["type"], geometry["coordinates"]
        polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}[kind]
        rings = [ring for polygon in polygons for ring in polygon]
        corners = [(float(corner[0]), float(corner[1])) for ring in rings for corner in ring]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as exc:
        raise RowRefused("边界不是 GeoJSON 的 Polygon 或 MultiPolygon。") from exc
    if not rings or any(len(ring) < 4 or ring[0] != ring[-1] for ring in rings):
        raise RowRefused("边界的每一圈至少 4 个点，首尾相同。")
    if len(corners) > MOST_CORNERS:
        raise RowRefused(f"边界有 {len(corners)} 个点，最多 {MOST_CORNERS} 个，请先简化。")
    if not all(is_here(longitude, latitude) for longitude, latitude in corners):
        raise RowRefused("边界的坐标不在赣州一带。先经度，后纬度。")
    return {"type": kind, "coordinates": coordinates}


# --- events


@dataclass(frozen=True)
class Event:
    """A grid event as its platform sends it. Codes are those of the standard and of the cells."""

    number: str
    class_code: str
    text: str
    title: str = ""
    cell: str = ""
    place: str = ""
    subject: str = ""
    longitude: str = ""
    latitude: str = ""
    people: str = ""
    found_at: datetime | None = None
    reporter: str = ""
    reporter_phone: str = ""


@dataclass(frozen=True)
class Reported:
    event: GridEvent
    registered: Registered


@transaction.atomic
def report_grid_event(*, event: Event, channel: Channel, by: User | None, at: datetime) -> Reported:
    """Make an appeal of the grid channel of a grid event; once for each number of the platform.

    The grid worker is the person behind it, and is not asked afterwards whether they are content: the result goes back
    to the platform. Raises RowRefused with every field that its class needs and that is missing.
    """
    event_class = GridEventClass.objects.filter(code=clean(event.class_code)).first()
    if event_class is None:
        raise RowRefused(f"采集标准里没有类别“{clean(event.class_code)[:20]}”。")
    number = clean(event.number)
    if not number or len(number) > 80:
        raise RowRefused("事件编号须填写，最多 80 个字。")
    cell = _cell_of(clean(event.cell))
    point = point_of(event.longitude, event.latitude)
    people = _count(event.people)
    told = {
        "place": clean(event.place),
        "cell": cell,
        "found_at": event.found_at,
        "point": point,
        "subject": clean(event.subject),
        "people": people,
        "reporter": clean(event.reporter),
        "reporter_phone": normal_phone(event.reporter_phone),
    }
    missing = [reads.FIELDS[name] for name in event_class.needed if told[name] in ("", None)]
    if missing:
        raise RowRefused(f"“{event_class.name}”还须填写：{'、'.join(missing)}。")
    registered = register_appeal(
        channel=channel,
        matter=Matter(
            text=event.text,
            title=event.title,
            kind=event_class.kind,
            urgency=event_class.urgency,
            region=cell.region if cell else None,
            place=event.place,
            point=point,
            subject=event.subject,
            wants_follow_up=False,
        ),
        person=Person(name=event.reporter, phone=event.reporter_phone),
        source_number=number,
        source_at=event.found_at,
        by=by,
        at=at,
    )
    row, _ = GridEvent.objects.get_or_create(
        appeal=registered.appeal,
        defaults={
            "event_class": event_class,
            "cell": cell,
            "people": people,
            "found_at": event.found_at,
            "taken_in_at": at,
        },
    )
    return Reported(row, registered)


def _cell_of(code: str) -> GridCell | None:
    if not code:
        return None
    cell = GridCell.objects.select_related("region").filter(code=code).first()
    if cell is None:
        raise RowRefused(f"没有网格“{code[:40]}”，请先导入网格。")
    return cell


def _count(text: str) -> int | None:
    text = clean(str(text))
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise RowRefused("涉及人数须是整数。")
    return int(text)


EVENT_COLUMNS: Final = {
    "number": "事件编号",
    "class_code": "类别代码",
    "text": "内容",
    "title": "标题",
    "cell": "网格编码",
    "place": "详细地点",
    "found_at": "发现时间",
    "longitude": "经度",
    "latitude": "纬度",
    "subject": "涉事主体",
    "people": "涉及人数",
    "reporter": "上报人",
    "reporter_phone": "上报人电话",
}
EVENT_NEEDED: Final = ("number", "class_code", "text")


def import_events(*, name: str, content: bytes, by: User | None, at: datetime) -> Imported:
    """A sheet of events; each row by itself, each number once."""
    rights.require(by, rights.MANAGE_GRID, at)
    channel = Channel.objects.get(code="grid")

    def take(row: Mapping[str, str]) -> str:
        found_at = moment_of(row["found_at"], what="发现时间")
        event = Event(**{name: value for name, value in row.items() if name != "found_at"}, found_at=found_at)
        # Whoever may bring a sheet in need not be an agent: as with the interface, the channel speaks.
        reported = report_grid_event(event=event, channel=channel, by=None, at=at)
        return "new" if reported.registered.is_new else "same"

    rows = read_sheet(name=name, content=content, columns=EVENT_COLUMNS, needed=EVENT_NEEDED)
    return take_rows(rows, take, number="number")


# --- checks on the spot

SHORTEST_WORDS: Final = 4


@transaction.atomic
def send_grid_check(*, assignment_id: int, worker: User, what: str, place: str, by: User, at: datetime) -> GridCheck:
    """A township sends one of its grid workers to look. Nothing changes on the ticket until something is found."""
    part = Assignment.objects.select_related("ticket", "unit").get(pk=assignment_id)
    Ticket.objects.select_for_update(of=("self",), no_key=True).get(pk=part.ticket_id)
    if (can := reads.part_to_check(part.ticket, by, at)) is None or can.pk != part.pk:
        raise rights.NotPermitted("签收以后、提交结果以前，由本乡镇（街道）的承办人派网格员。")
    if worker not in reads.workers_of(part.unit):
        raise AppealRefused("请选择本乡镇（街道）的网格员。")
    what, place = (masking.redact(clean(words)) for words in (what, place))
    if not what or not place:
        raise AppealRefused("请写明去看什么、在哪里。")
    if GridCheck.objects.filter(assignment=part, worker=worker, state=GridCheckState.OPEN).exists():
        raise AppealRefused(f"{worker.name}已经有这一件的核查任务，还没有上报。")
    check = GridCheck.objects.create(
        assignment=part,
        worker=worker,
        what=what[:500],
        place=place[:200],
        asked_by=by,
        asked_at=at,
        due_at=add_working(at, parameters.limit("grid_check_limit", at=at)),
    )
    notify(
        users=with_stand_ins([worker], at=at),
        kind="grid_check",
        number=str(check.pk),
        at=at,
        dedupe=f"grid-check:{check.pk}",
    )
    return check


@transaction.atomic
def call_off_check(*, check_id: int, by: User, at: datetime) -> GridCheck:
    """Nobody need go any more. By the township that sent, while nothing was reported."""
    check = _locked(check_id)
    if by.unit_id != check.assignment.unit_id or by.unit_id is None:
        raise rights.NotPermitted("由派出的乡镇（街道）取消。")
    if check.state != GridCheckState.OPEN:
        raise AppealRefused(f"这项核查“{check.get_state_display()}”，不能取消。")
    check.state, check.ended_at = GridCheckState.CALLED_OFF, at
    check.save(update_fields=["state", "ended_at"])
    return check


@transaction.atomic
def report_check(
    *,
    check_id: int,
    found: str,
    words: str,
    visited_at: datetime,
    photos: Sequence[StoredFile] = (),
    by: User,
    at: datetime,
) -> GridCheck:
    """What the worker found becomes the on-site record of the township's part, with its photos.

    The same report sent again (a lost answer on a weak network) is written once.
    """
    rights.require(by, rights.GRID_CHECK, at)
    check = _locked(check_id)
    if check.worker_id != by.pk:
        raise rights.NotPermitted("这项核查派给了别人。")
    if check.state == GridCheckState.DONE:
        return check
    if check.state != GridCheckState.OPEN:
        raise AppealRefused("这项核查已取消，不用去了。")
    if found not in GridFinding.values:
        raise AppealRefused("请选择是否属实。")
    words = masking.redact(clean(words))
    if len(words) < SHORTEST_WORDS:
        raise AppealRefused(f"请写看到什么，至少 {SHORTEST_WORDS} 个字。")
    event = tickets.record_onsite(
        assignment_id=check.assignment_id,
        found=f"网格员现场核查，{GridFinding(found).label}：{words}",
        place=check.place,
        visited_at=visited_at,
        before=photos,
        by=by,
        at=at,
    )
    check.state, check.found, check.ended_at, check.event = GridCheckState.DONE, found, at, event
    check.save(update_fields=["state", "found", "ended_at", "event"])
    notify(
        users=with_stand_ins([check.asked_by], at=at),
        kind="grid_check_done",
        number=check.assignment.ticket.number,
        at=at,
        dedupe=f"grid-check-done:{check.pk}",
    )
    return check


@transaction.atomic
def pass_on_checks(*, worker: User, heir: User | None, at: datetime) -> int:
    """A grid worker leaves: a colleague goes instead. Refused with how many there are when nobody does."""
    waiting = list(reads.waiting_checks(worker).select_for_update(of=("self",), no_key=True).order_by("pk"))
    if not waiting:
        return 0
    if heir is None or not has_right(heir, rights.GRID_CHECK, at):
        raise AppealRefused(f"{worker.name}还有 {len(waiting)} 项现场核查没有上报，请指定接手的网格员后再停用。")
    sent = set(GridCheck.objects.filter(worker=heir, state=GridCheckState.OPEN).values_list("assignment", flat=True))
    for check in waiting:
        if check.assignment_id in sent:
            # The heir goes there already: one report does.
            check.state, check.ended_at = GridCheckState.CALLED_OFF, at
            check.save(update_fields=["state", "ended_at"])
            continue
        check.worker = heir
        check.save(update_fields=["worker"])
        people = with_stand_ins([heir], at=at)
        notify(users=people, kind="grid_check", number=str(check.pk), at=at, dedupe=f"grid-check:{check.pk}")
    return len(waiting)


def said_in_hand(worker: User) -> str:
    waiting = reads.waiting_checks(worker).count()
    return f"没有上报的现场核查 {waiting} 项。" if waiting else ""


def _locked(check_id: int) -> GridCheck:
    return (
        GridCheck.objects.select_for_update(of=("self",), no_key=True)
        .select_related("assignment__ticket", "asked_by")
        .get(pk=check_id)
    )
