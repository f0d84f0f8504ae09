"""What an item says, in the words a person reads, and what differs between two of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from hotline.limits import Limit
from hotline.models import Unit
from responsibility import selectors
from responsibility.models import Category, DutyItem
from responsibility.selectors.notation import condition_said, statute_said
from responsibility.services.items import LABELS, item_values
from responsibility.states import FUNCTIONS, AppealKind, Level, Route, TownshipRole

Names = Mapping[str, str]
Shown = str | list[str]
Piece = tuple[str, str]
"""("" or ins or del, text)."""

_END: Final = 12
# Of these the place that changed is shown, of the others the whole.
_PROSE: Final = frozenset(
    {"title", "belongs", "not_belongs", "completion_standard", "reply_template", "legal_basis", "mark"}
)


def _each(word: Callable[[Any], str]) -> Callable[[Any, Names], Shown]:
    return lambda raw, _: [word(one) for one in raw or []]


def _code(raw: Any, names: Names) -> Shown:
    return names.get(raw, raw or "")


def _limits(raw: Any, _: Names) -> Shown:
    return [f"{kind.label} {Limit.parse(raw[kind])}" for kind in AppealKind if kind in (raw or {})]


def _function(raw: Any, _: Names) -> Shown:
    return FUNCTIONS.get(raw, raw or "")


_READ: Final[Mapping[str, Callable[[Any, Names], Shown]]] = {
    "category": _code,
    "lead_unit": _code,
    "co_units": lambda raw, names: [names.get(code, code) for code in raw or []],
    "city_function": _function,
    "county_function": _function,
    "co_functions": _each(lambda slug: FUNCTIONS.get(slug, slug)),
    "kinds": _each(lambda kind: AppealKind(kind).label),
    "level": lambda raw, _: Level(raw).label if raw else "",
    "route": lambda raw, _: Route(raw).label if raw else "",
    "township_role": lambda raw, _: TownshipRole(raw).label if raw else "",
    "limits": _limits,
    "words": _each(str),
    "excluded_words": _each(str),
    "conditions": _each(condition_said),
    "statute_limits": _each(statute_said),
    "onsite_required": lambda raw, _: "" if raw is None else "是" if raw else "否",
}


def read(name: str, raw: Any, names: Names) -> Shown:
    """`raw`: as `item_values` and the history have it."""
    return _READ[name](raw, names) if name in _READ else str(raw or "")


def said(value: Shown) -> str:
    return value if isinstance(value, str) else "、".join(value)


def names_in(values: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The names of all units and categories in these. At most two queries."""
    units: set[str] = set()
    categories: set[str] = set()
    for each in values:
        units |= {each.get("lead_unit") or "", *(each.get("co_units") or ())}
        categories.add(each.get("category") or "")
    names = selectors.names_of(Unit, units - {""}, "short_name")
    return names | selectors.names_of(Category, categories - {""}, "name")


@dataclass(frozen=True)
class Difference:
    label: str
    pieces: Sequence[Piece]


def differences(changes: Mapping[str, Sequence[Any]], names: Names) -> list[Difference]:
    """`changes`: field → [before, after], as the history keeps them."""
    return [
        Difference(LABELS.get(name, name), pieces(read(name, before, names), read(name, after, names), name in _PROSE))
        for name, (before, after) in changes.items()
    ]


def changes_between(before: DutyItem | None, after: DutyItem | None) -> dict[str, list[Any]]:
    if before is None or after is None:
        return {}
    old, new = item_values(before), item_values(after)
    return {name: [old[name], new[name]] for name in LABELS if old[name] != new[name]}


def pieces(before: Shown, after: Shown, is_prose: bool) -> list[Piece]:  # noqa: FBT001 -- one of three plain arguments
    """What stayed, came and went, in reading order."""
    if isinstance(before, str) and isinstance(after, str) and not is_prose:
        return [(tag, text) for tag, text in (("del", before), ("ins", after)) if text]
    between = "" if isinstance(after, str) else "、"
    found: list[Piece] = []
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        went, came = between.join(before[i:j]), between.join(after[k:m])
        found += [("", _short(came))] if tag == "equal" else [("del", went), ("ins", came)]
    return [(tag, text) for tag, text in found if text]


def _short(text: str) -> str:
    """Of a long run that stayed its two ends: enough to find the place."""
    return text if len(text) <= 2 * _END + 1 else f"{text[:_END]}…{text[-_END:]}"
