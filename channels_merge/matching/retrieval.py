"""Which of a million messages are worth scoring against one: sums over posting rows. Pure.

A posting row holds, for one pair of characters, a packed number per message that has it: the last 23 bits of the message's id
and a mark of 9 bits, which says how much its opening weighs and which county it is about. So nothing has to be looked up by
message until the best are known, and rows of two stretches of time are joined by writing one behind the other.

Openings only (title and first characters), pairs only: triples double the rows and find nothing more. Another county halves
the sum and excludes nothing, since people name the wrong one (docs/adr/0008-candidates-from-posting-rows.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from channels_merge.matching.background import RAREST, Background
from channels_merge.matching.grams import Ids, pairs
from channels_merge.matching.profiles import OPENING, Floats, Message

Words = npt.NDArray[np.uint64]

MARK_BITS: Final = 9
IDS: Final = 1 << (32 - MARK_BITS)
"""Ids are kept modulo this: more appeals than ever lie inside a window."""
_LAST_ID: Final = IDS - 1
_MARKS: Final = 1 << MARK_BITS
_LENGTHS: Final = 1 << 4
_COUNTIES: Final = 1 << 5
# Levels of the length of an opening: from 4 in steps of a quarter.
_SHORTEST, _STEP = 4.0, 1.25
_OTHER_COUNTY: Final = 0.5
_BELIEVED: Final = 2000
"""As many messages of the pool say as much as the background."""

_marks: Final = np.arange(_MARKS)
# What a pair of this mark adds per unit of the question's weight: long openings share pairs by accident.
_WORTH: Final = 1 / np.sqrt(_SHORTEST * _STEP ** (_marks // _COUNTIES))


class Found(NamedTuple):
    """The best messages, best first."""

    ids: Ids
    scores: Floats


@dataclass(frozen=True)
class Openings:
    """The pairs of many messages with their marks: one entry per message and pair, in order of message, then pair."""

    owners: Ids
    """Number of the message in the sequence."""
    grams: Ids
    marks: Ids

    @classmethod
    def of(cls, messages: Sequence[Message], background: Background) -> Self:
        owners, grams, counts = _counted(messages)
        weights = background.weights(grams) * (1 + np.log(counts))
        lengths = np.sqrt(np.bincount(owners, weights**2, minlength=len(messages)))
        levels = np.round(np.log(np.maximum(lengths, _SHORTEST) / _SHORTEST) / np.log(_STEP)).astype(np.int64)
        counties = np.array([_county(message.region) for message in messages], np.int64)
        marks = np.minimum(levels, _LENGTHS - 1) * _COUNTIES + counties
        return cls(owners, grams, marks[owners])

    def words(self) -> Words:
        """Pair and mark in one number, as kept of a single message until it is written into posting rows."""
        return (self.grams << MARK_BITS | self.marks).astype(np.uint64)

    def rows(self, ids: Ids) -> Iterable[tuple[int, str]]:
        """(pair as int4, packed messages in hexadecimal) for every pair; `ids` are those of the messages."""
        order = np.argsort(self.grams, kind="stable")
        return packed(self.grams[order], ((ids & _LAST_ID)[self.owners] << MARK_BITS | self.marks)[order])


def packed(grams: Ids, values: Ids) -> Iterable[tuple[int, str]]:
    """Posting rows of entries that are sorted by pair."""
    distinct, starts = np.unique(grams, return_index=True)
    written = values.astype("<u4").tobytes().hex()
    ends = np.append(starts, len(grams))[1:]
    for gram, start, end in zip(distinct.tolist(), starts.tolist(), ends.tolist(), strict=True):
        yield gram - 2**31, written[8 * start : 8 * end]


def unpacked(words: Sequence[bytes]) -> tuple[Ids, Ids, Ids]:
    """(number in the sequence, pair, mark) of messages kept as `Openings.words`."""
    values = np.frombuffer(b"".join(words), "<u8").astype(np.int64)
    owners = np.repeat(np.arange(len(words)), [len(each) // 8 for each in words])
    return owners, values >> MARK_BITS, values & (_MARKS - 1)


class Row(NamedTuple):
    """What a pool has of one pair of the question."""

    gram: int
    """As int4."""
    messages: int
    """How many have it."""
    packed: bytes | None
    """Those messages; None where there are too many to be read."""


@dataclass(frozen=True)
class Question:
    """What is asked for: the pairs of an opening, sorted, how often they stand there and how common they are otherwise."""

    grams: Ids
    counts: Floats
    shares: Floats
    worth: Floats
    """What a posting adds, by its mark, per unit of weight of its pair."""

    @classmethod
    def of(cls, message: Message, background: Background) -> Self:
        _, grams, counts = _counted([message])
        mine, theirs = _county(message.region), _marks % _COUNTIES
        elsewhere = (theirs > 0) & (theirs != mine) if mine else np.zeros(_MARKS, dtype=bool)
        worth = np.where(elsewhere, _OTHER_COUNTY, 1.0) * _WORTH
        return cls(grams, 1 + np.log(counts), np.exp(-background.weights(grams)), worth)

    @property
    def codes(self) -> list[int]:
        """The pairs as int4."""
        return (self.grams - 2**31).tolist()

    def best(
        self, rows: Sequence[Row], fresh: Sequence[tuple[int, bytes]], *, pool: int, newest: int, most: int
    ) -> Found:
        """The `most` messages that share the most weight.

        `rows` are what `pool` messages have, one row for a pair; `fresh` are messages that are in no row yet, by id. No id is
        above `newest`. What stands in both counts once.
        """
        weights = self.weights(rows, pool)
        back, worth = self._of_rows([row for row in rows if row.packed is not None], weights, newest)
        new_back, new_sums = self._of_fresh(fresh, weights, newest)
        span = 1 + max(back.max(initial=-1), new_back.max(initial=-1))
        # Of nothing bincount makes whole numbers, whatever the weights are.
        sums = np.bincount(back, worth, minlength=span).astype(np.float64, copy=False)
        sums[new_back] = new_sums
        chosen = _largest(sums, most)
        return Found(newest - chosen, sums[chosen])

    def weights(self, rows: Sequence[Row], pool: int) -> Floats:
        """How telling each pair is in this pool; of a small one less is believed than of the background.

        Only the order of candidates hangs on it. Probabilities stand on the background alone.
        """
        counts, is_read = np.zeros(len(self.grams)), np.ones(len(self.grams))
        at = self._places(rows)
        counts[at] = [row.messages for row in rows]
        is_read[at] = [row.packed is not None for row in rows]
        shares = (counts + _BELIEVED * self.shares) / (pool + _BELIEVED)
        return np.log(np.maximum(shares, RAREST)) ** 2 * self.counts * is_read

    def _places(self, rows: Sequence[Row]) -> Ids:
        return np.searchsorted(self.grams, np.array([row.gram for row in rows], np.int64) + 2**31)

    def _of_rows(self, rows: Sequence[Row], weights: Floats, newest: int) -> tuple[Ids, Floats]:
        """(how far back from the newest id, what it adds) of every posting."""
        values = np.frombuffer(b"".join(row.packed for row in rows), "<u4")
        added = np.repeat(weights[self._places(rows)], [len(row.packed) // 4 for row in rows])
        return (newest - (values >> MARK_BITS).astype(np.int64)) & _LAST_ID, added * self.worth[values & (_MARKS - 1)]

    def _of_fresh(self, fresh: Sequence[tuple[int, bytes]], weights: Floats, newest: int) -> tuple[Ids, Floats]:
        owners, grams, marks = unpacked([words for _, words in fresh])
        places = np.minimum(np.searchsorted(self.grams, grams), max(len(self.grams) - 1, 0))
        asked = self.grams[places] == grams if len(self.grams) else np.zeros(len(grams), dtype=bool)
        added = weights[places[asked]] * self.worth[marks[asked]]
        ids = np.array([number for number, _ in fresh], np.int64)
        return newest - ids, np.bincount(owners[asked], added, minlength=len(fresh)).astype(np.float64)


def _county(region: str) -> int:
    """A small number for the county of an administrative code, 0 where none is known: two of them may share a number."""
    digits = region[4:6]
    return 1 + int(digits) % (_COUNTIES - 1) if digits.isdecimal() and digits != "00" else 0


def _counted(messages: Sequence[Message]) -> tuple[Ids, Ids, Floats]:
    """(message, pair, how often it stands in the opening, with the title counted twice)."""
    titles = pairs([message.heading for message in messages])
    texts = pairs([message.text[:OPENING] for message in messages])
    title_keys = titles.owners << 32 | titles.ids
    keys, counts = np.unique(
        np.concatenate([title_keys, title_keys, texts.owners << 32 | texts.ids]), return_counts=True
    )
    return keys >> 32, keys & 0xFFFFFFFF, counts.astype(np.float64)


def _largest(sums: Floats, most: int) -> Ids:
    """Places of the largest sums above nothing, the largest first; of equal ones the first."""
    # Few stand out among a million: sorting those above a cut costs a tenth of partitioning all.
    cut = sums.max(initial=0.0) / 4
    chosen = np.flatnonzero(sums > cut)
    while len(chosen) < most and cut > 1e-6:
        cut /= 2
        chosen = np.flatnonzero(sums > cut)
    order = np.lexsort((chosen, -sums[chosen]))
    return chosen[order[:most]]
