"""A version as it is read: its items beside those of the version it was drafted from, its tree, the centres' lists."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, Count, Exists, Func, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce

from hotline.models import Unit
from responsibility.models import Category, DutyItem, DutyItemEvent, DutyList
from responsibility.selectors.suggesting import CITY_KINDS
from responsibility.selectors.versions import items_of_lists
from responsibility.states import FUNCTIONS, UNPUBLISHED

PAGE_ROWS: Final = 25
SCOPES: Final = (Unit.Kind.CENTRE, Unit.Kind.COUNTY_CENTRE, Unit.Kind.TOWNSHIP)
ADDED, CHANGED, REMOVED = "add", "chg", "off"
INHERITED, OVERRIDDEN, OWN = "inherited", "overridden", "own"
"""Of a county's version: as in the city's list, otherwise than there, and what only the county has."""
# All that an item says; a unit that may be missing is compared apart, because nothing equals nothing in SQL.
_COMPARED: Final = tuple(
    field.name for field in DutyItem._meta.concrete_fields if field.name not in {"id", "duty_list", "lead_unit"}
)


# --- the centres and their versions


def centres_with_lists(at: datetime) -> QuerySet[Unit]:
    """The city's first, with `version_count`, `in_force` (the version that decides) and `in_making`."""
    versions = DutyList.objects.filter(scope=OuterRef("pk"))
    deciding = DutyList.objects.in_force(at).filter(scope=OuterRef("pk")).order_by("-effective_from")
    return (
        Unit.objects.filter(kind__in=SCOPES, duty_lists__isnull=False)
        .annotate(
            version_count=Count("duty_lists"),
            in_force=deciding.values("version")[:1],
            in_making=Exists(versions.filter(state__in=UNPUBLISHED)),
        )
        .order_by("kind", "code")
    )


def versions_of(scope: Unit, *, before: int | None) -> QuerySet[DutyList]:
    """The newest first, with the number of their items; `before`: the last version of the page before."""
    versions = DutyList.objects.filter(scope=scope).select_related("base").with_item_count()
    if before is not None:
        versions = versions.filter(version__lt=before)
    return versions.order_by("-version")


# --- items of a version beside its base

Compared = QuerySet[Any]
"""Items with `difference` and `origin`, which the model does not have."""


def compared_items(duty_list: DutyList, city: DutyList | None = None) -> Compared:
    """Items of the version, and those of its base that it no longer has; `difference` says how each differs from it.

    "" where nothing does. The database compares: of five thousand items none is read to count them. Of a county's
    version also the items that it inherits from the list of the `city`, and `origin` says which is which.
    """
    own = DutyItem.objects.filter(duty_list=duty_list)
    items = items_of_lists((city, duty_list) if city else (duty_list,))
    difference: Case | Value = Value("", CharField())
    if duty_list.base_id is not None:
        base = DutyItem.objects.filter(duty_list=duty_list.base_id)
        in_base = Exists(base.filter(code=OuterRef("code")))
        is_inherited = Q(duty_list=city) if city else Q(pk__in=[])
        gone = base.filter(~Exists(own.filter(code=OuterRef("code"))))
        if city:
            gone = gone.filter(~Exists(city.items.filter(code=OuterRef("code"))))
        # Named beside the keys, or every item of every list would be read to look for them.
        lists = [each for each in (duty_list.pk, duty_list.base_id, city and city.pk) if each]
        found = Q(pk__in=items.values("pk")) | Q(pk__in=gone.values("pk"))
        items = DutyItem.objects.filter(found, duty_list__in=lists)
        difference = Case(
            When(duty_list=duty_list.base_id, then=Value(REMOVED)),
            When(is_inherited & in_base, then=Value(REMOVED)),
            When(is_inherited, then=Value("")),
            When(~in_base, then=Value(ADDED)),
            When(~Exists(saying_the_same(base)), then=Value(CHANGED)),
            default=Value(""),
            output_field=CharField(),
        )
    return items.alias(helpers_here=co_unit_keys()).annotate(difference=difference, origin=_origin(city))


def _origin(city: DutyList | None) -> Case | Value:
    if city is None:
        return Value("", CharField())
    return Case(
        When(duty_list=city, then=Value(INHERITED)),
        When(Exists(city.items.filter(code=OuterRef("code"))), then=Value(OVERRIDDEN)),
        default=Value(OWN),
        output_field=CharField(),
    )


def saying_the_same(others: QuerySet[DutyItem]) -> QuerySet[Any]:
    """Of `others` the one that says all that an item says which knows its `co_unit_keys` as helpers_here."""
    return others.annotate(_lead=Coalesce("lead_unit", 0), _helpers=co_unit_keys()).filter(
        _lead=Coalesce(OuterRef("lead_unit"), 0),
        _helpers=OuterRef("helpers_here"),
        **{name: OuterRef(name) for name in _COMPARED},
    )


def co_unit_keys() -> ArraySubquery:
    rows = DutyItem.co_units.through.objects.filter(dutyitem=OuterRef("pk")).order_by("unit")
    return ArraySubquery(rows.values("unit"))


