"""Loading what ships with the product: regions, units, calendar, hours, parameters. Each may run any number of times.

Rows that are there stay as people have edited them; only what is missing is added.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Final

from django.db import transaction

from hotline.calendar import forget_calendar
from hotline.dates import SHANGHAI
from hotline.models import CalendarDay, CalendarYear, Parameter, Region, Unit, WorkInterval
from hotline.parameters import forget_parameters

REFERENCE: Final = Path(__file__).resolve().parent.parent / "reference"
INTERVALS: Final = ((time(8, 30), time(12, 0)), (time(14, 30), time(17, 30)))
# The duty list and the tree hold from here on; everything before it is not the product's business.
FIRST_DAY: Final = date(2026, 1, 1)
NOTICE: Final = "国务院办公厅关于{year}年部分节假日安排的通知"


@dataclass(frozen=True, slots=True)
class Loaded:
    regions: int
    units: int
    calendar_years: int
    parameters: int


def rows_of(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


@transaction.atomic
def load_reference(*, at: datetime) -> Loaded:
    """Load everything. Returns how many rows are new."""
    return Loaded(
        regions=load_regions(),
        units=load_units(),
        calendar_years=load_calendar_years(at=at),
        parameters=load_parameters(),
    )


def load_regions() -> int:
    rows = rows_of("regions.csv")
    before = Region.objects.count()
    known: dict[str, int] = {}
    for level in ("city", "county", "zone", "township"):
        Region.objects.bulk_create(
            [
                Region(
                    code=row["code"],
                    name=row["name"],
                    level=row["level"],
                    parent_id=known.get(row["parent"]),
                    pinyin_key=row["pinyin_key"],
                )
                for row in rows
                if row["level"] == level
            ],
            ignore_conflicts=True,
        )
        known |= dict(Region.objects.filter(level=level).values_list("code", "pk"))
    return Region.objects.count() - before


def load_units() -> int:
    """City units from units.csv; those of counties from county_units.csv, once for each county and zone; townships from the regions."""
    before = Unit.objects.count()
    regions = {region.code: region for region in Region.objects.select_related("parent")}
    known: dict[str, int] = {}
    for rank in (
        _city_centre(),
        _city_units(),
        _county_centres(regions),
        [*_county_units(regions), *_townships(regions)],
    ):
        rows = []
        for unit, parent in rank:
            unit.parent_id = known[parent] if parent else None
            rows.append(unit)
        Unit.objects.bulk_create(rows, ignore_conflicts=True)
        known |= dict(Unit.objects.filter(code__in=[unit.code for unit in rows]).values_list("code", "pk"))
    return Unit.objects.count() - before


Ranked = Iterable[tuple[Unit, str]]


def _city_centre() -> Ranked:
    return [(_unit(row, kind=row["kind"]), "") for row in rows_of("units.csv") if row["kind"] == "centre"]


def _city_units() -> Ranked:
    return [(_unit(row, kind=row["kind"]), "CENTRE") for row in rows_of("units.csv") if row["kind"] != "centre"]


def _unit(row: dict[str, str], **fields: object) -> Unit:
    return Unit(
        code=row["code"],
        name=row["name"],
        short_name=row["short_name"],
        function=row["function"],
        valid_from=FIRST_DAY,
        duty_phone=row.get("duty_phone", ""),
        duty_hours=row.get("duty_hours", ""),
        **fields,
    )


def _governing(regions: dict[str, Region]) -> list[Region]:
    return sorted((r for r in regions.values() if r.level in {"county", "zone"}), key=lambda region: region.code)


def centre_code(region_code: str) -> str:
    """360702 → C360702, 360700-JK → C360700-JK: the code of a county's hotline centre."""
    return f"C{region_code}"


def short_region(region: Region) -> str:
    """章贡区 → 章贡, 信丰县 → 信丰, 赣州经济技术开发区 → 经开区."""
    if region.level == "zone":
        return region.short_name
    return region.name[:-1] if len(region.name) > 2 else region.name


