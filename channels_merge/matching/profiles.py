"""Messages made ready for comparing: sparse rows of weighted grams, names and days. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from channels_merge.matching.background import Background
from channels_merge.matching.grams import Ids, stream
from channels_merge.matching.names import districts, named

OPENING: Final = 200
"""People open with the matter and close with their feelings."""

Rows: TypeAlias = sparse.csr_array


@dataclass(frozen=True, slots=True)
class Message:
    """What is known of one message. Empty means not known, and what is not known speaks neither for nor against.

    `region` is the administrative code, of a county or of a township whose code begins with its county's; `caller` is any
    stable mark of the person (a blind index, never the number itself).
    """

    title: str
    text: str
    at: datetime | None = None
    region: str = ""
    category: str = ""
    caller: str = ""

    @property
    def words(self) -> str:
        return f"{self.title}\n{self.text}"

    @property
    def opening(self) -> str:
        return f"{self.title}\n{self.text[:OPENING]}"


@dataclass(frozen=True)
class Profiles:
    """Many messages, one row each. Made in one sweep; a row of it means nothing to other profiles."""

    messages: Sequence[Message]
    weights: npt.NDArray[np.float64]
    """Of the grams, by column."""
    titles: Rows
    openings: Rows
    texts: Rows
    """1 where the gram occurs in title or text."""
    days: npt.NDArray[np.float64]
    """Since 1970; nan where not known."""
    names: Rows
    districts: Rows

    @classmethod
    def of(cls, messages: Sequence[Message], background: Background) -> Self:
        titles, title_of = stream([message.title or message.text[:40] for message in messages])
        openings, opening_of = stream([message.text[:OPENING] for message in messages])
        texts, text_of = stream([message.words for message in messages])
        ids, columns = np.unique(np.concatenate([titles, openings, texts]), return_inverse=True)
        title_at, opening_at, text_at = np.split(columns, [len(titles), len(titles) + len(openings)])
        shape = (len(messages), len(ids))
        title_rows = _counted(title_of, title_at, shape)
        return cls(
            messages,
            background.weights(ids),
            _present(title_rows),
            2 * title_rows + _counted(opening_of, opening_at, shape),
            _present(_counted(text_of, text_at, shape)),
            np.array([message.at.timestamp() / 86400 if message.at else np.nan for message in messages]),
            _named(messages, named),
            _named(messages, districts),
        )

    def __len__(self) -> int:
        return len(self.messages)


def _counted(owner: Ids, columns: Ids, shape: tuple[int, int]) -> Rows:
    rows = sparse.csr_array((np.ones(len(owner), np.float32), (owner, columns)), shape=shape)
    rows.sum_duplicates()
    return rows


def _present(rows: Rows) -> Rows:
    return sparse.csr_array((np.ones(rows.nnz, np.float32), rows.indices, rows.indptr), shape=rows.shape)


def _named(messages: Sequence[Message], find: Callable[[str], Iterable[str]]) -> Rows:
    columns: dict[str, int] = {}
    owners, at = [], []
    for row, message in enumerate(messages):
        for name in sorted(find(message.opening)):
            owners.append(row)
            at.append(columns.setdefault(name, len(columns)))
    return _counted(np.array(owners, np.int64), np.array(at, np.int64), (len(messages), len(columns) or 1))
