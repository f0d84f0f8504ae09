"""便民码: made singly or from a sheet, corrected, replaced, stopped; how often they are opened; what comes through them."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar

from django.db import IntegrityError, connection, transaction

from channels_merge import rights, selectors
from channels_merge.models import Channel, CodeCorrection, PlaceCode
from channels_merge.services.contacts import Person
from channels_merge.services.intake import Matter, Registered, register_appeal
from channels_merge.services.public import count_try
from channels_merge.services.sheets import Imported, RowRefused, point_of, take_rows
from channels_merge.states import CodeState, PlaceKind
from hotline import parameters
from hotline.dates import local_day
from hotline.errors import DomainError
from hotline.models import Region, StoredFile, Unit, User
from hotline.numbers import next_number
from hotline.services.sheets import read_sheet
from hotline.typed import clean, needed

# Lower-case base 32 without the letters that are read as figures: 50 bits, drawn at random.
ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH: Final = 10
MOST_AT_ONCE: Final = 2000
COLUMNS: Final = {
    "kind": "种类",
    "name": "名称",
    "region": "地区",
    "place": "详细地点",
    "unit": "管理单位",
    "longitude": "经度",
    "latitude": "纬度",
}
NEEDED: Final = ("kind", "name", "region")


Named = TypeVar("Named", Region, Unit)


class CodeRefused(DomainError):
    pass


def new_token() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


@transaction.atomic
def make_code(
    *,
    kind: str,
    name: str,
    region: Region,
    place: str = "",
    unit: Unit | None = None,
    longitude: str = "",
    latitude: str = "",
    batch: str = "",
    by: User | None,
    at: datetime,
) -> PlaceCode:
    """A code that is in use from now on. Raises CodeRefused when the place has one."""
    rights.require(by, rights.MANAGE_CODES, at)
    if kind not in PlaceKind.values:
        raise CodeRefused(f"种类“{kind}”不在可选范围内：{'、'.join(PlaceKind.labels)}。")
    name, place = _name(name), _place(place)
    point = point_of(longitude, latitude) or (None, None)
    with _once_per_place(name):
        return PlaceCode.objects.create(
            token=new_token(),
            kind=kind,
            name=name,
            region=region,
            place=place,
            longitude=point[0],
            latitude=point[1],
            unit=unit,
            batch=batch,
            made_by=by,
            made_at=at,
        )


def _name(text: str) -> str:
    return needed(text, "名称", 60, CodeRefused)


def _place(text: str) -> str:
    text = clean(text)
    if len(text) > 120:
        raise CodeRefused("详细地点最多写 120 个字。")
    return text


@contextmanager
def _once_per_place(name: str) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as exc:
        if "placecode_once_per_place" not in str(exc):
            raise
        raise CodeRefused(f"“{name}”已有在用的便民码。") from exc


def import_codes(*, name: str, content: bytes, by: User | None, at: datetime) -> tuple[str, Imported]:
    """A code for each row of a sheet; the batch they belong to, and what became of each row.

    A place that has a code keeps it: the same sheet may be handed in again.
    """
    rights.require(by, rights.MANAGE_CODES, at)
    rows = read_sheet(name=name, content=content, columns=COLUMNS, needed=NEEDED)
    if len(rows) > MOST_AT_ONCE:
        raise CodeRefused(f"一次最多 {MOST_AT_ONCE} 个，这张表有 {len(rows)} 行，请分成几张。")
    with transaction.atomic():
        batch = next_number("BM", local_day(at))
    kinds = {label: value for value, label in PlaceKind.choices}
    regions, units = _names_of_regions(), _names_of_units()

    def take(values: Mapping[str, str]) -> str:
        kind = kinds.get(values["kind"])
        if kind is None:
            raise RowRefused(f"种类“{values['kind'][:20]}”应为：{'、'.join(kinds)}。")
        region = _one(regions, values["region"], "地区", "写成 章贡区/章江街道 或区划代码")
        unit = _one(units, values["unit"], "管理单位", "写全称或简称") if values["unit"] else None
        there = PlaceCode.objects.filter(
            kind=kind, region=region, name=values["name"], place=values["place"], state=CodeState.ACTIVE
        )
        if there.exists():
            return "same"
        make_code(
            kind=kind,
            name=values["name"],
            region=region,
            place=values["place"],
            unit=unit,
            longitude=values["longitude"],
            latitude=values["latitude"],
            batch=batch,
            by=by,
            at=at,
        )
        return "new"

    return batch, take_rows(rows, take, number="name")


def _names_of_regions() -> dict[str, list[Region]]:
    """Code, own name and path → regions of that name."""
    names: dict[str, list[Region]] = {}
    for region in Region.objects.select_related("parent").order_by("code"):
        path = f"{region.parent.name}/{region.name}" if region.parent else region.name
        for name in {region.code, region.name, path}:
            names.setdefault(name, []).append(region)
    return names


def _names_of_units() -> dict[str, list[Unit]]:
    names: dict[str, list[Unit]] = {}
    for unit in Unit.objects.filter(valid_until=None).order_by("code"):
        for name in {unit.code, unit.name, unit.short_name}:
            names.setdefault(name, []).append(unit)
    return names


def _one(names: Mapping[str, Sequence[Named]], name: str, what: str, how: str) -> Named:
    found = names.get(name, ())
    if not found:
        raise RowRefused(f"没有叫“{name[:30]}”的{what}，请{how}。")
    if len(found) > 1:
        raise RowRefused(f"叫“{name[:30]}”的{what}不止一个，请{how}。")
    return found[0]


def _locked(code_id: int, *, by: User | None, at: datetime) -> PlaceCode:
    rights.require(by, rights.MANAGE_CODES, at)
    code = PlaceCode.objects.select_for_update(of=("self",), no_key=True).get(pk=code_id)
    if code.state != CodeState.ACTIVE:
        raise CodeRefused(f"这张码{code.get_state_display()}。")
    return code


def _reason(text: str) -> str:
    return needed(text, "原因", 200, CodeRefused)


@transaction.atomic
def correct_code(
    *,
    code_id: int,
    name: str,
    region: Region,
    place: str,
    unit: Unit | None,
    longitude: str = "",
    latitude: str = "",
    by: User | None,
    at: datetime,
) -> CodeCorrection:
    """Put right what a code fills in, without another code. What came through it before keeps its words.

    Raises CodeRefused when nothing differs, or the place has another code.
    """
    code = _locked(code_id, by=by, at=at)
    point = point_of(longitude, latitude) or (None, None)
    changes: dict[str, Region | Unit | Decimal | str | None] = {
        "name": _name(name),
        "region": region,
        "place": _place(place),
        "unit": unit,
        "longitude": point[0],
        "latitude": point[1],
    }
    changed = {field: value for field, value in changes.items() if getattr(code, field) != value}
    if not changed:
        raise CodeRefused("没有改动。")
    said = [f"{COLUMNS[field]}：{_words(getattr(code, field))} → {_words(value)}" for field, value in changed.items()]
    for field, value in changed.items():
        setattr(code, field, value)
    with _once_per_place(code.name):
        code.save(update_fields=list(changed))
    return CodeCorrection.objects.create(code=code, words="；".join(said), by=by, at=at)


@transaction.atomic
def pass_on_codes(*, unit: Unit, successor: Unit | None, by: User | None, at: datetime) -> int:
    """The codes in use of a unit that is no more name its successor, or nobody: the dispatcher decides. Returns how many."""
    codes = PlaceCode.objects.select_for_update(of=("self",), no_key=True).filter(unit=unit, state=CodeState.ACTIVE)
    found = list(codes.order_by("pk"))
    words = f"{COLUMNS['unit']}：{_words(unit)} → {_words(successor)}（原单位撤销）"
    CodeCorrection.objects.bulk_create(CodeCorrection(code=code, words=words, by=by, at=at) for code in found)
    return PlaceCode.objects.filter(pk__in=[code.pk for code in found]).update(unit=successor)


def _words(value: Region | Unit | Decimal | str | None) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Region) and value.level == Region.Level.TOWNSHIP:
        return f"{value.parent}{value}"
    return str(value or "") or "（空）"


@transaction.atomic
def revoke_code(*, code_id: int, reason: str, by: User | None, at: datetime) -> PlaceCode:
    """Whoever scans it from now on reads that it is out of use, and why."""
    code = _locked(code_id, by=by, at=at)
    code.revoke(ended_because=_reason(reason), ended_by=by, ended_at=at)
    code.save(update_fields=["state", "ended_because", "ended_by", "ended_at"])
    return code


@transaction.atomic
def move_code(*, code_id: int, token: str, reason: str, by: User | None, at: datetime) -> PlaceCode:
    """Another code hangs there now; whoever scans the old one is led to it."""
    rights.require(by, rights.MANAGE_CODES, at)
    other = selectors.code_of(token)
    if other is not None:
        # Both, in one order: two codes that are moved to each other at once would lead round for ever.
        pair = PlaceCode.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=[code_id, other.pk])
        other = {one.pk: one for one in pair.order_by("pk")}[other.pk]
    code = _locked(code_id, by=by, at=at)
    if other is None or other.state != CodeState.ACTIVE:
        raise CodeRefused(f"没有在用的便民码“{clean(token)[:20]}”，请先建好新码。")
    if other.pk == code.pk:
        raise CodeRefused("新码不能是这张码自己。")
    code.move(moved_to=other, ended_because=_reason(reason), ended_by=by, ended_at=at)
    code.save(update_fields=["state", "moved_to", "ended_because", "ended_by", "ended_at"])
    return code


_COUNT: Final = """
INSERT INTO channels_merge_codescan (code_id, day, count) VALUES (%s, %s, 1)
ON CONFLICT (code_id, day) DO UPDATE SET count = channels_merge_codescan.count + 1
"""


def count_scan(code: PlaceCode, *, at: datetime) -> None:
    """One more on this day. Who it was is not known and not kept."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [code.pk, local_day(at)])


