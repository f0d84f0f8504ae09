"""Finding the duty item of a text: a compiled index of what citizens say. Pure, no database, no clock.

Evidence for an item is what its words are worth in the text, plus what the chosen category and the likeness of the
whole text add, less what speaks against it. The score says how far that evidence goes and how far ahead it is of the
next item; 90 and more means sure.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Final

from hotline.bigrams import normalise, runs

PLACE_POINTS: Final = 8
"""Of the 100 points, those given for knowing which unit's territory it is."""

_SENTENCE_END: Final = re.compile(r"[。！？!?；;\n]")
_NEAR: Final = 14
"""How many characters may lie between the two words of “甲+乙”."""
_WORTH: Final = {1: 0.5, 2: 1.0, 3: 1.5}
_LONG_WORD_WORTH: Final = 2.0
_PAIR_WORTH: Final = 1.5
_TITLE_FACTOR: Final = 1.8
_OPENING_FACTOR: Final = 1.25
"""For the first characters of a text without a title: people begin with the matter."""
_OPENING_LENGTH: Final = 50
_LATE_FACTOR: Final = 0.75
"""Far into a text come the course of events and the offices already asked."""
_LATE: Final = 160
_LANDMARK: Final = re.compile(
    r"(?:站|处|路口)?的?(?:旁|附近|对面|对门|门口|门前|[前后背]面|背后|隔壁|边上|围墙|周边|[东南西北]面|往[东南西北]|处(?![理罚置分于方]))"
)
_LANDMARK_FACTOR: Final = 0.35
"""“公交站旁的红绿灯” is about the light."""
_TITLE_LENGTH: Final = 60
_UNTITLED_FACTOR: Final = 0.5
"""For an item none of whose words stands in the title: people put the matter there and the circumstances below."""
_EXCLUDED_FACTOR: Final = 0.55
_INSIDE_LONGER_FACTOR: Final = 0.2
_WRONG_KIND_FACTOR: Final = 0.6
_CATEGORY_WORTH: Final = {6: 2.6, 4: 1.5, 2: 0.7}
"""By how many digits of the chosen category the item shares."""
_WRONG_CATEGORY_FACTOR: Final = 0.7
_LIKENESS_WORTH: Final = 1.2
_REACH: Final = 1.9
"""Evidence of this size is worth 63 % of the points."""
_CLEAR_LEAD: Final = 0.45
"""A lead over the next item of this share of the evidence costs no points."""
_SAME_WORK_FACTOR: Final = 0.6
"""For the next item when the same unit would lead it: then only the item is in doubt, and not where the matter goes."""
_LEAST_EVIDENCE: Final = 0.45


@dataclass(frozen=True, slots=True)
class Condition:
    """Changes who is responsible when every part of it holds. Empty parts hold always."""

    words: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    hour: tuple[int, int] | None = None
    level: str = ""
    city_function: str = ""
    county_function: str = ""
    township_role: str = ""
    note: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Condition:
        when = data.get("when", {})
        hour = when.get("hour")
        return cls(
            words=tuple(when.get("words", ())),
            place=tuple(when.get("place", ())),
            subject=tuple(when.get("subject", ())),
            hour=(int(hour[0]), int(hour[1])) if hour else None,
            level=data.get("level", ""),
            city_function=data.get("city_function", ""),
            county_function=data.get("county_function", ""),
            township_role=data.get("township_role", ""),
            note=data.get("note", ""),
        )

    def holds(self, text: str, hours: frozenset[int]) -> bool:
        return not self.missing(text, hours)

    def missing(self, text: str, hours: frozenset[int]) -> tuple[str, ...]:
        """Which parts do not hold, each in words; `text` is normalised."""
        unsaid = [
            f"没有提到{'、'.join(group)}{'中的任何一个' if len(group) > 1 else ''}"
            for group in (self.words, self.place, self.subject)
            if group and not any(_says(text, word) for word in group)
        ]
        if self.hour is None:
            return tuple(unsaid)
        if not hours:
            return (*unsaid, "没有说钟点")
        outside = sorted(hour for hour in hours if not _is_within(hour, self.hour))
        if outside:
            unsaid.append(f"{'、'.join(map(str, outside))}时不在{self.hour[0]}时至{self.hour[1]}时")
        return tuple(unsaid)


