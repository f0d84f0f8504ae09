"""Why two messages are taken for the same matter, in words that a person can check."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from channels_merge.matching.background import Background
from channels_merge.matching.grams import pairs, pairs_of
from channels_merge.matching.names import districts, named, nearest, telling
from channels_merge.matching.profiles import Message, metres
from channels_merge.matching.scoring import FAR, regions_differ
from hotline import bigrams

LONGEST_STRETCH = 14
MOST_STRETCHES = 4
DAY = 86400


@dataclass(frozen=True)
class Explanation:
    stretches: tuple[str, ...]
    """The most telling unbroken stretches of the first message that the second has too, the heaviest first."""
    places: tuple[str, ...]
    """Named places, institutions and districts that both name."""
    days: int | None
    """Whole days between them; None where a time is not known."""
    metres: int | None
    """Between their positions, rounded; None where one is not known."""
    differs: tuple[str, ...]
    """Sentences about what speaks against it."""

    @property
    def may_link(self) -> bool:
        """Nothing named speaks against it: only then may a machine link by itself, however probable it is.

        One author's template about many institutions is alike in every word but the name.
        """
        return not self.differs

    @property
    def words(self) -> str:
        """One Chinese sentence for the page."""
        parts = []
        if self.stretches:
            parts.append("都说到" + "、".join(f"“{stretch}”" for stretch in self.stretches))
        if self.places:
            parts.append("都提到" + "、".join(self.places))
        if self.days is not None:
            parts.append("同一天" if self.days == 0 else f"相隔 {self.days} 天")
        if self.metres is not None and self.metres < FAR:
            parts.append(f"相距约 {self.metres} 米")
        return "；".join([*parts, *self.differs]) + "。" if parts or self.differs else "没有相同的内容。"


def explain(a: Message, b: Message, background: Background) -> Explanation:
    apart = _apart(a, b)
    return Explanation(
        _stretches(a, b, background),
        tuple(telling(sorted(named(a.opening) & named(b.words)), background))
        + tuple(sorted(districts(a.opening) & districts(b.opening))),
        int(abs((a.at - b.at).total_seconds()) // DAY) if a.at and b.at else None,
        apart,
        tuple(_differences(a, b, apart, background)),
    )


def _apart(a: Message, b: Message) -> int | None:
    """To ten metres: no position is more exact."""
    if a.position is None or b.position is None:
        return None
    return int(round(float(metres(np.array([a.position]), np.array([b.position]))[0]), -1))


def said_in(text: str) -> Set[int]:
    """The pairs of a text, for `stretches`."""
    return set(pairs([text]).ids.tolist())


def stretches(run: str, said: Set[int], background: Background) -> Iterator[tuple[int, int, float]]:
    """(start, end, weight) of the longest parts of an unbroken normalised run of which every pair is in `said`."""
    codes = pairs_of(run)
    weights = background.weights(np.array(codes, np.int64)).tolist()
    start = 0
    for is_said, part in groupby(code in said for code in codes):
        end = start + len(list(part))
        if is_said:
            yield start, end + 1, sum(weights[start:end])
        start = end


def _stretches(a: Message, b: Message, background: Background) -> tuple[str, ...]:
    theirs = said_in(b.words)
    found: dict[str, float] = {}
    for run in bigrams.runs(a.words):
        for start, end, weight in stretches(run, theirs, background):
            found[run[start:end][:LONGEST_STRETCH]] = weight
    return tuple(sorted(found, key=lambda stretch: (-found[stretch], stretch))[:MOST_STRETCHES])


def _differences(a: Message, b: Message, apart: int | None, background: Background) -> list[str]:
    said = []
    if regions_differ(a.region, b.region):
        said.append("所属区域不同")
    if apart is not None and apart >= FAR:
        said.append(f"相距约 {apart / 1000:.1f} 公里")
    mine, theirs = districts(a.opening), districts(b.opening)
    if mine and theirs and not mine & theirs:
        said.append(f"所在区县不同（{'、'.join(sorted(mine))} 与 {'、'.join(sorted(theirs))}）")
    here, there = nearest(_names(a.opening, background)), nearest(_names(b.opening, background))
    if here and there and not here & _names(b.words, background) and not there & _names(a.words, background):
        said.append(f"点名的地点或单位不同（{'、'.join(sorted(here))} 与 {'、'.join(sorted(there))}）")
    return said


def _names(text: str, background: Background) -> set[str]:
    return set(telling(sorted(named(text)), background))
