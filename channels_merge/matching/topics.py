"""What a message is about: how like it is to each of the ordinary matters of `ordinary`, our own sentences. Pure.

Two people tell of one trouble in different words, and of two troubles of one village with the same name. The sentences are a
thesaurus: 灯不亮 and 路灯坏了 stand in one of them, 自来水发黄 in another.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import sparse

from channels_merge.matching.grams import Ids, Letters
from channels_merge.matching.ordinary import MATTERS

Floats = npt.NDArray[np.float64]


def topics(ids: Ids, openings: sparse.csr_array) -> Floats:
    """A row of unit length for each message, a column for each ordinary matter; only zeros where it says nothing of any.

    `ids` are the grams of the columns of `openings`, ones where the gram stands.
    """
    known, likeness = _likeness()
    at = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    columns = np.flatnonzero(known[at] == ids)
    found = np.asarray(openings[:, columns] @ likeness[at[columns]]) ** 2
    return found / np.maximum(np.sqrt((found**2).sum(axis=1, keepdims=True)), 1e-9)


@cache
def _likeness() -> tuple[Ids, Floats]:
    """(grams of the ordinary matters, what each adds to the likeness to each of them)."""
    grams = Letters.of(MATTERS).grams()
    ids, columns = np.unique(grams.ids, return_inverse=True)
    has = np.zeros((len(ids), len(MATTERS)))
    has[columns, grams.owners] = 1
    weights = np.log(len(MATTERS) / has.sum(axis=1, keepdims=True))
    lengths = np.sqrt((has * weights**2).sum(axis=0))
    return ids, has * weights**2 / lengths
