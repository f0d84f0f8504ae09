"""Texts as exact ids of their 2- and 3-grams: no hash, no dictionary, no segmenter. Pure.

A pair is (first << 16 | second), a triple (first << 32 | second << 16 | third) in an int64; letters, digits and ideographs of
the Basic Multilingual Plane only, so pairs stay below 2**32 and triples above, and none collides. Everything else parts
the runs. Case and width do not count.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from hotline import bigrams

Ids = npt.NDArray[np.int64]

FIRST_TRIPLE: Final = 1 << 32
_PART: Final = "\n"
# A text of a megabyte says nothing more about its matter than its first pages.
LONGEST: Final = 4000


def grams(text: str) -> Ids:
    """Sorted distinct ids of the 2- and 3-grams of the first `LONGEST` characters; empty for a text without words."""
    ids, _ = stream([text])
    return np.unique(ids)


def stream(texts: Sequence[str]) -> tuple[Ids, Ids]:
    """(ids, number of the text each belongs to) for every occurrence, of many texts in one sweep."""
    clipped = [bigrams.normalise(text[:LONGEST]) for text in texts]
    points = np.frombuffer(_PART.join(clipped).encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.int64)
    owner = np.repeat(np.arange(len(clipped)), [len(text) + 1 for text in clipped])[: len(points)]
    wordy = _is_wordy(points)
    pair = wordy[:-1] & wordy[1:]
    triple = pair[:-1] & wordy[2:]
    pairs = points[:-1] << 16 | points[1:]
    triples = points[:-2] << 32 | points[1:-1] << 16 | points[2:]
    return (
        np.concatenate([pairs[pair], triples[triple]]),
        np.concatenate([owner[:-1][pair], owner[:-2][triple]]),
    )


def pairs_of(run: str) -> list[int]:
    """The ids of the pairs of an unbroken normalised run, in its order."""
    return [ord(run[i]) << 16 | ord(run[i + 1]) for i in range(len(run) - 1)]


def _is_wordy(points: Ids) -> npt.NDArray[np.bool_]:
    """The alphabet of `hotline.bigrams`: what search finds is what matching compares."""
    inside = np.zeros(len(points), dtype=bool)
    for first, last in ((0x30, 0x39), (0x61, 0x7A), (0x3400, 0x9FFF), (0xF900, 0xFAFF)):
        inside |= (points >= first) & (points <= last)
    return inside
