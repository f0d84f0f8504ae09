"""What is wrong with a version before it is published, and what is only worth a look (赣市改字〔2025〕10号 8)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.core.cache import cache
from django.db.models import Exists, OuterRef

from hotline.models import Unit
from responsibility.models import Category, DutyItem, DutyList, RoutingExample
from responsibility.selectors.browsing import co_unit_keys, saying_the_same
from responsibility.selectors.suggesting import CITY_KINDS
from responsibility.selectors.townships import duties_out_of_force
from responsibility.selectors.versions import inherited_list, items_of_lists
from responsibility.states import FUNCTIONS, Level

UNUSED: Final = timedelta(days=365)
NAMED: Final = 5
# A unit may be abolished meanwhile; the submission itself looks anew.
BLOCKS_KEPT: Final = 300


@dataclass(frozen=True)
class Problem:
    """`codes`: the items it is about, none where it is about what is not there."""

    sentence: str
    codes: tuple[str, ...] = ()
    blocks: bool = False
    """The version is not submitted with it."""


def problems(duty_list: DutyList, *, at: datetime) -> list[Problem]:
    """What blocks first, then what is worth a look. The same few queries however many items there are.

    A county's version is judged together with what it inherits; what is wrong with the city's alone is not its affair.
    """
    if duty_list.scope.kind == Unit.Kind.TOWNSHIP:
        return list(_duties_out_of_force(duty_list, at))
    city = inherited_list(duty_list, at)
    items = _judged(duty_list, city)
    own = [item for item in items if item.duty_list_id == duty_list.pk]
    found = _blocking(duty_list, items, own, at)
    if duty_list.scope.kind == Unit.Kind.CENTRE:
        return [*found, *_unused(duty_list, own, at), *_empty_categories(own)]
    return [
        *found,
        *_functions_without_a_department(duty_list.scope, own, at),
        *_says_the_same(city, duty_list),
        *_unused(duty_list, own, at),
    ]


def what_blocks(duty_list: DutyList, *, at: datetime) -> list[str]:
    """Sentences of what stops the submission, as they were a few minutes ago at most; a change of an item is seen at once.

    For a page that is opened all day; a submission asks `problems`.
    """

    def read() -> list[str]:
        items = _judged(duty_list, inherited_list(duty_list, at))
        own = [item for item in items if item.duty_list_id == duty_list.pk]
        return [problem.sentence for problem in _blocking(duty_list, items, own, at)]

    return cache.get_or_set(f"duty-blocks:{duty_list.pk}:{duty_list.changed_at.timestamp()}", read, BLOCKS_KEPT)


class Judged(NamedTuple):
    """What is asked of an item: of five thousand the texts are not read."""

    duty_list_id: int
    code: str
    category_id: int
    words: list[str]
    conditions: list[dict[str, Any]]
    level: str
    city_function: str
    county_function: str
    lead_unit_id: int | None


def _judged(duty_list: DutyList, city: DutyList | None) -> list[Judged]:
    lists = (city, duty_list) if city else (duty_list,)
    return [Judged(*row) for row in items_of_lists(lists).order_by("code").values_list(*Judged._fields)]


def _blocking(duty_list: DutyList, items: Sequence[Judged], own: Sequence[Judged], at: datetime) -> Iterator[Problem]:
    codes = {item.code for item in own}
    yield from (problem for problem in _same_words(items) if codes & set(problem.codes))
    yield from _gone_units(own, at)
    if duty_list.scope.kind == Unit.Kind.CENTRE:
        yield from _functions_without_a_unit(own, at)


def _same_words(items: Sequence[Judged]) -> Iterator[Problem]:
    """Two items that a citizen would say with the same words, led by different units: the router could not tell them apart."""
    told_alike = defaultdict(list)
    for item in items:
        told_alike[frozenset(item.words), str(item.conditions)].append(item)
    for alike in told_alike.values():
        if len({_lead(item) for item in alike}) > 1:
            codes = tuple(item.code for item in alike)
            yield Problem(f"{'、'.join(codes)} 的用词完全相同，主责却不同。", codes, blocks=True)


def _lead(item: Judged) -> tuple[str, str, int | None]:
    if item.level == Level.COUNTY:
        return item.level, item.county_function, None
    return item.level, item.city_function, item.lead_unit_id


def _gone_units(items: Sequence[Judged], at: datetime) -> Iterator[Problem]:
    named = Unit.objects.in_bulk({item.lead_unit_id for item in items} - {None})
    for item in items:
        unit = named.get(item.lead_unit_id)
        if unit is not None and not unit.is_valid(at):
            yield Problem(f"{item.code} 指定的{unit.name}已撤销。", (item.code,), blocks=True)


def _functions_without_a_unit(items: Sequence[Judged], at: datetime) -> Iterator[Problem]:
    """City matters whose line of work no city unit does: nobody would be proposed."""
    there = set(Unit.objects.valid(at).filter(kind__in=CITY_KINDS).values_list("function", flat=True))
    orphans = defaultdict(list)
    for item in items:
        if item.level == Level.CITY and item.lead_unit_id is None and item.city_function not in there:
            orphans[item.city_function].append(item.code)
    for function, codes in sorted(orphans.items()):
        name = FUNCTIONS.get(function, function)
        yield Problem(f"没有职能为“{name}”的市级单位，{_some(codes)} 派不出去。", tuple(codes), blocks=True)


def _functions_without_a_department(centre: Unit, items: Sequence[Judged], at: datetime) -> Iterator[Problem]:
    """A zone has fewer departments than a county: then the centre decides who handles it."""
    there = set(Unit.objects.valid(at).filter(parent=centre).values_list("function", flat=True))
    orphans = defaultdict(list)
    for item in items:
        if item.county_function not in there:
            orphans[item.county_function].append(item.code)
    for function, codes in sorted(orphans.items()):
        name = FUNCTIONS.get(function, function)
        yield Problem(f"本县没有职能为“{name}”的部门，{_some(codes)} 由中心确定承办单位。", tuple(codes))


def _says_the_same(city: DutyList | None, duty_list: DutyList) -> Iterator[Problem]:
    """A local item that no longer differs keeps the county from what the city changes next."""
    if city is None:
        return
    alike = list(
        duty_list.items.alias(helpers_here=co_unit_keys())
        .filter(Exists(saying_the_same(city.items.all())))
        .order_by("code")
        .values_list("code", flat=True)
    )
    if alike:
        yield Problem(f"{_some(alike)} 与市级清单已经一样，去掉本县的改动即可照市级清单。", tuple(alike))


def _unused(duty_list: DutyList, items: Sequence[Judged], at: datetime) -> Iterator[Problem]:
    """Only of items that the version before had: what is new nobody can have used."""
    if duty_list.base_id is None:
        return
    since = at - UNUSED
    first = RoutingExample.objects.order_by("pk").values_list("at", flat=True).first()
    if first is None or first > since:
        return
    # Of every version: what was used is known by its code.
    lately = RoutingExample.objects.filter(final_item=OuterRef("pk"), at__gt=since)
    used = set(
        DutyItem.objects.filter(Exists(lately), code__in=[item.code for item in items]).values_list("code", flat=True)
    )
    before = set(DutyItem.objects.filter(duty_list=duty_list.base_id).values_list("code", flat=True))
    unused = [item.code for item in items if item.code in before and item.code not in used]
    if unused:
        yield Problem(f"{len(unused)} 个事项一年没有用过：{_some(unused)}。", tuple(unused))


def _empty_categories(items: Sequence[Judged]) -> Iterator[Problem]:
    used = {item.category_id for item in items}
    empty = [
        name
        for pk, name in Category.objects.filter(level=3).order_by("code").values_list("pk", "name")
        if pk not in used
    ]
    if empty:
        yield Problem(f"{len(empty)} 个分类没有事项：{_some(empty)}。")


def _duties_out_of_force(duty_list: DutyList, at: datetime) -> Iterator[Problem]:
    codes = [duty.code for duty in duties_out_of_force(duty_list, at)]
    if codes:
        yield Problem(f"{_some(codes)} 已不是现行清单里乡镇（街道）的事项，列了也不起作用。")


def _some(names: Sequence[str]) -> str:
    return "、".join(names[:NAMED]) + (f"等 {len(names)} 个" if len(names) > NAMED else "")
