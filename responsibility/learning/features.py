"""Messages as sparse rows: how much each character and pair of characters says of one.

Exact ids, no hash and no segmenter: a character is its code point, a pair is (first << 16 | second), and no pair is as small
as a character. What stands in the title or at the beginning counts more: people begin with the matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from hotline.bigrams import normalise
from responsibility.learning.examples import Example

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

_LONGEST_TITLE: Final = 200
_LONGEST_TEXT: Final = 1500
_TITLE_WEIGHT: Final = 2.0
_LATE_WEIGHT: Final = 0.3
_OPENING: Final = 150
"""After so many characters, what counts more at the beginning has gone down to 1/e."""
_COUNT_POWER: Final = 0.75
"""Between counting every mention and counting the first only: the matter is named again and again, the circumstances once."""
_FIRST_PAIR: Final = 1 << 16
_AT_ONCE: Final = 1000
"""Messages whose characters are in memory together."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    ids: Ids
    """Sorted."""
    rarity: Floats

    @classmethod
    def of(cls, examples: Sequence[Example], most: int) -> Vocabulary:
        """What at least two of the messages say; of that, the `most` common."""
        found, counts = _document_counts(examples)
        common = np.flatnonzero(counts >= 2)
        # The order is whole, so that the same rows give the same model.
        kept = np.sort(common[np.lexsort((found[common], -counts[common]))][:most])
        return cls(found[kept], (np.log((1 + len(examples)) / (1 + counts[kept])) + 1).astype(np.float32))

    def rows(self, examples: Sequence[Example]) -> sparse.csr_array:
        """A row of unit length for each message; empty where it says nothing that is known."""
        parts = [self._rows(part) for part in _parts(examples)]
        return sparse.csr_array(sparse.vstack(parts, format="csr")) if parts else self._rows([])

    def _rows(self, examples: Sequence[Example]) -> sparse.csr_array:
        ids, owners, weights = _grams(examples)
        known, columns = find(self.ids, ids)
        # Summed in double precision: a message is the same row alone and among others.
        table = sparse.csr_array(
            (weights[known], (owners[known], columns)), shape=(len(examples), len(self.ids)), dtype=np.float64
        )
        table.sum_duplicates()
        table.data = table.data**_COUNT_POWER * self.rarity[table.indices]
        lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
        table.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(table.indptr))
        return table.astype(np.float32)


def pairs_of(examples: Sequence[Example]) -> tuple[Ids, Ids]:
    """(pairs of characters, number of the message), each pair once for a message."""
    parts = []
    for number, part in enumerate(_parts(examples)):
        ids, owners, _ = _grams(part)
        once = _distinct((owners << 32 | ids)[ids >= _FIRST_PAIR])
        parts.append((once & 0xFFFFFFFF, (once >> 32) + number * _AT_ONCE))
    return np.concatenate([ids for ids, _ in parts]), np.concatenate([owners for _, owners in parts])


def find(known: Ids, asked: Ids) -> tuple[npt.NDArray[np.bool_], Ids]:
    """(which of the asked are known, the places of those); `known` is sorted."""
    if not len(known):
        return np.zeros(len(asked), bool), np.zeros(0, np.int64)
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    is_known = known[at] == asked
    return is_known, at[is_known]


def _document_counts(examples: Sequence[Example]) -> tuple[Ids, Ids]:
    """(ids, how many messages have each)."""
    found, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for part in _parts(examples):
        ids, owners, _ = _grams(part)
        of_one = _distinct(owners << 32 | ids) & 0xFFFFFFFF
        ids, here = np.unique(of_one, return_counts=True)
        merged, places = np.unique(np.concatenate([found, ids]), return_inverse=True)
        counts = np.bincount(places, np.concatenate([counts, here]), len(merged)).astype(np.int64)
        found = merged
    return found, counts


def _distinct(found: Ids) -> Ids:
    """Each once, sorted; of numbers from 0 on. `np.unique` hashes, which takes five times as long for so many."""
    in_order = np.sort(found)
    return in_order[np.diff(in_order, prepend=-1) != 0]


def _parts(examples: Sequence[Example]) -> Iterator[Sequence[Example]]:
    return (examples[first : first + _AT_ONCE] for first in range(0, len(examples), _AT_ONCE))


def _grams(examples: Sequence[Example]) -> tuple[Ids, Ids, Floats]:
    """Ids, number of the message and weight of every character and pair."""
    parts = [
        part
        for example in examples
        for part in (normalise(example.topic)[:_LONGEST_TITLE], normalise(example.text)[:_LONGEST_TEXT])
    ]
    joined = "".join(f"{part}\n" for part in parts).encode("utf-32-le", "replace")
    points: Ids = np.frombuffer(joined, np.uint32).astype(np.int64)
    lengths = np.array([len(part) + 1 for part in parts], np.int64)
    part_of = np.repeat(np.arange(len(parts)), lengths)
    place = np.arange(len(points)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    weight = np.where(part_of % 2 == 0, _TITLE_WEIGHT, _LATE_WEIGHT + np.exp(-place / _OPENING))
    wordy = _is_wordy(points)
    single, double = np.flatnonzero(wordy), np.flatnonzero(wordy[:-1] & wordy[1:])
    at = np.concatenate([single, double])
    ids = np.concatenate([points[single], points[double] << 16 | points[double + 1]])
    return ids, part_of[at] // 2, weight[at].astype(np.float32)


def _is_wordy(points: Ids) -> npt.NDArray[np.bool_]:
    """The alphabet of `hotline.bigrams`."""
    inside = np.zeros(len(points), bool)
    for first, last in ((0x30, 0x39), (0x61, 0x7A), (0x3400, 0x9FFF), (0xF900, 0xFAFF)):
        inside |= (points >= first) & (points <= last)
    return inside