def _county_centres(regions: dict[str, Region]) -> Ranked:
    return [
        (
            Unit(
                code=centre_code(region.code),
                name=f"{region.name}12345政务服务便民热线中心",
                short_name=f"{short_region(region)}热线中心",
                kind=Unit.Kind.COUNTY_CENTRE,
                function="",
                region=region,
                valid_from=FIRST_DAY,
                duty_phone="0797-12345",
                duty_hours="24小时",
            ),
            "CENTRE",
        )
        for region in _governing(regions)
    ]


def _county_units(regions: dict[str, Region]) -> Ranked:
    template = rows_of("county_units.csv")
    return [
        (
            Unit(
                code=f"{region.code}-{row['function']}",
                name=row["zone_name" if region.level == "zone" else "name"].format(**_words(region)),
                short_name=f"{short_region(region)}{row['short_name']}",
                kind=Unit.Kind.COUNTY_DEPARTMENT,
                function=row["function"],
                region=region,
                valid_from=FIRST_DAY,
            ),
            centre_code(region.code),
        )
        for region in _governing(regions)
        for row in template
        if region.level == "county" or row["zone_name"]
    ]


def _words(region: Region) -> dict[str, str]:
    """What the names in county_units.csv are made of. A district's police is a branch of the city's."""
    short = short_region(region)
    district = region.name.endswith("区")
    return {
        "region": region.name,
        "short": short,
        "police": f"赣州市公安局{short}分局" if district else f"{region.name}公安局",
        "traffic": f"赣州市公安局交通警察支队{short}大队" if district else f"{region.name}公安局交通管理大队",
    }


def _townships(regions: dict[str, Region]) -> Ranked:
    return [
        (
            Unit(
                code=f"T{region.code}",
                name=f"{region.parent.name}{region.name}{_suffix(region.name)}",
                short_name=region.name,
                kind=Unit.Kind.TOWNSHIP,
                function="",
                region=region,
                valid_from=FIRST_DAY,
            ),
            centre_code(region.parent.code),
        )
        for region in sorted(regions.values(), key=lambda region: region.code)
        if region.level == "township" and region.parent
    ]


def _suffix(name: str) -> str:
    """The street's office, the township's government, the zone's committee; forest farms go by their own name."""
    return {"道": "办事处", "镇": "人民政府", "乡": "人民政府", "区": "管理委员会"}.get(name[-1], "")


def load_calendar_years(*, at: datetime) -> int:
    """Years without any version get version 1; a published year is left alone."""
    rows = rows_of("holidays.csv")
    there = set(CalendarYear.objects.values_list("year", flat=True))
    new = sorted({int(row["year"]) for row in rows} - there)
    CalendarYear.objects.bulk_create(
        CalendarYear(year=year, version=1, provisional=False, source=NOTICE.format(year=year), published_at=at)
        for year in new
    )
    CalendarDay.objects.bulk_create(
        [
            CalendarDay(
                date=date.fromisoformat(row["date"]),
                name=row["name"],
                is_workday=row["is_workday"] == "1",
                year=int(row["year"]),
                source=NOTICE.format(year=row["year"]),
                version=1,
            )
            for row in rows
            if int(row["year"]) in new
        ],
        ignore_conflicts=True,
    )
    if not WorkInterval.objects.exists():
        WorkInterval.objects.bulk_create(
            WorkInterval(valid_from=date(2000, 1, 1), starts=starts, ends=ends) for starts, ends in INTERVALS
        )
    forget_calendar()
    return len(new)


def load_parameters() -> int:
    """Add the keys that have no value yet."""
    there = set(Parameter.objects.values_list("key", flat=True))
    rows = [row for row in rows_of("parameters.csv") if row["key"] not in there]
    Parameter.objects.bulk_create(
        Parameter(
            key=row["key"],
            value=row["value"],
            valid_from=datetime.combine(date.fromisoformat(row["valid_from"]), time(), SHANGHAI),
            source=row["source"],
            note=row["note"],
        )
        for row in rows
    )
    forget_parameters()
    return len(rows)
