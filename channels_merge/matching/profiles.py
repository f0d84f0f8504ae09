"""Messages made ready for comparing: sparse rows of grams, the runs of their beginnings, names and days. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from channels_merge.matching.background import Background
from channels_merge.matching.grams import Ids, pairs, stream
from channels_merge.matching.names import districts, named, telling

OPENING: Final = 200
"""People open with the matter and close with their feelings."""
HEAD: Final = 100
LONGEST: Final = 4000
"""A text of a megabyte says nothing more about its matter than its first pages."""

Rows: TypeAlias = sparse.csr_array
Floats: TypeAlias = npt.NDArray[np.float64]
_DAY: Final = 86400


@dataclass(frozen=True, slots=True)
class Message:
    """What is known of one message. Empty means not known, and what is not known speaks neither for nor against.

    `region` is the administrative code, of a county or of a township whose code begins with its county's; `caller` is any
    stable mark of the person (a blind index, never the number itself). A message without a title has its first words
    for one.
    """

    title: str
    text: str
    at: datetime | None = None
    region: str = ""
    category: str = ""
    caller: str = ""

    @property
    def heading(self) -> str:
        return self.title if self.title.strip() else self.text[:40]

    @property
    def words(self) -> str:
        return f"{self.title}\n{self.text[:LONGEST]}"

    @property
    def opening(self) -> str:
        return f"{self.title}\n{self.text[:OPENING]}"

    @property
    def head(self) -> str:
        return f"{self.title}\n{self.text[:HEAD]}"


@dataclass(frozen=True)
class Runs:
    """The pairs of each message's beginning in their order: those of message i are from `starts[i]` to `starts[i + 1]`."""

    columns: Ids
    runs: Ids
    starts: Ids

    @classmethod
    def of(cls, texts: Sequence[str], columns: Ids) -> Self:
        found = pairs(texts)
        starts = np.searchsorted(found.owners, np.arange(len(texts) + 1))
        return cls(np.searchsorted(columns, found.ids), found.runs, starts)


@dataclass(frozen=True)
class Profiles:
    """Many messages, one row each, made in one sweep. A row number means nothing to other profiles."""

    messages: Sequence[Message]
    weights: Floats
    """How rare the gram of each column is."""
    titles: Rows
    openings: Rows
    """Occurrences, those of the title twice."""
    texts: Rows
    title_runs: Runs
    head_runs: Runs
    opening_names: Rows
    names: Rows
    districts: Rows

    @classmethod
    def of(cls, messages: Sequence[Message], background: Background) -> Self:
        titles, title_of = stream([message.heading for message in messages])
        openings, opening_of = stream([message.text[:OPENING] for message in messages])
        texts, text_of = stream([message.words for message in messages])
        ids, columns = np.unique(np.concatenate([titles, openings, texts]), return_inverse=True)
        title_at, opening_at, text_at = np.split(columns, [len(titles), len(titles) + len(openings)])
        shape = (len(messages), len(ids))
        title_rows = _counted(title_of, title_at, shape)
        opening_names, names = _names(messages, background)
        return cls(
            messages,
            background.weights(ids),
            present(title_rows),
            sparse.csr_array(2 * title_rows + _counted(opening_of, opening_at, shape)),
            present(_counted(text_of, text_at, shape)),
            Runs.of([message.heading for message in messages], ids),
            Runs.of([message.head for message in messages], ids),
            opening_names,
            names,
            _districts(messages),
        )

    def __len__(self) -> int:
        return len(self.messages)

    @cached_property
    def days(self) -> Floats:
        """Since 1970; nan where the time is not known."""
        return np.array([message.at.timestamp() / _DAY if message.at else np.nan for message in self.messages])


def present(rows: Rows) -> Rows:
    return sparse.csr_array((np.ones(rows.nnz, np.float32), rows.indices, rows.indptr), shape=rows.shape)


def _counted(owners: Ids, columns: Ids, shape: tuple[int, int]) -> Rows:
    rows = sparse.csr_array((np.ones(len(owners), np.float32), (owners, columns)), shape=shape)
    rows.sum_duplicates()
    return rows


def _names(messages: Sequence[Message], background: Background) -> tuple[Rows, Rows]:
    """(names in the openings, names anywhere), over the same columns."""
    everywhere = [named(message.words) for message in messages]
    known = telling(sorted(set().union(*everywhere)), background)
    columns = {name: column for column, name in enumerate(known)}
    return _found([named(message.opening) for message in messages], columns), _found(everywhere, columns)


def _districts(messages: Sequence[Message]) -> Rows:
    found = [districts(message.opening) for message in messages]
    return _found(found, {name: column for column, name in enumerate(sorted(set().union(*found)))})


def _found(found: Sequence[set[str]], columns: dict[str, int]) -> Rows:
    cells = [(row, columns[name]) for row, names in enumerate(found) for name in names if name in columns]
    owners, at = np.array(cells, np.int64).reshape(-1, 2).T
    return _counted(owners, at, (len(found), max(len(columns), 1)))
