"""Finding the county, zone or township that a text names. Pure, no database."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """A region as the gazetteer knows it."""

    code: str
    name: str
    level: str
    parent: str


@dataclass(frozen=True, slots=True)
class Naming:
    """What a text says of the place: one region, or why none. `names` are the words of the text."""

    place: Place | None
    names: tuple[str, ...] = ()


_STREET: Final = re.compile(
    r"[东南西北中]?[一二三]?(?:路|街|大道|巷|桥|商会|宾馆|酒店|花园|广场|商城|公馆|会馆|籍|人(?!民))"
)
_COUNTY_TAIL: Final = re.compile(r"[县市区]$")
_ZONE_SHORT: Final = {"赣州经济技术开发区": ("赣州经开区", "经开区"), "赣州蓉江新区": ("蓉江新区",)}


class Gazetteer:
    """Finds the county, zone or township a text names. Street names made of a county's name do not count."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.by_code: Mapping[str, Place] = {place.code: place for place in places}
        self._names: dict[str, list[tuple[str, Place]]] = defaultdict(list)
        names: dict[str, list[Place]] = defaultdict(list)
        for place in places:
            for name in _names_of(place):
                names[name].append(place)
        for name, named in names.items():
            for place in named:
                self._names[name[0]].append((name, place))

    def chain(self, code: str) -> list[str]:
        """The code and those above it, lowest first."""
        found, place = [], self.by_code.get(code)
        while place is not None:
            found.append(place.code)
            place = self.by_code.get(place.parent)
        return found or [code]

    def is_within(self, code: str, above: str) -> bool:
        return above in self.chain(code)

    def named_in(self, text: str, *, inside: str = "") -> Naming:
        """The lowest region named without doubt, within `inside` if given. Two counties named are a doubt."""
        hits = self._hits(text)
        places = {place.code: place for _, place in hits}
        names = tuple(dict.fromkeys(name for name, _ in hits))
        uppers = [place for place in places.values() if place.level in ("county", "zone")]
        zones = [place for place in uppers if place.level == "zone"]
        counties = [place for place in uppers if place.level == "county"]
        townships = [place for place in places.values() if place.level == "township"]
        if inside:
            below = [place for place in townships if self.is_within(place.code, inside)]
            return Naming(below[0] if len(below) == 1 else None, names)
        if len(counties) == 1:
            below = [place for place in townships if place.parent == counties[0].code]
            if len(below) == 1:
                return Naming(below[0], names)
        if len(zones) == 1 and all(county.name == "章贡区" for county in counties):
            return Naming(zones[0], names)
        if len(counties) == 1:
            return Naming(counties[0], names)
        if not uppers and len(townships) == 1:
            return Naming(townships[0], names)
        return Naming(None, names)

    def _hits(self, text: str) -> list[tuple[str, Place]]:
        found: list[tuple[int, int, str, Place]] = []
        for start, letter in enumerate(text):
            for name, place in self._names.get(letter, ()):
                end = start + len(name)
                if text.startswith(name, start) and not (
                    place.level == "county" and name != place.name and _STREET.match(text, end)
                ):
                    found.append((start, end, name, place))
        return [
            (name, place)
            for start, end, name, place in found
            if not any(a <= start and end <= b and b - a > end - start for a, b, _, _ in found)
        ]


def _names_of(place: Place) -> Iterable[str]:
    if place.level in ("county", "zone", "township"):
        yield place.name
    if place.level == "zone":
        yield from _ZONE_SHORT.get(place.name, ())
    if place.level == "county":
        short = _COUNTY_TAIL.sub("", place.name)
        if len(short) == 2 and short != "赣":
            yield short
    if place.level == "township" and "畲族" in place.name:
        yield place.name.replace("畲族", "")
