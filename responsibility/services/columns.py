"""The columns of a duty list as a sheet: what a cell says of an item, and what an item is when a cell says it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from hotline.models import Unit
from responsibility.models import Category
from responsibility.selectors import notation
from responsibility.selectors.notation import NotUnderstood
from responsibility.services.items import LABELS
from responsibility.states import FUNCTIONS, AppealKind, Level, Route, TownshipRole

CODE: Final = "代码"
WRONG: Final = "错在哪里"
ORIGIN: Final = "来源"
"""Read by people only: what a county's version inherits, says otherwise, or has beside the city's."""
Raw = Mapping[str, Any]
"""Field → value, as `item_values` and the history have it."""
NOTHING: Final[Raw] = {
    **dict.fromkeys(LABELS, ""),
    "lead_unit": None,
    "words": [],
    "excluded_words": [],
    "conditions": [],
    "co_functions": [],
    "co_units": [],
    "kinds": [],
    "limits": {},
    "statute_limits": [],
    "onsite_required": False,
    "route": Route.HANDLE.value,
    "township_role": TownshipRole.NONE.value,
}
"""What an item says of which its row says nothing."""


class Names:
    """Categories and units by what a cell may call them, read once for a sheet."""

    @cached_property
    def category_paths(self) -> dict[str, str]:
        """Code of a leaf → its name below those above it."""
        leaves = Category.objects.filter(level=3).select_related("parent__parent").order_by("code")
        return {leaf.code: "/".join(str(one) for one in (leaf.parent.parent, leaf.parent, leaf)) for leaf in leaves}

    @cached_property
    def _categories(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for code, path in self.category_paths.items():
            for name in (path, path.rpartition("/")[2]):
                found.setdefault(name, []).append(code)
        return found

    @cached_property
    def unit_names(self) -> dict[str, str]:
        """Code → full name, of abolished ones too: an item may still name one."""
        return dict(Unit.objects.values_list("code", "name"))

    @cached_property
    def _units(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for code, name, short_name in Unit.objects.filter(valid_until=None).values_list("code", "name", "short_name"):
            for said in {code, name, short_name}:
                found.setdefault(said, []).append(code)
        return found

    def category_in(self, text: str) -> str:
        """By its code, which may be all there is and may have lost a zero, by its path, or by a name that only it has."""
        code = text.split()[0]
        if code.isdecimal():
            code = code.zfill(6)
            if code in self.category_paths:
                return code
        found = self._categories.get(text.replace(" ", ""), [])
        if len(found) != 1:
            why = "不止一个，请写代码" if found else "找不到，请写三级分类的代码，见“填写说明”"
            raise NotUnderstood(f"叫“{text[:20]}”的分类{why}。")
        return found[0]

    def unit_in(self, text: str) -> str:
        found = self._units.get(text, [])
        if not found:
            raise NotUnderstood(f"没有叫“{text[:30]}”的单位。")
        if len(found) > 1:
            raise NotUnderstood(f"叫“{text[:30]}”的单位不止一个，请写全称。")
        return found[0]


@dataclass(frozen=True)
class Column:
    field: str
    heading: str
    width: int
    how: str
    """How to write it."""
    say: Callable[[Any, Names], str]
    read: Callable[[str, Names], Any]
    values: Sequence[str] = ()
    """All that may be written, where that is a short list."""
    kind: str = ""
    """Of the limits the one for this kind of appeal."""

    def text_of(self, raw: Raw, names: Names) -> str:
        value = raw[self.field]
        return self.say(value.get(self.kind, "") if self.kind else value, names)

    def put(self, text: str, raw: dict[str, Any], names: Names) -> None:
        """Let `raw` say what the cell does. Raises NotUnderstood."""
        value = self.read(text, names)
        if self.kind:
            value = {kind: limit for kind, limit in (raw["limits"] | {self.kind: value}).items() if limit}
        raw[self.field] = value


def _text(field: str, width: int, how: str = "") -> Column:
    return Column(field, LABELS[field], width, how, lambda value, _: value, lambda text, _: text)


def _chosen(field: str, width: int, labels: Mapping[str, str], how: str = "", *, nothing: str = "") -> Column:
    return Column(
        field,
        LABELS[field],
        width,
        how,
        lambda value, _: labels.get(value, value),
        lambda text, _: notation.value_of(text, labels, LABELS[field]) if text else nothing,
        tuple(labels.values()) if len(labels) < 10 else (),
    )


def _several(
    field: str, width: int, how: str, say: Callable[[str, Names], str], read: Callable[[str, Names], list[str]]
) -> Column:
    return Column(
        field, LABELS[field], width, how, lambda value, names: "、".join(say(one, names) for one in value), read
    )


def _lines(field: str, say: Callable[[Any], str], read: Callable[[str], dict[str, Any]], how: str) -> Column:
    return Column(
        field,
        LABELS[field],
        40,
        how,
        lambda rows, _: "\n".join(map(say, rows)),
        lambda text, _: notation.lines_in(text, read),
    )


def _limit(kind: AppealKind) -> Column:
    return Column(
        "limits",
        f"{kind.label}限",
        8,
        "工作日数，如 7；按小时或天的写 24h、10d；空着的按通用时限。",
        lambda code, _: notation.limit_said(code),
        lambda text, _: notation.limit_in(text) if text else "",
        kind=kind.value,
    )


_KINDS: Final[Mapping[str, str]] = dict(AppealKind.choices)
_FUNCTION: Final = "职能名称，见下面的“职能”。"
COLUMNS: Final = (
    _text("title", 24, "最多 60 个字。必填。"),
    Column(
        "category",
        LABELS["category"],
        30,
        "三级分类的代码，后面的名称只供阅读；见下面的“分类”。必填。",
        lambda code, names: f"{code} {names.category_paths.get(code, '')}".strip(),
        lambda text, names: names.category_in(text) if text else "",
    ),
    _chosen("level", 10, dict(Level.choices), "必填。"),
    _chosen("city_function", 16, FUNCTIONS, f"{_FUNCTION}必填。"),
    Column(
        "lead_unit",
        LABELS["lead_unit"],
        20,
        "单位的全称或简称；空着时按市级职能找单位。",
        lambda code, names: names.unit_names.get(code, code or ""),
        lambda text, names: names.unit_in(text) if text else None,
    ),
    _chosen("county_function", 16, FUNCTIONS, f"{_FUNCTION}县级主责的必填。"),
    _chosen("township_role", 10, dict(TownshipRole.choices), "空着的是不派。", nothing=TownshipRole.NONE.value),
    _several(
        "co_functions",
        20,
        "职能名称，顿号隔开。",
        lambda slug, _: FUNCTIONS.get(slug, slug),
        lambda text, _: notation.functions_in(text),
    ),
    _several(
        "co_units",
        20,
        "单位的全称或简称，顿号隔开。",
        lambda code, names: names.unit_names.get(code, code),
        lambda text, names: sorted(names.unit_in(name) for name in notation.words_in(text)),
    ),
    _chosen("route", 12, dict(Route.choices), "空着的是派单办理。", nothing=Route.HANDLE.value),
    _several(
        "kinds",
        24,
        f"顿号隔开，可写{'、'.join(_KINDS.values())}。必填。",
        lambda kind, _: _KINDS.get(kind, kind),
        lambda text, _: [notation.value_of(word, _KINDS, "诉求类型") for word in notation.words_in(text)],
    ),
    *map(_limit, AppealKind),
    Column(
        "onsite_required",
        LABELS["onsite_required"],
        8,
        "空着的是否。",
        lambda value, _: "是" if value else "否",
        lambda text, _: notation.value_of(text, {"yes": "是", "no": "否"}, "写法") == "yes" if text else False,
        ("是", "否"),
    ),
    _several(
        "words",
        40,
        "顿号隔开；“工资+拖欠”表示两个词在相近处同时出现才算。必填。",
        lambda word, _: word,
        lambda text, _: notation.words_in(text),
    ),
    _several(
        "excluded_words",
        20,
        "顿号隔开；诉求里出现这些词时，本事项降分。",
        lambda word, _: word,
        lambda text, _: notation.words_in(text),
    ),
    _text("belongs", 40, "必填。"),
    _text("not_belongs", 40),
    _text("completion_standard", 40, "必填。"),
    _text("reply_template", 40, "必填。"),
    _text("legal_basis", 40),
    _text("mark", 12, "没有核实依据的写“示例，待核”。"),
    _lines(
        "conditions",
        notation.condition_said,
        notation.condition_in,
        "每行一条（格内换行按 Alt+Enter），前面都满足才改派，如“地点：村里、屋场；钟点：22-6 → 县级职能：农业农村；"
        "说明：……”。前面可写用词、地点、对象、钟点，后面可写主责级别、市级职能、县级职能、乡镇、说明。",
    ),
    _lines(
        "statute_limits",
        notation.statute_said,
        notation.statute_in,
        "每行一条，如“环节：受理；时限：7；诉求类型：投诉；依据：《……法》第四十六条”。环节是受理或办理。",
    ),
)
HEADINGS: Final = (CODE, *(column.heading for column in COLUMNS))