@dataclass(frozen=True, slots=True)
class ItemText:
    """What the index needs of a duty item."""

    key: int
    code: str
    title: str
    category: str
    words: tuple[str, ...]
    excluded_words: tuple[str, ...]
    belongs: str
    kinds: tuple[str, ...]
    level: str
    city_function: str
    county_function: str
    township_role: str
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """An item found in a text. `item_points` + `word_points` ≤ 92; the place adds up to 8."""

    item: ItemText
    item_points: int
    word_points: int
    matched_words: tuple[str, ...]
    excluded_words: tuple[str, ...]
    category_agrees: bool
    level: str
    city_function: str
    county_function: str
    township_role: str
    notes: tuple[str, ...]
    evidence: float


@dataclass(frozen=True, slots=True)
class _Term:
    """A word of an item, or several that must stand near each other."""

    item: int
    word: str
    parts: tuple[str, ...]
    worth: float


@dataclass(frozen=True, slots=True)
class _Found:
    """Where each part of the index stands in one text."""

    starts: Mapping[str, Sequence[int]]
    ends_by_start: Mapping[int, int]  # the end of the longest whole word that begins at a place
    title_end: int
    sentence_ends: Sequence[int]
    plain: str

    def is_inside_longer(self, start: int, length: int) -> bool:
        """Whether a longer whole word covers this place: 贷款 in 公积金贷款 says nothing of loans."""
        end = start + length
        for first in range(max(0, start - 6), start + 1):
            last = self.ends_by_start.get(first, 0)
            if last >= end and last - first > length:
                return True
        return False

    def place_factor(self, start: int) -> float:
        if self.title_end:
            if start < self.title_end:
                return _TITLE_FACTOR
        elif start < _OPENING_LENGTH:
            return _OPENING_FACTOR
        return 1.0 if start < self.title_end + _LATE else _LATE_FACTOR

    def sentence_of(self, place: int) -> int:
        low, high = 0, len(self.sentence_ends)
        while low < high:
            middle = (low + high) // 2
            if self.sentence_ends[middle] < place:
                low = middle + 1
            else:
                high = middle
        return low


