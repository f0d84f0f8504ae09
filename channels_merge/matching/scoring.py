"""Do two messages report the same matter? Features of pairs, and the probability that a small logistic makes of them. Pure."""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from channels_merge.matching.background import HEAVIEST, Background
from channels_merge.matching.grams import Ids
from channels_merge.matching.profiles import Message, Profiles, Rows

Floats = npt.NDArray[np.float64]

FEATURES: Final = (
    "opening",
    "whole",
    "title",
    "title_in_text",
    "title_in_text_least",
    "rare",
    "common",
    "mass",
    "near",
    "districts_shared",
    "districts_differ",
    "names_shared",
    "names_differ",
)
RARE: Final = 1 / 200
"""Grams in fewer messages than this are mostly names and objects; the others say what is wrong."""
CHUNK: Final = 20_000

# Fitted on pairs judged by reading: docs/adr/0007-merging-engine.md.
BIAS: Final = -4.2
COEFFICIENTS: Final = {
    "opening": 6.0,
    "whole": 4.0,
    "title": 2.0,
    "title_in_text": 3.0,
    "title_in_text_least": 3.0,
    "rare": 2.0,
    "common": 1.0,
    "mass": 0.3,
    "near": 0.5,
    "districts_shared": 0.2,
    "districts_differ": -1.5,
    "names_shared": 0.7,
    "names_differ": -1.0,
}


def features(a: Message, b: Message, background: Background) -> Floats:
    """The features of one pair, in the order of `FEATURES`; the same either way round."""
    return pair_features(Profiles.of([a, b], background), np.array([0]), np.array([1]))[0]


def pair_features(profiles: Profiles, left: Ids, right: Ids) -> Floats:
    """One row per pair of row numbers. Symmetric: exchanging `left` and `right` changes nothing."""
    columns = _Columns(profiles)
    parts = [columns.of(left[i : i + CHUNK], right[i : i + CHUNK]) for i in range(0, len(left), CHUNK)]
    return np.concatenate(parts) if parts else np.empty((0, len(FEATURES)))


def opening_vectors(profiles: Profiles) -> Rows:
    """Unit rows: title twice and the first characters of the text, sublinear counts times how rare the gram is."""
    return _unit(sparse.csr_array(_sublinear(profiles.openings) * profiles.weights[None, :]))


def probability(a: Message, b: Message, background: Background) -> float:
    """How probable it is that one handling settles both, 0 to 1."""
    return float(probabilities(Profiles.of([a, b], background), np.array([0]), np.array([1]))[0])


def probabilities(profiles: Profiles, left: Ids, right: Ids) -> Floats:
    """The same for many pairs of row numbers; for one new message, `left` is its row repeated."""
    weights = np.array([COEFFICIENTS[name] for name in FEATURES])
    return 1 / (1 + np.exp(-(pair_features(profiles, left, right) @ weights + BIAS)))


class _Columns:
    def __init__(self, profiles: Profiles):
        weights = profiles.weights
        rare = weights > -np.log(RARE)
        opening = _sublinear(profiles.openings) * weights[None, :]
        self.openings = _unit(sparse.csr_array(opening))
        self.commons = _unit(sparse.csr_array(opening * (~rare)[None, :]))
        self.wholes = _unit(sparse.csr_array(profiles.texts * weights[None, :]))
        self.titles = _unit(sparse.csr_array(profiles.titles * weights[None, :]))
        self.weighted_titles = sparse.csr_array(profiles.titles * weights[None, :])
        self.title_sums = np.maximum(self.weighted_titles.sum(axis=1), 1e-9)
        self.texts = profiles.texts
        present = sparse.csr_array(
            (np.ones(profiles.openings.nnz, np.float32), profiles.openings.indices, profiles.openings.indptr),
            shape=profiles.openings.shape,
        )
        self.rares = sparse.csr_array(present * (np.sqrt(weights) * rare)[None, :])
        self.rare_sums = np.maximum(self.rares.power(2).sum(axis=1), 1e-9)
        self.days = profiles.days
        self.names, self.districts = profiles.names, profiles.districts

    def of(self, left: Ids, right: Ids) -> Floats:
        mine = _dot(self.weighted_titles, self.texts, left, right) / self.title_sums[left]
        theirs = _dot(self.weighted_titles, self.texts, right, left) / self.title_sums[right]
        rare = _dot(self.rares, self.rares, left, right)
        apart = np.abs(self.days[left] - self.days[right])
        columns = [
            _dot(self.openings, self.openings, left, right),
            _dot(self.wholes, self.wholes, left, right),
            _dot(self.titles, self.titles, left, right),
            np.maximum(mine, theirs),
            np.minimum(mine, theirs),
            rare / np.minimum(self.rare_sums[left], self.rare_sums[right]),
            _dot(self.commons, self.commons, left, right),
            np.log1p(rare / HEAVIEST),
            np.where(np.isnan(apart), 0.5, np.exp(-apart / 60)),
            *_agreement(self.districts, left, right),
            *_agreement(self.names, left, right),
        ]
        return np.column_stack(columns)


def _agreement(rows: Rows, left: Ids, right: Ids) -> tuple[Floats, Floats]:
    """(they share one, both name some and share none), as 0 and 1."""
    shared = _dot(rows, rows, left, right) > 0
    some = np.diff(rows.indptr) > 0
    return shared.astype(float), (some[left] & some[right] & ~shared).astype(float)


def _sublinear(rows: Rows) -> Rows:
    return sparse.csr_array((1 + np.log(rows.data), rows.indices, rows.indptr), shape=rows.shape)


def _unit(rows: Rows) -> Rows:
    lengths = np.sqrt(rows.power(2).sum(axis=1))
    scale = np.repeat(1 / np.maximum(lengths, 1e-9), np.diff(rows.indptr))
    return sparse.csr_array((rows.data * scale, rows.indices, rows.indptr), shape=rows.shape)


def _dot(a: Rows, b: Rows, left: Ids, right: Ids) -> Floats:
    return np.asarray(a[left].multiply(b[right]).sum(axis=1), dtype=np.float64).ravel()
