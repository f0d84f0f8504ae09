"""Loading what ships with the product: categories, who governs a place, the first city list.

Each may run any number of times: rows that are there stay as people have edited them, only what is missing is added.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from hotline.errors import DomainError
from hotline.models import Region, Unit
from responsibility.models import Category, DutyItem, DutyList, Governance
from responsibility.states import AppealKind, ListState, Route, TownshipRole

REFERENCE: Final = Path(__file__).resolve().parent.parent / "reference"
FIRST_DAY: Final = date(2026, 1, 1)
_MARK: Final = "示例，待核"
_LIST_SOURCE: Final = (
    "示例清单：按《关于进一步深化民意速办改革的若干措施》第8条的要求编写，须经市委编办、市司法局核定后执行。"
)
_TOWNSHIP_SOURCE: Final = "行政区划代码（2023年）：乡镇（街道）由本级办事机构管辖"
_USUAL_KINDS: Final = [kind.value for kind in AppealKind]


class ReferenceMissing(DomainError):
    pass


@dataclass(frozen=True, slots=True)
class Loaded:
    categories: int
    governance: int
    items: int


@transaction.atomic
def load_duty_list() -> Loaded:
    """Load all three. Returns how many rows are new. Raises ReferenceMissing before regions and units are loaded."""
    centre = Unit.objects.filter(kind=Unit.Kind.CENTRE).first()
    if centre is None:
        raise ReferenceMissing("还没有单位和行政区划，请先装载基础数据（load_reference）。")
    return Loaded(load_categories(), load_governance(), load_city_list(centre))


def load_categories() -> int:
    before = Category.objects.count()
    known: dict[str, int] = {}
    rows = _csv_rows("categories.csv")
    for level, digits in ((1, 2), (2, 4), (3, 6)):
        codes = [row for row in rows if len(row["code"]) == digits]
        Category.objects.bulk_create(
            [
                Category(code=row["code"], name=row["name"], level=level, parent_id=known.get(row["code"][:-2]))
                for row in codes
            ],
            ignore_conflicts=True,
        )
        known |= dict(Category.objects.filter(level=level).values_list("code", "pk"))
    return Category.objects.count() - before


def load_governance() -> int:
    """Centres from governance.csv, township offices from the units.

    A township that a zone governs hangs under the zone's centre from then on: the tree of units decides who sees a
    ticket, and it must agree with who answers for it.
    """
    before = Governance.objects.count()
    regions = {region.code: region for region in Region.objects.all()}
    centres = {
        unit.region.code: unit
        for unit in Unit.objects.filter(kind=Unit.Kind.COUNTY_CENTRE).select_related("region")
        if unit.region is not None
    }
    offices = {
        unit.region.code: unit
        for unit in Unit.objects.filter(kind=Unit.Kind.TOWNSHIP).select_related("region")
        if unit.region is not None
    }
    known = set(Governance.objects.values_list("region__code", "unit_id"))
    rows = [row for row in _csv_rows("governance.csv") if (row["region"], centres[row["centre"]].pk) not in known]
    Governance.objects.bulk_create(
        [
            Governance(
                region=regions[row["region"]],
                unit=centres[row["centre"]],
                valid_from=FIRST_DAY,
                source=row["source"],
                confirmed=row["confirmed"] == "1",
            )
            for row in rows
        ]
    )
    moved = [offices[row["region"]] for row in rows if row["region"] in offices]
    by_region = {row["region"]: centres[row["centre"]] for row in rows}
    for office in moved:
        office.parent = by_region[office.region.code]
    Unit.objects.bulk_update(moved, ["parent"])
    Governance.objects.bulk_create(
        [
            Governance(region=regions[code], unit=office, valid_from=FIRST_DAY, source=_TOWNSHIP_SOURCE)
            for code, office in sorted(offices.items())
            # 工业园区、林场有区划代码，但不是乡镇（街道）。
            if regions[code].name.endswith(("镇", "乡", "街道"))
        ],
        ignore_conflicts=True,
    )
    return Governance.objects.count() - before


def load_city_list(centre: Unit) -> int:
    """Version 1 of the city's list, published. Nothing when the city has any version already."""
    if DutyList.objects.filter(scope=centre).exists():
        return 0
    duty_list = DutyList.objects.create(
        version=1,
        scope=centre,
        title="赣州市民生诉求职责清单",
        state=ListState.PUBLISHED,
        effective_from=FIRST_DAY,
        source=_LIST_SOURCE,
    )
    categories = {category.code: category for category in Category.objects.filter(level=3)}
    items = [_item(row, duty_list, categories) for row in reference_items()]
    return len(DutyItem.objects.bulk_create(items))


def reference_items() -> list[dict[str, Any]]:
    """The items of reference/duty_list/*.toml as they are written there."""
    found = []
    for path in sorted((REFERENCE / "duty_list").glob("*.toml")):
        with path.open("rb") as source:
            found += tomllib.load(source)["item"]
    return found


def _item(row: dict[str, Any], duty_list: DutyList, categories: dict[str, Category]) -> DutyItem:
    basis = row.get("basis", "")
    return DutyItem(
        duty_list=duty_list,
        code=row["code"],
        title=row["title"],
        category=categories[row["category"]],
        words=row["words"],
        excluded_words=row.get("not_words", []),
        belongs=row["belongs"],
        not_belongs=row.get("not_belongs", ""),
        conditions=row.get("conditions", []),
        route=row.get("route", Route.HANDLE),
        level=row["level"],
        city_function=row["city"],
        county_function=row.get("county", ""),
        township_role=row.get("township", TownshipRole.NONE),
        co_functions=row.get("co", []),
        kinds=row.get("kinds", _USUAL_KINDS),
        limits=row.get("limits", {}),
        statute_limits=row.get("statute", []),
        onsite_required=row.get("onsite", False),
        completion_standard=row["standard"],
        reply_template=row["reply"],
        legal_basis=basis,
        mark="" if basis else _MARK,
    )


def _csv_rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))