class Index:
    """One version of a duty list, compiled. Built once and shared; never changed."""

    def __init__(self, items: Sequence[ItemText]) -> None:
        self.items = tuple(items)
        self._numbers = {item.code: number for number, item in enumerate(self.items)}
        self._terms: list[_Term] = []
        self._terms_by_part: dict[str, list[int]] = defaultdict(list)
        """Numbers of the terms whose first part it is: a text says few of thousands."""
        self._whole_words: set[str] = set()
        self._parts: dict[str, list[str]] = defaultdict(list)
        self._likeness: dict[str, tuple[array[int], array[float]]] = defaultdict(lambda: (array("I"), array("d")))
        """Pair of letters → the items that say it, and what it weighs in each: arrays, for there are hundreds of thousands."""
        self._compile()

    def match(
        self,
        text: str,
        *,
        category: str = "",
        kind: str = "",
        hours: frozenset[int] = frozenset(),
        most: int = 5,
        also: Sequence[str] = (),
    ) -> list[Match]:
        """Matching items, best first; the same list for the same input. Empty when nothing of the list is said.

        `hours` of day count where the text names none: a case that is tried says when it happens. Items whose codes are in
        `also` follow, whatever is said for them.
        """
        plain = normalise(text)
        found = self._find(plain)
        worth, words = self._weigh_words(found)
        likeness = self._liken(plain)
        evidence: dict[int, float] = {}
        against: dict[int, tuple[str, ...]] = {}
        for number, item in enumerate(self.items):
            said = worth.get(number, 0.0)
            shared = _shared_digits(category, item.category)
            if not said and shared < 4:
                continue
            against[number] = tuple(word for word in item.excluded_words if _says(plain, word))
            total = said * _EXCLUDED_FACTOR ** min(len(against[number]), 3)
            total += _LIKENESS_WORTH * likeness.get(number, 0.0)
            if category:
                total = total + _CATEGORY_WORTH[shared] if shared else total * _WRONG_CATEGORY_FACTOR
            if kind and kind not in item.kinds:
                total *= _WRONG_KIND_FACTOR
            if total >= _LEAST_EVIDENCE:
                evidence[number] = total
        order = sorted(evidence, key=lambda number: (-evidence[number], self.items[number].code))[:most]
        for number in (self._numbers[code] for code in also if code in self._numbers):
            if number not in order:
                order.append(number)
                evidence.setdefault(number, _LEAST_EVIDENCE)
                against.setdefault(number, ())
        hours = hours_named(plain) or hours
        return [
            self._judge(number, rank, order, evidence, worth, words, against, category, plain, hours)
            for rank, number in enumerate(order)
        ]

    def match_item(self, code: str, text: str) -> Match | None:
        """One item as it fits a text, whatever the others; None for an unknown code."""
        plain = normalise(text)
        number = self._numbers.get(code)
        if number is None:
            return None
        worth, words = self._weigh_words(self._find(plain))
        evidence = {number: max(worth.get(number, 0.0), _LEAST_EVIDENCE)}
        return self._judge(number, 0, [number], evidence, worth, words, {number: ()}, "", plain, hours_named(plain))

    def _compile(self) -> None:
        count = len(self.items)
        profiles = [
            normalise("\n".join((item.title, item.belongs, *item.words))).replace("+", " ") for item in self.items
        ]
        holders: dict[str, list[str]] = defaultdict(list)
        for profile in profiles:
            for pair in {profile[place : place + 2] for place in range(len(profile) - 1)}:
                holders[pair].append(profile)

        @cache
        def share(part: str) -> int:
            return sum(part in profile for profile in holders.get(part[:2], profiles))

        # Words come back in many items: what is the same is kept once.
        parts_of = cache(lambda word: tuple(part for part in normalise(word).split("+") if part))
        for number, item in enumerate(self.items):
            for word in item.words:
                parts = parts_of(word)
                shares = max(map(share, parts))
                rarity = 1 - 0.55 * math.log(max(shares, 1)) / math.log(count + 1)
                base = _PAIR_WORTH if len(parts) > 1 else _WORTH.get(len(parts[0]), _LONG_WORD_WORTH)
                self._terms_by_part[parts[0]].append(len(self._terms))
                self._terms.append(_Term(number, word, parts, base * rarity))
                if len(parts) == 1:
                    self._whole_words.add(parts[0])
        for part in sorted({part for term in self._terms for part in term.parts}):
            self._parts[part[0]].append(part)
        self._compile_likeness(profiles)

    def _compile_likeness(self, profiles: Sequence[str]) -> None:
        count = len(profiles)
        held = [set(_pairs(profile)) for profile in profiles]
        spread: dict[str, int] = defaultdict(int)
        for pairs in held:
            for pair in pairs:
                spread[pair] += 1
        for number, pairs in enumerate(held):
            norm = math.sqrt(sum(math.log((count + 1) / spread[pair]) ** 2 for pair in sorted(pairs))) or 1.0
            for pair in sorted(pairs):
                numbers, weights = self._likeness[pair]
                numbers.append(number)
                weights.append(math.log((count + 1) / spread[pair]) / norm)

    def _find(self, plain: str) -> _Found:
        starts: dict[str, list[int]] = defaultdict(list)
        ends: dict[int, int] = {}
        for place, letter in enumerate(plain):
            for part in self._parts.get(letter, ()):
                if plain.startswith(part, place):
                    starts[part].append(place)
                    if part in self._whole_words:
                        ends[place] = max(ends.get(place, 0), place + len(part))
        first_line = plain.find("\n")
        return _Found(
            starts=starts,
            ends_by_start=ends,
            title_end=first_line if 0 < first_line <= _TITLE_LENGTH else 0,
            sentence_ends=[mark.start() for mark in _SENTENCE_END.finditer(plain)],
            plain=plain,
        )

    def _weigh_words(self, found: _Found) -> tuple[dict[int, float], dict[int, list[str]]]:
        words: dict[int, list[tuple[float, str]]] = defaultdict(list)
        named: set[int] = set()
        said = sorted(number for part in found.starts for number in self._terms_by_part.get(part, ()))
        for term in (self._terms[number] for number in said):
            if any(part not in found.starts for part in term.parts[1:]):
                continue
            factor = _whole_word_factor(term, found) if len(term.parts) == 1 else _near_factor(term, found)
            if factor:
                words[term.item].append((term.worth * factor, term.word))
                if any(found.starts[part][0] < found.title_end for part in term.parts):
                    named.add(term.item)
        worth = {number: sum(weight for weight, _ in weighed) for number, weighed in words.items()}
        if named:
            for number in worth.keys() - named:
                worth[number] *= _UNTITLED_FACTOR
        return worth, {number: _shown(pairs) for number, pairs in words.items()}

    def _liken(self, plain: str) -> dict[int, float]:
        """Cosine of character pairs, scaled so that a plain hit is about 1."""
        pairs = set(_pairs(plain))
        likeness: dict[int, float] = defaultdict(float)
        for pair in sorted(pairs):
            for number, weight in zip(*self._likeness.get(pair, ((), ())), strict=True):
                likeness[number] += weight
        norm = math.sqrt(len(pairs)) or 1.0
        return {number: min(1.0, total / norm * 1.6) for number, total in likeness.items()}

    def _rival(self, order: Sequence[int], evidence: Mapping[int, float]) -> float:
        """What speaks for another item than the first, less where it leads to the same unit."""
        work = _work_of(self.items[order[0]])
        return max(
            (
                evidence[number] * (_SAME_WORK_FACTOR if _work_of(self.items[number]) == work else 1.0)
                for number in order[1:]
            ),
            default=0.0,
        )

    def _judge(
        self,
        number: int,
        rank: int,
        order: Sequence[int],
        evidence: Mapping[int, float],
        worth: Mapping[int, float],
        words: Mapping[int, list[str]],
        against: Mapping[int, tuple[str, ...]],
        category: str,
        plain: str,
        hours: frozenset[int],
    ) -> Match:
        item, own = self.items[number], evidence[number]
        rival = evidence[order[0]] if rank else self._rival(order, evidence)
        lead = (own - rival) / max(own, rival)
        points = (
            (100 - PLACE_POINTS)
            * (1 - math.exp(-own / _REACH))
            * (0.74 + 0.26 * max(-1.0, min(1.0, lead / _CLEAR_LEAD)))
        )
        said = min(1.0, worth.get(number, 0.0) * _EXCLUDED_FACTOR ** len(against[number]) / own)
        word_points = round(points * said)
        fitting = [condition for condition in item.conditions if condition.holds(plain, hours)]
        return Match(
            item=item,
            item_points=round(points) - word_points,
            word_points=word_points,
            matched_words=tuple(words.get(number, ())[:8]),
            excluded_words=against[number],
            category_agrees=_shared_digits(category, item.category) == 6,
            level=_first(fitting, "level", item.level),
            city_function=_first(fitting, "city_function", item.city_function),
            county_function=_first(fitting, "county_function", item.county_function),
            township_role=_first(fitting, "township_role", item.township_role),
            notes=tuple(condition.note for condition in fitting if condition.note),
            evidence=own,
        )