def found_items(items: Compared, *, words: str, category: str, only: str) -> Compared:
    """Those below a category whose title, code, words or units hold `words`; `only` those that differ from the base
    (diff) or that a county does not inherit (local).
    """
    if category:
        items = items.filter(category__code__startswith=category)
    if only == "diff":
        items = items.exclude(difference="")
    if only == "local":
        items = items.exclude(origin=INHERITED)
    if not words:
        return items
    units = Unit.objects.filter(Q(name__icontains=words) | Q(short_name__icontains=words))
    functions = {slug for slug, name in FUNCTIONS.items() if words in name}
    functions |= set(units.exclude(function="").values_list("function", flat=True).distinct())
    said = Func("words", Value("、"), function="array_to_string", output_field=TextField())
    return items.alias(said=said).filter(
        Q(title__icontains=words)
        | Q(code__istartswith=words)
        | Q(said__icontains=words)
        | Q(city_function__in=functions)
        | Q(county_function__in=functions)
        | Q(lead_unit__in=units)
    )


def item_page(items: Compared, *, after: str) -> tuple[list[DutyItem], str]:
    """One page by code, and the key of the next one, "" on the last."""
    found = list(items.filter(code__gt=after).select_related("lead_unit").order_by("code")[: PAGE_ROWS + 1])
    return found[:PAGE_ROWS], found[PAGE_ROWS - 1].code if len(found) > PAGE_ROWS else ""


def items_by_code(duty_list: DutyList | None, codes: Sequence[str]) -> dict[str, DutyItem]:
    rows = duty_list.items.filter(code__in=codes).select_related("lead_unit") if duty_list else ()
    return {item.code: item for item in rows}


def city_units(at: datetime) -> dict[str, Unit]:
    """Function → the city unit that has it."""
    units = Unit.objects.valid(at).filter(kind__in=CITY_KINDS).exclude(function="").order_by("-code")
    return {unit.function: unit for unit in units}


# --- the tree


@dataclass(frozen=True)
class Branch:
    category: Category
    count: int
    different: int
    twigs: Sequence["Branch"] = ()


@dataclass(frozen=True)
class Tree:
    branches: Sequence[Branch]
    count: int
    differences: dict[str, int]
    """add, chg, off → how many."""
    origins: dict[str, int]
    """inherited, overridden, own → how many; of a county's version."""


def tree_of(items: Compared) -> Tree:
    """The two upper levels of categories with what is in them. Of items that were removed only the difference counts."""
    counted: Counter[str] = Counter()
    different: Counter[str] = Counter()
    marks: Counter[str] = Counter()
    origins: Counter[str] = Counter()
    for row in items.order_by().values("category__code", "difference", "origin").annotate(n=Count("pk")):
        mark, origin, count = row["difference"], row["origin"], row["n"]
        there = 0 if mark == REMOVED and origin != INHERITED else count
        marks[mark] += count
        origins[origin] += there
        for code in (row["category__code"][:2], row["category__code"][:4]):
            counted[code] += there
            different[code] += count if mark or origin in {OVERRIDDEN, OWN} else 0
    twigs: dict[str, list[Branch]] = {}
    branches: list[Branch] = []
    for category in Category.objects.filter(level__lte=2, code__in=counted).order_by("-level", "code"):
        branch = Branch(category, counted[category.code], different[category.code], twigs.get(category.code, ()))
        (twigs.setdefault(category.code[:2], []) if category.level == 2 else branches).append(branch)
    differences = {mark: marks[mark] for mark in (ADDED, CHANGED, REMOVED)}
    return Tree(branches, origins.total(), differences, {each: origins[each] for each in (INHERITED, OVERRIDDEN, OWN)})


# --- one item


@dataclass(frozen=True)
class ItemSides:
    """An item in a version, in its base, and in the city's list that a county's version stands on; None where it is
    not.
    """

    own: DutyItem | None
    base: DutyItem | None
    city: DutyItem | None

    @property
    def effective(self) -> DutyItem | None:
        """What the version says of the matter, itself or by what it inherits."""
        return self.own or self.city


def item_of(duty_list: DutyList, code: str, city: DutyList | None = None) -> ItemSides:
    lists = (duty_list.pk, duty_list.base_id, city.pk if city else None)
    rows = DutyItem.objects.filter(code=code, duty_list__in=[pk for pk in lists if pk])
    by_list = {item.duty_list_id: item for item in rows.select_related("category", "lead_unit", "duty_list")}
    own, base, inherited = (by_list.get(pk) if pk else None for pk in lists)
    return ItemSides(own, base, inherited)


def item_history(duty_list: DutyList, code: str, most: int) -> list[DutyItemEvent]:
    """What happened to the item in every version of the centre's list, the latest first."""
    events = DutyItemEvent.objects.filter(code=code, duty_list__scope=duty_list.scope_id)
    return list(events.select_related("duty_list", "by__unit").order_by("-pk")[:most])


def names_of(model: type[Any], codes: set[str], name: str) -> dict[str, str]:
    """Code → what a person reads."""
    return dict(model.objects.filter(code__in=codes).values_list("code", name)) if codes else {}
