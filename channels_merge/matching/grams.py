"""Texts as exact ids of their 2- and 3-grams: no hash, no dictionary, no segmenter. Pure.

A pair is (first << 16 | second), a triple (first << 32 | second << 16 | third) in an int64; letters, digits and ideographs
of the Basic Multilingual Plane only, so pairs stay below 2**32 and triples above, and none collides. Everything else
parts the runs. Case and width do not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from hotline import bigrams

Ids = npt.NDArray[np.int64]

_PART: Final = "\n"


class Pairs(NamedTuple):
    """The pairs of many texts in their order: id, number of the text, number of the unbroken run."""

    ids: Ids
    owners: Ids
    runs: Ids


class Grams(NamedTuple):
    """Every pair of many texts in their order, then every triple."""

    ids: Ids
    owners: Ids
    """Number of the text."""
    ends: Ids
    """Place of the last character in its normalised text."""


@dataclass(frozen=True)
class Letters:
    """Many texts as one row of code points, a separator after each."""

    texts: Sequence[str]
    """Normalised."""
    points: Ids
    wordy: npt.NDArray[np.bool_]
    """Belongs to a word, so it may stand in a gram."""

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        normal = [bigrams.normalise(text) for text in texts]
        joined = "".join(text + _PART for text in normal)
        points = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.int64)
        return cls(normal, points, _is_wordy(points))

    @cached_property
    def _lengths(self) -> Ids:
        return np.array([len(text) + 1 for text in self.texts], np.int64)

    @cached_property
    def owners(self) -> Ids:
        """Number of the text, for each code point."""
        return np.repeat(np.arange(len(self.texts)), self._lengths)

    @cached_property
    def _pairs(self) -> Ids:
        """Where each pair begins."""
        return np.flatnonzero(self.wordy[:-1] & self.wordy[1:])

    def pairs(self) -> Pairs:
        at = self._pairs
        return Pairs(self._pair_ids(at), self.owners[at], self.runs())

    def runs(self) -> Ids:
        """Number of the unbroken run of every pair, in their order."""
        return np.cumsum(~self.wordy, dtype=np.int64)[self._pairs]

    def grams(self) -> Grams:
        pairs = self._pairs
        triples = pairs[:-1][pairs[:-1] + 1 == pairs[1:]]
        last = np.concatenate([pairs + 1, triples + 2])
        owners = self.owners[last]
        return Grams(
            np.concatenate([self._pair_ids(pairs), self.points[triples] << 32 | self._pair_ids(triples + 1)]),
            owners,
            last - (np.cumsum(self._lengths) - self._lengths)[owners],
        )

    def _pair_ids(self, at: Ids) -> Ids:
        return self.points[at] << 16 | self.points[at + 1]


def grams(text: str) -> Ids:
    """Sorted distinct ids of the 2- and 3-grams; empty for a text without words."""
    return np.unique(Letters.of([text]).grams().ids)


def pairs(texts: Sequence[str]) -> Pairs:
    return Letters.of(texts).pairs()


def pairs_of(run: str) -> list[int]:
    """The ids of the pairs of an unbroken normalised run, in its order."""
    return [ord(run[i]) << 16 | ord(run[i + 1]) for i in range(len(run) - 1)]


def _is_wordy(points: Ids) -> npt.NDArray[np.bool_]:
    """The alphabet of `hotline.bigrams`: what search finds is what matching compares."""
    inside = np.zeros(len(points), dtype=bool)
    for first, last in ((0x30, 0x39), (0x61, 0x7A), (0x3400, 0x9FFF), (0xF900, 0xFAFF)):
        inside |= (points >= first) & (points <= last)
    return inside
