"""Which pairs of a file are worth scoring: sparse products of the openings, a block of rows at a time. Pure."""

from typing import Final

import numpy as np
from scipy import sparse

from channels_merge.matching.grams import Ids
from channels_merge.matching.profiles import Profiles
from channels_merge.matching.scoring import opening_vectors

TOO_COMMON: Final = 1 / 20
FEW: Final = 200
"""Grams of more messages than this share, and than these, point at nobody; leaving them out saves most of the work."""
LEAST: Final = 0.025
MOST: Final = 500
BLOCK: Final = 512


def candidate_pairs(profiles: Profiles) -> tuple[Ids, Ids]:
    """(left, right) row numbers, left < right, each pair once: for every message its `MOST` nearest by opening."""
    vectors = opening_vectors(profiles)
    often = np.bincount(vectors.indices, minlength=vectors.shape[1])
    telling = often <= max(FEW, TOO_COMMON * len(profiles))
    vectors = sparse.csr_array(vectors * telling[None, :])
    vectors.eliminate_zeros()
    turned = sparse.csc_array(vectors.T).tocsr()
    found = [
        _nearest(sparse.csr_array(vectors[start : start + BLOCK] @ turned), start)
        for start in range(0, len(profiles), BLOCK)
    ]
    keys = np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
    return keys // max(len(profiles), 1), keys % max(len(profiles), 1)


def _nearest(block: sparse.csr_array, start: int) -> Ids:
    keys: list[Ids] = []
    count = block.shape[1]
    for row in range(block.shape[0]):
        part = slice(block.indptr[row], block.indptr[row + 1])
        others, alike = block.indices[part], block.data[part]
        kept = (alike > LEAST) & (others != row + start)
        others, alike = others[kept].astype(np.int64), alike[kept]
        if len(others) > MOST:
            others = others[np.argpartition(-alike, MOST)[:MOST]]
        keys.append(np.minimum(others, row + start) * count + np.maximum(others, row + start))
    return np.concatenate(keys)
