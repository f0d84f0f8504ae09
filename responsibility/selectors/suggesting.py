"""Who is responsible for a text, by the version in force; how often an item came back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from django.db.models import Count, OuterRef, Q

from hotline.dates import local_day
from hotline.models import Region, Unit
from responsibility.models import Category, DutyItem, DutyList, Governance, RoutingExample
from responsibility.places import Gazetteer, Place
from responsibility.routing import PLACE_POINTS, Condition, Index, ItemText, Match, township_role_in
from responsibility.selectors.learned import Heard, hear
from responsibility.selectors.townships import (
    TownshipList,
    township_list,
    township_list_in_force,
    why_not_led,
)
from responsibility.selectors.versions import current_list, deciding_lists, items_of_lists
from responsibility.states import DISPATCHED, FUNCTIONS, Level, Outcome, Route, TownshipRole

CITY_KINDS: Final = (Unit.Kind.CITY_DEPARTMENT, Unit.Kind.ENTERPRISE, Unit.Kind.AUTHORITY)
_ITEMS_KEPT: Final = 120_000
"""In all compiled lists of a process: the city's and twenty counties' of five thousand each, and a draft (docs/benchmarks.md)."""


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the account of a score; the points of a candidate's parts add up to its score."""

    label: str
    text: str
    points: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposal; a dispatcher decides.

    `unit` is whom the ticket would be dispatched to: a city unit, or the centre that governs the place; None when the
    law lays down another way (`is_legal_route`; what to say is the item's `reply_template`), the place is not known
    or no such unit exists (`place_rule` says which). `expected_unit` is the department or township
    that the county centre would pass it to, `overseer` the city department above it (双向交办). `refused` is why the
    unit may not be given the matter: the candidate is listed only to say so.

    `confidence` is the probability that the item is the right one, calibrated on dispatches that the model had not seen: of
    those that say 0.9 about nine in ten are right. None while no model is in service, while it is not calibrated, and for an
    item that it has never seen. `margin` is how far the confidence is ahead of the next candidate's, below 0 for
    one that is not the best; `model` names what said so, with its version.
    """

    item: DutyItem
    unit: Unit | None
    expected_unit: Unit | None
    score: int
    matched_words: tuple[str, ...]
    reasons: tuple[str, ...]
    refused: str
    place_rule: str
    parts: tuple[Part, ...] = ()
    overseer: Unit | None = None
    county_function: str = ""
    region_code: str = ""
    confidence: float | None = None
    margin: float | None = None
    model: str = ""

    @property
    def is_legal_route(self) -> bool:
        return self.item.route == Route.LEGAL


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """How an item fared in a period: dispatched, of which returned, ruled or recalled."""

    dispatched: int
    returned: int
    ruled: int
    recalled: int


@dataclass(frozen=True, slots=True)
class _Compiled:
    index: Index
    items: dict[int, DutyItem]
    gazetteer: Gazetteer


@dataclass(frozen=True, slots=True)
class _Territory:
    """Who governs a place at a moment, and the sentence that says how it was found."""

    rule: str
    code: str = ""
    is_known: bool = False
    centre: Unit | None = None
    township: Unit | None = None
    own: TownshipList | None = None
    """The list of the township, if it has one in force."""

    def guard(self, match: Match) -> Match:
        """The match with what the township's own list leaves of its role."""
        role = self.own.role(match.item.code, match.township_role) if self.own else match.township_role
        return match if role == match.township_role else replace(match, township_role=role)


_Key = tuple[tuple[int, datetime], ...]
_compiled: OrderedDict[_Key, _Compiled] = OrderedDict()
"""The one used last at the end."""
_compiling: Final = Lock()
_keeping: Final = Lock()


def suggest(
    *, text: str, category: Category | None = None, region: Region | None = None, kind: str = "", at: datetime
) -> list[Candidate]:
    """Who is responsible, best first, a refused township last; empty when nothing of the list is said.

    Three queries once the version is compiled in this process. The text may begin with a title on its own line.
    """
    duty_list = current_list(at)
    if duty_list is None:
        return []
    ground = Ground(at, model=duty_list.routing_model)  # type: ignore[attr-defined]  # annotated
    return suggest_by(duty_list, text=text, category=category, region=region, kind=kind, ground=ground)


def suggest_by(
    duty_list: DutyList,
    *,
    text: str,
    category: Category | None = None,
    region: Region | None = None,
    kind: str = "",
    hours: frozenset[int] = frozenset(),
    ground: Ground,
) -> list[Candidate]:
    """The same by a version that need not be in force: a draft that is tried. `hours` as for `Index.match`."""
    compiled = _compile(duty_list)
    heard = hear(ground.model, text)
    also = heard.listed if heard else ()
    matches = compiled.index.match(text, category=category.code if category else "", kind=kind, hours=hours, also=also)
    if not matches:
        return []
    territory = _territory(compiled.gazetteer, text, region, ground)
    units = ground.units(_functions(matches), territory.centre)
    candidates = [
        _candidate(territory.guard(match), compiled.items[match.item.key], territory, units) for match in matches
    ]
    if heard:
        candidates = _with_experience(candidates, [match.evidence for match in matches], heard)
    candidates.sort(key=lambda candidate: (-candidate.score, candidate.item.code))
    refused = _refused_township(matches, candidates, territory)
    return [*candidates, refused] if refused else candidates


def county_candidates(
    *, item: DutyItem | None, text: str, region: Region | None, centre: Unit, at: datetime
) -> list[Candidate]:
    """Whom a county centre would pass a ticket to, best first: departments by the item, then its co-functions.

    The city's list decides, with what the county's own says otherwise or beside it. A township is a candidate only for
    an item that says so.
    """
    lists = deciding_lists(at, centre)
    return county_candidates_by(lists, item=item, text=text, region=region, centre=centre, ground=Ground(at))


def county_candidates_by(
    lists: tuple[DutyList, ...],
    *,
    item: DutyItem | None,
    text: str,
    region: Region | None,
    centre: Unit,
    ground: Ground,
) -> list[Candidate]:
    """The same by a county's version that need not be in force, on the city's."""
    if not lists:
        return []
    compiled = _compile(*lists)
    matches = compiled.index.match(text)
    chosen = next((match for match in matches if item is not None and match.item.code == item.code), None)
    if chosen is None and item is not None:
        chosen = compiled.index.match_item(item.code, text)
    ranked = [chosen] if chosen else matches[:3]
    territory = _territory(compiled.gazetteer, text, region, ground)
    co_functions = {function for match in ranked for function in compiled.items[match.item.key].co_functions}
    units = ground.units(_functions(ranked) | co_functions, centre)
    return [
        candidate
        for match in ranked
        for candidate in _county_candidates_of(match, compiled.items[match.item.key], territory, units)
    ]


def why_township_not_lead(*, township: Unit, item: DutyItem, text: str, at: datetime) -> str:
    """Why a township may not be lead in a matter, "" if it may: the item's word, unless a condition that the text fulfils
    says otherwise, and of that only what the township's own list in force leaves.
    """
    role = township_role_in(text, item.township_role, [Condition.from_json(each) for each in item.conditions])
    return why_not_led(item, role, township_list_in_force(township, at))


def item_record(*, item: DutyItem, at: datetime, days: int = 90) -> ItemRecord:
    """What became of the item's dispatches in the `days` before `at`, whatever version of the list. One query."""
    return item_records(items=[item], at=at, days=days)[item.code]


def item_records(*, items: Sequence[DutyItem], at: datetime, days: int = 90) -> dict[str, ItemRecord]:
    """The same for many items, by code, in one query."""
    codes = {item.code for item in items}
    rows = (
        RoutingExample.objects.filter(final_item__code__in=codes, at__gt=at - timedelta(days=days), at__lte=at)
        .values("final_item__code", "outcome")
        .annotate(count=Count("pk"))
    )
    counts = {(row["final_item__code"], row["outcome"]): row["count"] for row in rows}
    outcomes = (DISPATCHED, (Outcome.RETURNED,), (Outcome.RULED,), (Outcome.RECALLED,))
    return {
        code: ItemRecord(*(sum(counts.get((code, one.value), 0) for one in alike) for alike in outcomes))
        for code in codes
    }


def why_none(*, text: str, at: datetime) -> str:
    """The sentence for an appeal without a candidate."""
    if current_list(at) is None:
        return "当前没有执行中的市级职责清单，请由派单员选择单位。"
    if len(text.strip()) < 6:
        return "诉求内容太短，没有可以对照清单的用词，请补充后再派。"
    return "诉求用词没有命中清单中的任何事项，请由派单员判断，或按首办负责提请裁定。"


def index_of(duty_list: DutyList) -> Index:
    """What the words of a version are found by; compiled once for a process."""
    return _compile(duty_list).index


def _compile(*lists: DutyList) -> _Compiled:
    """The compiled city's version, or with it a county's, kept in the process. Regions are read with it: a new region
    counts from the next version.

    One thread compiles, the others wait for it. A published version never changes, so what is kept is never stale.
    """
    key = tuple((each.pk, each.changed_at) for each in lists)
    if found := _kept(key):
        return found
    with _compiling:
        if found := _kept(key):
            return found
        items = list(items_of_lists(lists).select_related("category", "lead_unit", "duty_list").order_by("code"))
        _share(items)
        compiled = _Compiled(
            Index([_item_text(item) for item in items]), {item.pk: item for item in items}, _gazetteer()
        )
        _keep(key, compiled)
        return compiled


def _kept(key: _Key) -> _Compiled | None:
    with _keeping:
        if found := _compiled.get(key):
            _compiled.move_to_end(key)
        return found


def _keep(key: _Key, compiled: _Compiled) -> None:
    """In place of the same versions as they were before; those that were not used longest go when there are too many items."""
    versions = [pk for pk, _ in key]
    with _keeping:
        for old in [each for each in _compiled if [pk for pk, _ in each] == versions]:
            del _compiled[old]
        room = _ITEMS_KEPT - len(compiled.items)
        while _compiled and sum(len(each.items) for each in _compiled.values()) > room:
            _compiled.popitem(last=False)
        _compiled[key] = compiled


def _share(items: Iterable[DutyItem]) -> None:
    """Let items of the same category, unit and list have the same one in memory, not a copy each."""
    there: dict[tuple[str, int], Any] = {}
    for item in items:
        for name in ("category", "lead_unit", "duty_list"):
            if one := getattr(item, name):
                setattr(item, name, there.setdefault((name, one.pk), one))


def _gazetteer() -> Gazetteer:
    rows = Region.objects.order_by("code").values_list("code", "name", "level", "parent__code")
    return Gazetteer([Place(code, name, level, parent or "") for code, name, level, parent in rows])


def _item_text(item: DutyItem) -> ItemText:
    return ItemText(
        key=item.pk,
        code=item.code,
        title=item.title,
        category=item.category.code,
        words=tuple(item.words),
        excluded_words=tuple(item.excluded_words),
        belongs=item.belongs,
        kinds=tuple(item.kinds),
        level=item.level,
        city_function=item.city_function,
        county_function=item.county_function,
        township_role=item.township_role,
        conditions=tuple(Condition.from_json(condition) for condition in item.conditions),
    )


def _functions(matches: Iterable[Match]) -> set[str]:
    return {function for match in matches for function in (match.city_function, match.county_function)} - {""}


class Ground:
    """Who governs a place and which unit does which work at a moment, two queries for each text; the model that is asked."""

    def __init__(self, at: datetime, *, model: int | None = None) -> None:
        self.at = at
        self.model = model

    def governed_by(self, codes: Sequence[str]) -> _Governed:
        return _governed_by(codes, self.at)

    def units(self, functions: Set[str], centre: Unit | None) -> _UnitsByFunction:
        return _UnitsByFunction.load(functions, centre, self.at)


class KeptGround(Ground):
    """For many texts of one moment: a place and a centre are asked for once."""

    def __init__(self, at: datetime, *, model: int | None = None) -> None:
        super().__init__(at, model=model)
        self._governed: dict[tuple[str, ...], _Governed] = {}
        self._units: dict[int | None, _UnitsByFunction] = {}

    def governed_by(self, codes: Sequence[str]) -> _Governed:
        key = tuple(codes)
        if key not in self._governed:
            self._governed[key] = super().governed_by(codes)
        return self._governed[key]

    def units(self, functions: Set[str], centre: Unit | None) -> _UnitsByFunction:
        key = centre.pk if centre else None
        if key not in self._units:
            self._units[key] = super().units(FUNCTIONS.keys(), centre)
        return self._units[key]


def _territory(gazetteer: Gazetteer, text: str, region: Region | None, ground: Ground) -> _Territory:
    """The place chosen, made narrower by a township the text names inside it; else the place the text names."""
    if region is not None and region.level != Region.Level.CITY:
        inside = region.code if region.level in (Region.Level.COUNTY, Region.Level.ZONE) else ""
        named = gazetteer.named_in(text, inside=inside).place if inside else None
        code, how = (named.code, f"，文中提到{named.name}") if named else (region.code, "")
        start = f"属地{region.name}{how}"
    else:
        naming = gazetteer.named_in(text)
        if naming.place is None:
            if naming.names:
                return _Territory(f"地点不明：文中提到{'、'.join(naming.names[:3])}，请选定县（市、区）。")
            return _Territory("地点不明：没有选定县（市、区），文中也没有提到。")
        code, start = naming.place.code, f"文中提到{naming.place.name}"
    centre, township, row, own = ground.governed_by(gazetteer.chain(code))
    if centre is None or row is None:
        return _Territory(f"{start}，但当日没有管辖记录。", code=code)
    rule = f"{start}，由{centre.short_name}管辖{'' if row.confirmed else '（管辖待确认）'}。"
    return _Territory(rule, code=code, is_known=True, centre=centre, township=township, own=own)


def centre_of(region: Region, at: datetime) -> Unit | None:
    """The county or zone centre that answers for a place at the moment; none where nobody is known to."""
    codes: list[str] = []
    above: Region | None = region
    while above is not None:
        codes.append(above.code)
        above = above.parent
    return _governed_by(codes, at)[0]


_Governed = tuple[Unit | None, Unit | None, Governance | None, TownshipList | None]
"""Centre, township office, the row that named the centre, and the township's list."""


def _governed_by(codes: Sequence[str], at: datetime) -> _Governed:
    """The lowest region with a row decides. One query, two where the township has a list."""
    found = Governance.objects.in_force(local_day(at)).filter(region__code__in=codes).order_by("valid_from", "pk")
    lists = DutyList.objects.in_force(at).filter(scope=OuterRef("unit"), scope__kind=Unit.Kind.TOWNSHIP)
    found = found.annotate(own_list=lists.order_by("-effective_from").values("pk")[:1])
    rows = [row for row in found.select_related("region", "unit") if row.unit.is_valid(at)]
    order = {code: place for place, code in enumerate(codes)}
    centres = [row for row in rows if row.unit.kind == Unit.Kind.COUNTY_CENTRE]
    offices = [row for row in rows if row.unit.kind == Unit.Kind.TOWNSHIP and row.region.code == codes[0]]
    centre = min(centres, key=lambda row: (order[row.region.code], -row.valid_from.toordinal()), default=None)
    own = offices[-1].own_list if offices else None
    return (
        centre.unit if centre else None,
        offices[-1].unit if offices else None,
        centre,
        township_list(DutyList.objects.get(pk=own)) if own else None,
    )


@dataclass(frozen=True, slots=True)
class _UnitsByFunction:
    at: datetime
    city: dict[str, Unit]
    county: dict[str, Unit]

    @classmethod
    def load(cls, functions: Set[str], centre: Unit | None, at: datetime) -> _UnitsByFunction:
        """City units and those of the county's centre that do this work. One query."""
        in_city = Q(kind__in=CITY_KINDS)
        in_county = Q(kind=Unit.Kind.COUNTY_DEPARTMENT, parent=centre) if centre else Q(pk__in=[])
        units = Unit.objects.valid(at).filter(in_city | in_county, function__in=sorted(functions)).order_by("code")
        found = cls(at, {}, {})
        for unit in units:
            by_function = found.county if unit.kind == Unit.Kind.COUNTY_DEPARTMENT else found.city
            by_function.setdefault(unit.function, unit)
        return found


def _candidate(match: Match, item: DutyItem, territory: _Territory, units: _UnitsByFunction) -> Candidate:
    if item.route == Route.LEGAL:
        return _account(match, item, territory, unit=None, rule="依法有专门途径，不派单，由 12345 告知。")
    overseer = units.city.get(match.city_function)
    if match.level == Level.CITY:
        unit = item.lead_unit if item.lead_unit and item.lead_unit.is_valid(units.at) else overseer
        rule = "市级主责，不分属地。" if unit else f"没有职能为“{_work(match.city_function)}”的市级单位。"
        return _account(match, item, territory, unit=unit, rule=rule)
    work = _work(match.county_function)
    centre = territory.centre
    if centre is None:
        return _account(
            match, item, territory, unit=None, rule=f"{territory.rule}事项由县级{work}部门主责。", overseer=overseer
        )
    is_township_led = match.township_role == TownshipRole.LEAD and territory.township is not None
    expected = territory.township if is_township_led else units.county.get(match.county_function)
    rule = territory.rule
    if expected is None:
        rule += f"本地没有职能为“{work}”的单位，由{centre.short_name}确定。"
    return _account(match, item, territory, unit=centre, rule=rule, expected=expected, overseer=overseer)


def _work(function: str) -> str:
    return FUNCTIONS.get(function, function)


def _account(
    match: Match,
    item: DutyItem,
    territory: _Territory,
    *,
    unit: Unit | None,
    rule: str,
    expected: Unit | None = None,
    overseer: Unit | None = None,
) -> Candidate:
    said = f"命中{'、'.join(match.matched_words)}" if match.matched_words else "没有命中用词，按所选分类和相近内容"
    if match.excluded_words:
        said += f"；但提到{'、'.join(match.excluded_words[:3])}，本事项一般不含"
    agrees = "，与所选分类一致" if match.category_agrees else ""
    parts = (
        Part("事项", f"{item.code} {item.title}{agrees}", match.item_points),
        Part("用词", said, match.word_points),
        # Where no unit is wanted, no territory is left open.
        Part("途径", rule, PLACE_POINTS)
        if item.route == Route.LEGAL
        else Part("属地", rule, PLACE_POINTS if unit else 0),
    )
    return Candidate(
        item=item,
        unit=unit,
        expected_unit=expected,
        score=sum(part.points for part in parts),
        matched_words=match.matched_words,
        reasons=(*(f"{part.label}：{part.text}" for part in parts), *match.notes),
        refused="",
        place_rule=rule,
        parts=parts,
        overseer=overseer,
        county_function=match.county_function,
        region_code=territory.code,
    )


def _with_experience(candidates: Sequence[Candidate], evidence: Sequence[float], heard: Heard) -> list[Candidate]:
    """A line of the past in each account. Where it is calibrated, the points without those of the place are the probability."""
    chances = heard.chances([candidate.item.code for candidate in candidates], evidence)
    if chances is None:
        return [
            _told(candidate, f"{heard.sentence(candidate.item.code)}（还没有校准，不计分）", 0)
            for candidate in candidates
        ]
    found = []
    for number, (candidate, chance) in enumerate(zip(candidates, chances, strict=True)):
        *own, _ = candidate.parts
        points = round((100 - PLACE_POINTS) * chance) - sum(part.points for part in own)
        told = _told(candidate, f"{heard.sentence(candidate.item.code)}；与清单合算", points)
        if candidate.item.code in heard.probable:
            rival = max((each for at, each in enumerate(chances) if at != number), default=0.0)
            told = replace(told, confidence=chance, margin=chance - rival, model=heard.title)
        found.append(told)
    return found


def _told(candidate: Candidate, said: str, points: int) -> Candidate:
    part = Part("经验", said, points)
    *own, place = candidate.parts
    return replace(
        candidate,
        score=candidate.score + points,
        parts=(*own, part, place),
        reasons=(*candidate.reasons[:3], f"{part.label}：{part.text}", *candidate.reasons[3:]),
    )


def _refused_township(
    matches: Sequence[Match], candidates: Sequence[Candidate], territory: _Territory
) -> Candidate | None:
    """The township of the place, listed to say that it may not be given a department's matter (国办函〔2025〕66号 五)."""
    if territory.township is None:
        return None
    roles = {match.item.key: match.township_role for match in matches}
    best = candidates[0]
    why = why_not_led(best.item, roles[best.item.pk], territory.own)
    if not why or best.is_legal_route:
        return None
    return Candidate(
        item=best.item,
        unit=territory.township,
        expected_unit=None,
        score=0,
        matched_words=(),
        reasons=(why,),
        refused=why,
        place_rule=territory.rule,
        region_code=territory.code,
    )


def _county_candidates_of(
    match: Match, item: DutyItem, territory: _Territory, units: _UnitsByFunction
) -> Iterable[Candidate]:
    wished, match = match.township_role, territory.guard(match)
    lead = units.county.get(match.county_function)
    points = match.item_points + match.word_points + PLACE_POINTS
    said: dict[str, Any] = {"item": item, "matched_words": match.matched_words, "place_rule": territory.rule}
    notes = match.notes
    township = territory.township
    if match.township_role == TownshipRole.LEAD and township is not None:
        why = f"“{item.title}”列为乡镇（街道）主责。"
        yield Candidate(unit=township, expected_unit=None, score=points, reasons=(why, *notes), refused="", **said)
    if lead is not None:
        why = f"“{item.title}”由县级{FUNCTIONS[match.county_function]}部门主责。"
        below = 20 if match.township_role == TownshipRole.LEAD and township is not None else 0
        score = max(points - below, 0)
        yield Candidate(unit=lead, expected_unit=None, score=score, reasons=(why, *notes), refused="", **said)
    for function in item.co_functions:
        co_unit = units.county.get(function)
        if co_unit is not None and co_unit != lead:
            why = f"“{item.title}”的协办职能：{FUNCTIONS[function]}。"
            yield Candidate(unit=co_unit, expected_unit=None, score=points // 2, reasons=(why,), refused="", **said)
    if township is not None and match.township_role != TownshipRole.LEAD:
        why = why_not_led(item, wished, territory.own)
        yield Candidate(unit=township, expected_unit=None, score=0, reasons=(why,), refused=why, **said)