def _work_of(item: ItemText) -> tuple[str, str]:
    return (item.level, item.county_function if item.level == "county" else item.city_function)


def township_role_in(text: str, role: str, conditions: Sequence[Condition]) -> str:
    """What an item's conditions make of its township's `role` in a text."""
    plain = normalise(text)
    hours = hours_named(plain)
    return _first([each for each in conditions if each.holds(plain, hours)], "township_role", role)


def said_of(words: Iterable[str], text: str) -> tuple[str, ...]:
    """Those of `words` that the text says; of “甲+乙” both."""
    plain = normalise(text)
    return tuple(word for word in words if _says(plain, word))


def unmet(
    conditions: Iterable[Condition], text: str, hours: frozenset[int]
) -> list[tuple[Condition, tuple[str, ...]]]:
    """Each condition with what of it does not hold; nothing where it holds. `hours` as for `Index.match`."""
    plain = normalise(text)
    named = hours_named(plain) or hours
    return [(condition, condition.missing(plain, named)) for condition in conditions]


def _first(conditions: Sequence[Condition], field: str, otherwise: str) -> str:
    return next((value for condition in conditions if (value := getattr(condition, field))), otherwise)


def _shown(weighed: Sequence[tuple[float, str]]) -> list[str]:
    """The words a page marks in the text, the weightiest first; single characters would mark half the page."""
    parts = [part for _, word in sorted(weighed, reverse=True) for part in word.split("+")]
    return list(dict.fromkeys(part for part in parts if len(part) > 1)) or list(dict.fromkeys(parts))


