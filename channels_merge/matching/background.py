"""How common each gram is: the fixed ground on which every weight stands."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from channels_merge.matching.grams import Ids, stream

RAREST: Final = 1 / 2000
"""Grams in fewer messages than this share all weigh the same, so the weights, and with them the thresholds, do not grow with
the pool, and a background holds some ten thousand grams however many messages it was counted over."""
_BATCH: Final = 2000


@dataclass(frozen=True)
class Background:
    """The share of messages that have each gram, for the grams that are not rare. Data of the product, not code: counted once
    over the pool with `of`, kept, and renewed only on purpose.
    """

    ids: Ids
    shares: npt.NDArray[np.float64]
    messages: int

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Count over texts (title and text together), in one pass that holds a batch at a time."""
        rest = iter(texts)
        ids, counts, messages = np.empty(0, np.int64), np.empty(0, np.int64), 0
        while batch := list(islice(rest, _BATCH)):
            messages += len(batch)
            found, times = _document_counts(batch)
            ids, counts = _add(ids, counts, found, times)
        if not messages:
            return cls(ids, np.empty(0), 0)
        shares = counts / messages
        common = shares > RAREST
        return cls(ids[common], shares[common], messages)

    def weights(self, ids: Ids) -> npt.NDArray[np.float64]:
        """Natural logarithm of how rare each gram is: 0 where every message has it, at most `HEAVIEST`."""
        result = np.full(len(ids), HEAVIEST)
        if len(self.ids):
            at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
            known = self.ids[at] == ids
            result[known] = -np.log(self.shares[at[known]])
        return result


HEAVIEST: Final = -math.log(RAREST)


def _document_counts(texts: Sequence[str]) -> tuple[Ids, Ids]:
    ids, owner = stream(texts)
    order = np.lexsort((owner, ids))
    ids, owner = ids[order], owner[order]
    first = np.ones(len(ids), dtype=bool)
    first[1:] = (ids[1:] != ids[:-1]) | (owner[1:] != owner[:-1])
    return np.unique(ids[first], return_counts=True)


def _add(ids: Ids, counts: Ids, more: Ids, times: Ids) -> tuple[Ids, Ids]:
    united, place = np.unique(np.concatenate([ids, more]), return_inverse=True)
    return united, np.bincount(place, weights=np.concatenate([counts, times])).astype(np.int64)
