"""Do two messages report the same matter? Features of pairs, and the probability that a small logistic makes of them. Pure."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from scipy import sparse

from channels_merge.matching.background import HEAVIEST
from channels_merge.matching.grams import Ids
from channels_merge.matching.profiles import Floats, Profiles, Rows, Runs, metres

RARE: Final = 1 / 200
"""Grams in fewer matters than this are mostly names and objects; the others say what is wrong."""
TELLING: Final = 3.0
"""Weight from which a shared stretch counts: two characters that one matter in twenty has."""
UNKNOWN_TOPIC: Final = 0.3
"""Where one of them is about none of the ordinary matters: what two messages at random have in common."""
NEAR: Final = 200.0
"""Metres: two reports of one lamp or one building site are nearer."""
FAR: Final = 1000.0
_CHUNK: Final = 20_000

# What `run.py bench fit` prints, and what each means: docs/adr/0007-merging-engine.md. Fitted together, so none is read alone.
BIAS: Final = -12.55
FITTED: Final = {
    "rare_title_least": 7.1,
    "mass": 0.75,
    "stretches": 1.95,
    "third_stretch": 0.2,
    "title_stretches_most": 1.7,
    "title_stretches_least": 1.1,
    "near": 1.75,
    "topics": 1.95,
    "template": -5.9,
    "districts_differ": -2.15,
}
BY_HAND: Final = {
    # The judged messages have no codes.
    "regions_differ": -1.5,
    "categories_differ": -2.5,
    "same_caller": 0.5,
    # They have no positions either.
    "close_by": 0.75,
    "far_apart": -1.0,
}
COEFFICIENTS: Final = FITTED | BY_HAND
FEATURES: Final = tuple(COEFFICIENTS)


def probabilities(profiles: Profiles, left: Ids, right: Ids) -> Floats:
    """How probable it is that one handling settles both, 0 to 1, for many pairs of row numbers; for one new message, `left`
    is its row repeated.
    """
    weights = np.array(list(COEFFICIENTS.values()))
    return 1 / (1 + np.exp(-(pair_features(profiles, left, right) @ weights + BIAS)))


def pair_features(profiles: Profiles, left: Ids, right: Ids) -> Floats:
    """One row per pair of row numbers. Symmetric: exchanging `left` and `right` changes nothing."""
    pair = _Pair(profiles)
    parts = [pair.features(left[i : i + _CHUNK], right[i : i + _CHUNK]) for i in range(0, len(left), _CHUNK)]
    return np.concatenate(parts) if parts else np.empty((0, len(FEATURES)))


def opening_vectors(profiles: Profiles) -> Rows:
    """Unit rows: title twice and the first characters of the text, damped counts times how rare the gram is."""
    counts = profiles.openings
    damped = sparse.csr_array((1 + np.log(counts.data), counts.indices, counts.indptr), shape=counts.shape)
    return _unit(_weighted(damped, profiles.weights))


def _unit(rows: Rows) -> Rows:
    lengths = np.maximum(np.sqrt(rows.power(2).sum(axis=1)), 1e-9)
    return sparse.csr_array(
        (rows.data / np.repeat(lengths, np.diff(rows.indptr)), rows.indices, rows.indptr), rows.shape
    )


class _Pair:
    """What the features of every pair of the same profiles need, made once."""

    def __init__(self, profiles: Profiles):
        self.profiles = profiles
        self.rare = np.where(profiles.weights > -np.log(RARE), profiles.weights, 0)
        self.openings = opening_vectors(profiles)
        self.rare_titles = np.maximum(profiles.titles @ self.rare, 1e-9)
        self.title_matches = _Matches(profiles, profiles.title_runs)
        self.head_matches = _Matches(profiles, profiles.head_runs)

    def features(self, left: Ids, right: Ids) -> Floats:
        profiles = self.profiles
        heads = self.head_matches.both_ways(left, right)
        titles = self.title_matches.both_ways(left, right)
        apart = np.abs(profiles.days[left] - profiles.days[right])
        openings = _Shared.of(self.openings, self.openings, left, right)
        return np.column_stack(
            [
                np.minimum(self._rare_title(left, right), self._rare_title(right, left)),
                np.log1p(openings.sums(self.rare) / HEAVIEST),
                np.minimum(*heads[0]),
                np.minimum(*heads[1]),
                np.maximum(*titles[0]),
                np.minimum(*titles[0]),
                np.where(np.isnan(apart), 0.5, np.exp(-apart / 60)),
                _topics(profiles.topics[left], profiles.topics[right]),
                names_differ(profiles.opening_names, profiles.names, left, right) * openings.sums(),
                _differ(profiles.districts, profiles.districts, left, right),
                *_known(profiles, left, right),
                *_distances(metres(profiles.positions[left], profiles.positions[right])),
            ]
        )

    def _rare_title(self, mine: Ids, theirs: Ids) -> Floats:
        """The share of my title's rare grams that their text has."""
        shared = _Shared.of(self.profiles.titles, self.profiles.texts, mine, theirs)
        return shared.sums(self.rare) / self.rare_titles[mine]