def count_code_submission(code: PlaceCode, *, phone: str, address: str, at: datetime) -> None:
    """Limits by code and phone, and by code and address: a village behind one address has its code, and room in it."""
    few = parameters.integer("public_submit_tries", at=at)
    many = parameters.integer("code_submit_tries", at=at)
    by_phone, by_address = f"{code.token}:{phone}", f"{code.token}:{address}"
    count_try("code-phone", by_phone, few, at, f"这个手机号一小时内在这里已提交 {few} 次，请稍后再试，或拨 12345。")
    count_try("code-address", by_address, many, at, "这里一小时内提交太多，请稍后再试，或拨 12345。")


@transaction.atomic
def register_by_code(
    *,
    code: PlaceCode,
    text: str,
    name: str,
    phone: str,
    hide: bool,
    files: Sequence[StoredFile],
    source_number: str,
    at: datetime,
) -> Registered:
    """An appeal through a code: place, region and what it is about come from the code, and stay with the appeal.

    A code that ended while somebody was writing takes the appeal in all the same.
    """
    return register_appeal(
        channel=Channel.objects.get(code="qr"),
        matter=Matter(
            text=text,
            region=code.region,
            place=selectors.place_words(code),
            point=(code.longitude, code.latitude) if code.longitude is not None else None,
            subject=code.name,
        ),
        person=Person(name=name, phone=phone, hide_from_unit=hide),
        source_number=source_number,
        files=files,
        place_code=code,
        by=None,
        at=at,
    )
