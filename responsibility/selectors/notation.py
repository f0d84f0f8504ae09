"""Limits, conditions and statute limits of an item as people read and write them. Pure.

A condition is one line, what is said before the arrow and what changes then after it:
    地点：村里、屋场；钟点：22-6 → 县级职能：农业农村；说明：农村人居环境由农业农村部门牵头
A statute limit is one line as well:
    环节：受理；时限：7；诉求类型：投诉；依据：《中华人民共和国消费者权益保护法》第四十六条
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from hotline.errors import DomainError
from hotline.limits import Limit, LimitNotUnderstood
from responsibility.states import FUNCTIONS, AppealKind, Level, TownshipRole

SLUGS: Final = {name: slug for slug, name in FUNCTIONS.items()}
_SEPARATED: Final = re.compile(r"[、，,；;\s]+")
_ARROW: Final = re.compile(r"\s*(?:→|->|=>)\s*")
_HOURS: Final = re.compile(r"(\d{1,2})\s*[-—–~至到]\s*(\d{1,2})")
STEPS: Final = {"accept": "受理", "handle": "办理"}
WHEN: Final = {"words": "用词", "place": "地点", "subject": "对象", "hour": "钟点"}
THEN: Final = {
    "level": "主责级别",
    "city_function": "市级职能",
    "county_function": "县级职能",
    "township_role": "乡镇",
    "note": "说明",
}
STATUTE: Final = {"step": "环节", "limit": "时限", "kinds": "诉求类型", "source": "依据"}


class NotUnderstood(DomainError):
    """What is written cannot be read; the message says how to write it."""


def words_in(text: str) -> list[str]:
    """Between 顿号, commas or blanks, each once."""
    return list(dict.fromkeys(filter(None, _SEPARATED.split(text))))


def value_of(text: str, labels: Mapping[str, str], what: str) -> str:
    """The value whose label is written. `labels`: value → label."""
    for value, label in labels.items():
        if text == label:
            return value
    raise NotUnderstood(f"没有这样的{what}：{text[:20]}。可以写{_some(list(labels.values()))}。")


def functions_in(text: str) -> list[str]:
    names = words_in(text)
    unknown = [name for name in names if name not in SLUGS]
    if unknown:
        raise NotUnderstood(f"没有这样的职能：{'、'.join(unknown)}。写“城市管理”“公安”这样的名称。")
    return [SLUGS[name] for name in names]


def limit_said(code: str) -> str:
    return code.removesuffix("wd")


ONE_YEAR: Final = {"min": 525_600, "h": 8_760, "d": 365, "wm": 120_000, "wh": 2_000, "wd": 250}


def limit_in(text: str) -> str:
    """A number is one of working days. Of more than a year no date can be told anybody, and in the end none be counted."""
    try:
        limit = Limit.parse(f"{text}wd" if text.isdecimal() else text)
    except LimitNotUnderstood as wrong:
        raise NotUnderstood(f"写工作日数，如 7；按小时或天的写 24h、10d。现在写的是“{text[:20]}”。") from wrong
    if limit.amount > ONE_YEAR[limit.unit]:
        raise NotUnderstood(f"时限最长一年，即 250 个工作日。现在写的是“{text[:20]}”。")
    return limit.code


def lines_in(text: str, read: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    """Each line that is not empty. The refusal names the line."""
    rows = []
    for number, line in enumerate(filter(str.strip, text.splitlines()), 1):
        try:
            rows.append(read(line.strip()))
        except NotUnderstood as wrong:
            raise NotUnderstood(f"第 {number} 条：{wrong}") from wrong
    return rows


def condition_said(row: Mapping[str, Any]) -> str:
    when = _said(row.get("when", {}), WHEN)
    return f"{when} → {_said(row, THEN)}"


def condition_in(line: str) -> dict[str, Any]:
    when, *then = _ARROW.split(line, maxsplit=1)
    if not (when.strip() and then and then[0].strip()):
        raise NotUnderstood("写“什么情形 → 改成什么”，如“地点：村里、屋场 → 县级职能：农业农村”。")
    return {"when": _read(when, WHEN)} | _read(then[0], THEN)


def statute_said(row: Mapping[str, Any]) -> str:
    return _said(row, STATUTE)


def statute_in(line: str) -> dict[str, Any]:
    row = _read(line, STATUTE)
    missing = [STATUTE[name] for name in ("step", "limit", "source") if not row.get(name)]
    if missing:
        raise NotUnderstood(f"还要写{'、'.join(missing)}。")
    return row


# --- parts of a line


def _kinds_in(text: str) -> list[str]:
    return [value_of(word, dict(AppealKind.choices), "诉求类型") for word in words_in(text)]


def hours_in(text: str) -> list[int]:
    found = _HOURS.fullmatch(text)
    if found is None or not all(int(hour) <= 24 for hour in found.groups()):
        raise NotUnderstood(f"钟点写起止，如 22-6。现在写的是“{text[:20]}”。")
    return [int(found[1]), int(found[2])]


def hours_said(hours: Sequence[int]) -> str:
    return "-".join(map(str, hours))


def _listed(words: Sequence[str]) -> str:
    return "、".join(words)


_SAY: Final[Mapping[str, Callable[[Any], str]]] = {
    "words": _listed,
    "place": _listed,
    "subject": _listed,
    "hour": hours_said,
    "level": lambda value: dict(Level.choices).get(value, value),
    "city_function": lambda slug: FUNCTIONS.get(slug, slug),
    "county_function": lambda slug: FUNCTIONS.get(slug, slug),
    "township_role": lambda value: dict(TownshipRole.choices).get(value, value),
    "step": lambda value: STEPS.get(value, value),
    "limit": limit_said,
    "kinds": lambda kinds: _listed([dict(AppealKind.choices).get(kind, kind) for kind in kinds]),
}
_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "words": words_in,
    "place": words_in,
    "subject": words_in,
    "hour": hours_in,
    "level": lambda text: value_of(text, dict(Level.choices), "主责级别"),
    "city_function": lambda text: value_of(text, FUNCTIONS, "职能"),
    "county_function": lambda text: value_of(text, FUNCTIONS, "职能"),
    "township_role": lambda text: value_of(text, dict(TownshipRole.choices), "乡镇职责"),
    "step": lambda text: value_of(text, STEPS, "环节"),
    "limit": limit_in,
    "kinds": _kinds_in,
}


def _said(row: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    return "；".join(f"{label}：{_SAY.get(name, str)(row[name])}" for name, label in labels.items() if row.get(name))


def _read(text: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """A semicolon parts only where a label follows: a note may have its own."""
    names = {label: name for name, label in labels.items()}
    known = "|".join(names)
    found: dict[str, Any] = {}
    for part in re.split(rf"[；;]\s*(?=(?:{known})\s*[：:])", text.strip(" ；;")):
        pair = re.fullmatch(rf"({known})\s*[：:]\s*(.+)", part)
        if pair is None:
            raise NotUnderstood(
                f"“{part[:20]}”看不懂。可以写{'、'.join(f'{label}：……' for label in names)}，用分号隔开。"
            )
        if names[pair[1]] in found:
            raise NotUnderstood(f"{pair[1]}写了两次。")
        found[names[pair[1]]] = _READ.get(names[pair[1]], str)(pair[2].strip())
    return found


def _some(words: Sequence[str], most: int = 8) -> str:
    return "、".join(words[:most]) + ("等" if len(words) > most else "")