def _whole_word_factor(term: _Term, found: _Found) -> float:
    """How much the best place of a word counts; repeating it adds a little."""
    part, length = term.parts[0], len(term.parts[0])
    best = 0.0
    for start in found.starts[part]:
        factor = _INSIDE_LONGER_FACTOR if found.is_inside_longer(start, length) else 1.0
        if _LANDMARK.match(found.plain, start + length):
            factor *= _LANDMARK_FACTOR
        best = max(best, factor * found.place_factor(start))
    return best * (1 + 0.15 * math.log2(min(len(found.starts[part]), 8)))


def _near_factor(term: _Term, found: _Found) -> float:
    """Each part near the next one, in either order."""
    return min(_pair_factor(first, second, found) for first, second in pairwise(term.parts))


def _pair_factor(first: str, second: str, found: _Found) -> float:
    """Both in one sentence and near each other."""
    best = 0.0
    for a in found.starts[first]:
        for b in found.starts[second]:
            gap = b - (a + len(first)) if b >= a else a - (b + len(second))
            if 0 <= gap <= _NEAR and found.sentence_of(a) == found.sentence_of(b):
                best = max(best, found.place_factor(max(a, b)))
    return best


def _says(text: str, word: str) -> bool:
    return all(part in text for part in normalise(word).split("+"))


def _pairs(text: str) -> Iterable[str]:
    return (run[place : place + 2] for run in runs(text) for place in range(len(run) - 1))


def _shared_digits(chosen: str, own: str) -> int:
    """0, 2, 4 or 6; a category chosen at a higher level agrees with everything below it at that level."""
    for digits in (6, 4, 2):
        if len(chosen) >= digits and chosen[:digits] == own[:digits]:
            return digits
    return 0


_DAY_PARTS: Final = {
    "凌晨": 2, "半夜": 0, "深夜": 23, "通宵": 1, "夜里": 23, "夜间": 23, "晚上": 21, "傍晚": 18, "早上": 7, "上午": 10,
    "中午": 12, "午休": 13, "下午": 15, "白天": 10,
}  # fmt: skip
_NIGHT: Final = frozenset({"晚上", "夜里", "夜间", "半夜", "深夜"})
_NUMERALS: Final = {numeral: value for value, numeral in enumerate("零一二三四五六七八九十")} | {
    "十一": 11,
    "十二": 12,
    "两": 2,
}
_CLOCK: Final = re.compile(
    r"(凌晨|半夜|深夜|夜里|夜间|晚上|傍晚|早上|上午|中午|下午)?\s*(?:(\d{1,2})(?:[::]\d{2}|点|时)|(十[一二]?|[一二两三四五六七八九])点(?!儿|什么|意见|建议))"
)


def hours_named(text: str) -> frozenset[int]:
    """The hours of day a text speaks of: 晚上11点 → 23, 半夜 → 0. A part of day without an hour gives its usual one."""
    hours: set[int] = set()
    spent: list[tuple[int, int]] = []
    for clock in _CLOCK.finditer(text):
        hour = int(clock[2]) if clock[2] else _NUMERALS[clock[3]]
        if hour > 24 or (clock[3] and not clock[1]):
            continue
        if (clock[1] in ("下午", "傍晚") and hour < 12) or (clock[1] in _NIGHT and 5 <= hour <= 12):
            hour += 12
        if clock[1] == "中午" and hour < 4:
            hour += 12
        hours.add(hour % 24)
        spent.append(clock.span())
    for word, hour in _DAY_PARTS.items():
        if any(not any(a <= m.start() < b for a, b in spent) for m in re.finditer(word, text)) and not spent:
            hours.add(hour)
    return frozenset(hours)


def _is_within(hour: int, span: tuple[int, int]) -> bool:
    start, end = span
    return start <= hour < end if start < end else hour >= start or hour < end