class _Matches:
    """The stretches of one message's beginning that stand in another's text.

    A name and what is wrong there are two stretches; the same name alone, or the same complaint alone, is one. That is
    what tells a partner from a neighbour, more than how much is shared in all.
    """

    def __init__(self, profiles: Profiles, runs: Runs):
        texts = profiles.texts
        self.width = texts.shape[1]
        self.runs = runs
        self.weights = profiles.weights[runs.columns]
        owners = np.repeat(np.arange(texts.shape[0], dtype=np.int64), np.diff(texts.indptr))
        self.keys = owners * self.width + texts.indices

    def both_ways(self, left: Ids, right: Ids) -> list[tuple[Floats, Floats]]:
        """Two things, each from left to right and from right to left: log count of telling stretches, log weight of the third."""
        return list(zip(self._one_way(left, right), self._one_way(right, left), strict=True))

    def _one_way(self, mine: Ids, theirs: Ids) -> tuple[Floats, Floats]:
        pairs, weights = self._stretches(mine, theirs)
        count = np.bincount(pairs[weights > TELLING], minlength=len(mine))
        order = np.lexsort((-weights, pairs))
        pairs, weights = pairs[order], weights[order]
        third = np.zeros(len(mine))
        is_third = np.arange(len(pairs)) - np.searchsorted(pairs, pairs) == 2
        third[pairs[is_third]] = weights[is_third]
        return np.log1p(count), np.log1p(third)

    def _stretches(self, mine: Ids, theirs: Ids) -> tuple[Ids, Floats]:
        """(number of the pair, weight) of every unbroken stretch."""
        lengths = self.runs.starts[mine + 1] - self.runs.starts[mine]
        pair = np.repeat(np.arange(len(mine)), lengths)
        before = np.cumsum(lengths) - lengths
        at = np.arange(len(pair)) - np.repeat(before - self.runs.starts[mine], lengths)
        hit = self._has(theirs[pair], self.runs.columns[at])
        goes_on = np.zeros(len(pair), dtype=bool)
        goes_on[1:] = hit[:-1] & (pair[1:] == pair[:-1]) & (self.runs.runs[at[1:]] == self.runs.runs[at[:-1]])
        starts = hit & ~goes_on
        number = np.cumsum(starts) - 1
        weights = np.bincount(number[hit], weights=self.weights[at[hit]], minlength=int(starts.sum()))
        return pair[starts], weights.astype(np.float64)

    def _has(self, rows: Ids, columns: Ids) -> np.ndarray:
        wanted = rows * self.width + columns
        if not len(self.keys):
            return np.zeros(len(wanted), dtype=bool)
        return self.keys[np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)] == wanted


def _topics(mine: Floats, theirs: Floats) -> Floats:
    """Whether both are about the same ordinary matters: the cosine of what each is like."""
    told = mine.any(axis=1) & theirs.any(axis=1)
    return np.where(told, (mine * theirs).sum(axis=1), UNKNOWN_TOPIC)


def _known(profiles: Profiles, left: Ids, right: Ids) -> tuple[Floats, Floats, Floats]:
    """What only the product knows, pair by pair: regions differ, categories differ, same caller."""
    regions, categories, callers = [], [], []
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        mine, theirs = profiles.messages[a], profiles.messages[b]
        regions.append(regions_differ(mine.region, theirs.region))
        categories.append(bool(mine.category and theirs.category and mine.category != theirs.category))
        callers.append(bool(mine.caller and mine.caller == theirs.caller))
    return np.array(regions, float), np.array(categories, float), np.array(callers, float)


def _distances(apart: Floats) -> tuple[Floats, Floats]:
    """How close by, 1 at one spot and 0 from `NEAR` on; how far apart, 0 up to there and 1 from `FAR` on. Unknown is neither."""
    close = np.clip(1 - apart / NEAR, 0, 1)
    far = np.clip((apart - NEAR) / (FAR - NEAR), 0, 1)
    return np.nan_to_num(close), np.nan_to_num(far)


def regions_differ(a: str, b: str) -> bool:
    """Both are known and neither lies in the other, by its code or by who governs it."""
    return bool(a and b) and not _lies_in(a, b) and not _lies_in(b, a)


def _lies_in(place: str, area: str) -> bool:
    own, _, _ = area.partition(" ")
    return any(code.startswith(own) for code in place.split())


def names_differ(opening: Rows, anywhere: Rows, left: Ids, right: Ids) -> Floats:
    """1 where both open by naming something, and neither's names are anywhere in the other."""
    return np.minimum(_differ(opening, anywhere, left, right), _differ(opening, anywhere, right, left))


def _differ(mine: Rows, theirs: Rows, left: Ids, right: Ids) -> Floats:
    """1 where both name something and nothing of mine is among theirs."""
    some = np.diff(mine.indptr) > 0
    return (some[left] & some[right] & (_Shared.of(mine, theirs, left, right).sums() == 0)).astype(float)


@dataclass(frozen=True)
class _Shared:
    """The cells that two rows of a pair both have, and the product of what stands in them."""

    pairs: Ids
    columns: Ids
    products: Floats
    count: int

    @classmethod
    def of(cls, a: Rows, b: Rows, left: Ids, right: Ids) -> Self:
        both = sparse.csr_array(a[left].multiply(b[right]))
        return cls(np.repeat(np.arange(len(left)), np.diff(both.indptr)), both.indices, both.data, len(left))

    def sums(self, weights: Floats | None = None) -> Floats:
        """For each pair: of the products, or of these weights of the columns."""
        added = self.products if weights is None else weights[self.columns]
        # Of nothing bincount makes whole numbers, whatever the weights are.
        return np.bincount(self.pairs, added, minlength=self.count).astype(np.float64, copy=False)


def _weighted(rows: Rows, weights: Floats) -> Rows:
    return sparse.csr_array((rows.data * weights[rows.indices], rows.indices, rows.indptr), shape=rows.shape)
