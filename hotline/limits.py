"""A limit is an amount with a unit; docs/clocks.md 1. Pure, no Django."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hotline.errors import DomainError

ELAPSED: Final = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
WORKING: Final = {"wm": timedelta(minutes=1), "wh": timedelta(hours=1)}
UNITS: Final = {
    "min": "分钟",
    "h": "小时",
    "d": "天",
    "wm": "分钟工作时间",
    "wh": "小时工作时间",
    "wd": "个工作日",
}
_PATTERN: Final = re.compile(r"([1-9]\d{0,5})(min|h|d|wm|wh|wd)")


class LimitNotUnderstood(DomainError):
    pass


@dataclass(frozen=True, slots=True)
class Limit:
    amount: int
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in UNITS or not 0 < self.amount < 1_000_000:
            raise LimitNotUnderstood(
                f"时限“{self.amount}{self.unit}”无效：数量须为正整数，单位须为 {'、'.join(UNITS)}。"
            )

    @classmethod
    def parse(cls, text: str) -> "Limit":
        match = _PATTERN.fullmatch(text.strip())
        if match is None:
            raise LimitNotUnderstood(f"时限“{text}”看不懂，应写成 7wd、2wh、24h、15min 这样的形式。")
        return cls(int(match[1]), match[2])

    @property
    def code(self) -> str:
        """The form that `parse` reads."""
        return f"{self.amount}{self.unit}"

    @property
    def is_working(self) -> bool:
        return self.unit.startswith("w")

    @property
    def elapsed(self) -> timedelta:
        """Length of an elapsed limit; a KeyError for working ones."""
        return self.amount * ELAPSED[self.unit]

    @property
    def working_time(self) -> timedelta:
        """Length of a limit in working hours or minutes; a KeyError for the others."""
        return self.amount * WORKING[self.unit]

    def __str__(self) -> str:
        whole_hours = {"min": "h", "wm": "wh"}.get(self.unit)
        if whole_hours and self.amount % 60 == 0:
            return str(Limit(self.amount // 60, whole_hours))
        return f"{self.amount} {UNITS[self.unit]}"
