"""Texts as exact ids of their 2- and 3-grams: no hash, no dictionary, no segmenter. Pure.

A pair is (first << 16 | second), a triple (first << 32 | second << 16 | third) in an int64; letters, digits and ideographs
of the Basic Multilingual Plane only, so pairs stay below 2**32 and triples above, and none collides. Everything else
parts the runs. Case and width do not count.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

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


def grams(text: str) -> Ids:
    """Sorted distinct ids of the 2- and 3-grams; empty for a text without words."""
    return np.unique(stream([text])[0])


def stream(texts: Sequence[str]) -> tuple[Ids, Ids]:
    """(ids of pairs and triples, number of the text each belongs to), for every occurrence in many texts."""
    points, owners, wordy = _points(texts)
    pair = wordy[:-1] & wordy[1:]
    triple = pair[:-1] & wordy[2:]
    triples = points[:-2] << 32 | points[1:-1] << 16 | points[2:]
    return (
        np.concatenate([_joined(points)[pair], triples[triple]]),
        np.concatenate([owners[:-1][pair], owners[:-2][triple]]),
    )


def pairs(texts: Sequence[str]) -> Pairs:
    points, owners, wordy = _points(texts)
    pair = wordy[:-1] & wordy[1:]
    return Pairs(_joined(points)[pair], owners[:-1][pair], np.cumsum(~wordy, dtype=np.int64)[:-1][pair])


def pairs_of(run: str) -> list[int]:
    """The ids of the pairs of an unbroken normalised run, in its order."""
    return [ord(run[i]) << 16 | ord(run[i + 1]) for i in range(len(run) - 1)]


def _points(texts: Sequence[str]) -> tuple[Ids, Ids, npt.NDArray[np.bool_]]:
    """(code points, number of the text, does it belong to a word), with a separator after each text."""
    normal = [bigrams.normalise(text) for text in texts]
    joined = "".join(text + _PART for text in normal)
    points = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.int64)
    owners = np.repeat(np.arange(len(normal)), [len(text) + 1 for text in normal])
    return points, owners, _is_wordy(points)


def _joined(points: Ids) -> Ids:
    return points[:-1] << 16 | points[1:]


def _is_wordy(points: Ids) -> npt.NDArray[np.bool_]:
    """The alphabet of `hotline.bigrams`: what search finds is what matching compares."""
    inside = np.zeros(len(points), dtype=bool)
    for first, last in ((0x30, 0x39), (0x61, 0x7A), (0x3400, 0x9FFF), (0xF900, 0xFAFF)):
        inside |= (points >= first) & (points <= last)
    return inside
