"""Why two messages are taken for the same matter, in words that a person can check."""

from dataclasses import dataclass

import numpy as np

from channels_merge.matching.background import Background
from channels_merge.matching.grams import pairs_of
from channels_merge.matching.names import districts, named, telling
from channels_merge.matching.profiles import Message
from channels_merge.matching.scoring import probability, regions_differ
from hotline import bigrams

LONGEST_STRETCH = 14
MOST_STRETCHES = 4
DAY = 86400


@dataclass(frozen=True)
class Explanation:
    probability: float
    stretches: tuple[str, ...]
    """The most telling unbroken stretches of the first message that the second has too, the heaviest first."""
    places: tuple[str, ...]
    """Named places, institutions and districts that both name."""
    days: int | None
    """Whole days between them; None where a time is not known."""
    differs: tuple[str, ...]
    """Sentences about what speaks against it."""

    @property
    def may_link(self) -> bool:
        """Nothing named speaks against it: only then may a machine link by itself, whatever the probability.

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
        return "；".join([*parts, *self.differs]) + "。" if parts or self.differs else "没有相同的内容。"


def explain(a: Message, b: Message, background: Background) -> Explanation:
    return Explanation(
        probability(a, b, background),
        _stretches(a, b, background),
        tuple(telling(sorted(named(a.opening) & named(b.words)), background))
        + tuple(sorted(districts(a.opening) & districts(b.opening))),
        int(abs((a.at - b.at).total_seconds()) // DAY) if a.at and b.at else None,
        tuple(_differences(a, b, background)),
    )


def _stretches(a: Message, b: Message, background: Background) -> tuple[str, ...]:
    theirs = bigrams.runs(b.words)
    shared = {code for run in theirs for code in pairs_of(run)}
    found: dict[str, float] = {}
    for run in bigrams.runs(a.words):
        codes = pairs_of(run)
        weights = background.weights(np.array(codes, np.int64))
        start, weight = None, 0.0
        for i in range(len(codes) + 1):
            if i < len(codes) and codes[i] in shared:
                start, weight = i if start is None else start, weight + float(weights[i])
            elif start is not None:
                found[run[start : i + 1][:LONGEST_STRETCH]] = weight
                start, weight = None, 0.0
    return tuple(sorted(found, key=lambda stretch: (-found[stretch], stretch))[:MOST_STRETCHES])


def _differences(a: Message, b: Message, background: Background) -> list[str]:
    said = []
    if regions_differ(a.region, b.region):
        said.append("所属区域不同")
    mine, theirs = districts(a.opening), districts(b.opening)
    if mine and theirs and not mine & theirs:
        said.append(f"所在区县不同（{'、'.join(sorted(mine))} 与 {'、'.join(sorted(theirs))}）")
    here, there = _names(a.opening, background), _names(b.opening, background)
    if here and there and not here & _names(b.words, background) and not there & _names(a.words, background):
        said.append(f"点名的地点或单位不同（{'、'.join(sorted(here))} 与 {'、'.join(sorted(there))}）")
    return said


def _names(text: str, background: Background) -> set[str]:
    return set(telling(sorted(named(text)), background))
