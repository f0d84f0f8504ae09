"""How common each gram is: the fixed ground on which every weight stands."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from channels_merge.matching import ordinary
from channels_merge.matching.grams import Ids, Letters

RAREST: Final = 1 / 2000
"""Grams in fewer matters than this share all weigh the same: so weights, and with them the thresholds, do not grow with the
pool, and a background holds some hundred thousand grams at most, however many matters it was counted over."""
HEAVIEST: Final = -math.log(RAREST)
ORDINARY: Final = 10
"""How many matters each ordinary sentence counts for: until some thousand are told, few of them do not make a name common."""
_BATCH: Final = 2000


@dataclass(frozen=True)
class Background:
    """The share of matters that have each gram, for the grams that are not rare.

    Data of the product, not code: counted over the pool, kept, and counted anew only on purpose, so a score means the
    same tomorrow. One matter counts once: a matter that hundreds report would else make its own name common.
    """

    ids: Ids
    shares: npt.NDArray[np.float64]
    matters: int
    """How many it was counted over, the ordinary sentences not among them."""

    @classmethod
    def of(cls, matters: Iterable[str]) -> Self:
        """Count over one text per matter: its messages, titles too, joined by line breaks. Holds a batch at a time.

        The ordinary sentences are counted with them, so a background of nothing already knows what is ordinary.
        """
        sentences, rest = ordinary.sentences(), iter(matters)
        ids, counts = _document_counts(sentences)
        counts, total = counts * ORDINARY, len(sentences) * ORDINARY
        while batch := list(islice(rest, _BATCH)):
            total += len(batch)
            ids, counts = _add(ids, counts, *_document_counts(batch))
        shares = counts / total
        common = shares > RAREST
        return cls(ids[common], shares[common], total - len(sentences) * ORDINARY)

    def weights(self, ids: Ids) -> npt.NDArray[np.float64]:
        """Natural logarithm of how rare each gram is: near 0 where every matter has it, at most `HEAVIEST`."""
        result = np.full(len(ids), HEAVIEST)
        if len(self.ids):
            at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
            known = self.ids[at] == ids
            result[known] = -np.log(self.shares[at[known]])
        return result


def _document_counts(texts: Sequence[str]) -> tuple[Ids, Ids]:
    ids, owners, _ = Letters.of(texts).grams()
    order = np.lexsort((owners, ids))
    ids, owners = ids[order], owners[order]
    first = np.ones(len(ids), dtype=bool)
    first[1:] = (ids[1:] != ids[:-1]) | (owners[1:] != owners[:-1])
    return np.unique(ids[first], return_counts=True)


def _add(ids: Ids, counts: Ids, more: Ids, times: Ids) -> tuple[Ids, Ids]:
    united, place = np.unique(np.concatenate([ids, more]), return_inverse=True)
    return united, np.bincount(place, weights=np.concatenate([counts, times]), minlength=len(united)).astype(np.int64)
