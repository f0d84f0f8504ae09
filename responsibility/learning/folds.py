"""Parting rows for a fair measurement: what was said twice stays together, each part has its share of every label."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from responsibility.learning.examples import Example
from responsibility.learning.features import pairs_of

Ids = npt.NDArray[np.int64]

NEAR: Final = 0.5
"""Cosine over the rarer pairs from which two messages are one that was sent twice, perhaps with a word changed."""
_RARE_SHARE: Final = 0.02
_RARE_LEAST: Final = 10


def near_duplicates(examples: Sequence[Example]) -> Ids:
    """The number of each message's group; one with no near-duplicate has a group of its own."""
    first: dict[tuple[str, str], int] = {}
    same = [first.setdefault((example.topic, example.text), len(first)) for example in examples]
    return _alike([Example(topic, text, "") for topic, text in first])[same]


def _alike(examples: Sequence[Example]) -> Ids:
    ids, owners = pairs_of(examples)
    _, columns, counts = np.unique(ids, return_inverse=True, return_counts=True)
    # A pair that many say tells nothing of two and would make most of the work.
    rare = (counts <= max(_RARE_SHARE * len(examples), _RARE_LEAST))[columns]
    says = sparse.csr_array(
        (np.ones(rare.sum(), np.float32), (owners[rare], columns[rare])), shape=(len(examples), len(counts))
    )
    sizes = np.maximum(np.bincount(owners[rare], minlength=len(examples)), 1).astype(np.float32)
    says = sparse.diags_array(1 / np.sqrt(sizes)) @ says
    alike = sparse.coo_array(says @ says.T)
    near = alike.data >= NEAR
    return _connected(len(examples), alike.row[near], alike.col[near])


def _connected(count: int, one: npt.NDArray[np.integer], other: npt.NDArray[np.integer]) -> Ids:
    """The number of each row's group: those that pairs join, at any remove. Each pair is given both ways."""
    groups, before = np.arange(count), None
    while before is None or (groups != before).any():
        before = groups.copy()
        np.minimum.at(groups, one, before[other])
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def part(labels: Ids, groups: Ids, count: int) -> Ids:
    """The number of the fold of each row: whole groups, the rarer labels spread as evenly as the common ones."""
    members: dict[int, list[int]] = {}
    # A fixed shuffle: files are often sorted by date or label.
    for row in np.random.default_rng(0).permutation(len(labels)):
        members.setdefault(int(groups[row]), []).append(int(row))
    held = np.zeros((count, labels.max() + 1), np.int64)
    fold = np.zeros(len(labels), np.int64)
    for rows in sorted(members.values(), key=len, reverse=True):
        here = np.bincount(labels[rows], minlength=held.shape[1])
        chosen = np.lexsort((held.sum(axis=1), held[:, here.argmax()]))[0]
        fold[rows] = chosen
        held[chosen] += here
    return fold
