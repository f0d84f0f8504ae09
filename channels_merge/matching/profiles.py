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
from channels_merge.matching.grams import Ids, Letters
from channels_merge.matching.names import districts_in, names_in, nearest, telling
from channels_merge.matching.topics import topics

OPENING: Final = 200
"""People open with the matter and close with their feelings."""
HEAD: Final = 100
LONGEST: Final = 4000
"""A text of a megabyte says nothing more about its matter than its first pages."""

Rows: TypeAlias = sparse.csr_array
Floats: TypeAlias = npt.NDArray[np.float64]
Bits: TypeAlias = npt.NDArray[np.bool_]
_DAY: Final = 86400
_EARTH: Final = 6_371_000.0


@dataclass(frozen=True, slots=True)
class Message:
    """What is known of one message. Empty means not known, and what is not known speaks neither for nor against.

    `region` is the administrative code, of a county or of a township whose code begins with its county's; behind a space
    that of the zone which governs the township, where its own code names another. `caller` is any stable mark of the
    person (a blind index, never the number itself). A message without a title has its first words for one.
    """

    title: str
    text: str
    at: datetime | None = None
    region: str = ""
    category: str = ""
    caller: str = ""
    position: tuple[float, float] | None = None
    """Longitude and latitude in degrees."""

    @property
    def heading(self) -> str:
        return self.title if self.title.strip() else self.text[:40]

    @property
    def words(self) -> str:
        return f"{self.title}\n{self.text[:LONGEST]}"

    @property
    def opening(self) -> str:
        return f"{self.title}\n{self.text[:OPENING]}"


@dataclass(frozen=True)
class Runs:
    """The pairs of each message's beginning in their order: those of message i are from `starts[i]` to `starts[i + 1]`."""

    columns: Ids
    runs: Ids
    starts: Ids


@dataclass(frozen=True)
class Profiles:
    """Many messages, one row each, made in one sweep. A row number means nothing to other profiles."""

    messages: Sequence[Message]
    ids: Ids
    """The gram of each column."""
    weights: Floats
    """How rare it is."""
    titles: Rows
    openings: Rows
    """Occurrences, those of the title twice."""
    texts: Rows
    title_runs: Runs
    head_runs: Runs
    opening_names: Rows
    names: Rows
    districts: Rows
    topics: Floats

    @classmethod
    def of(cls, messages: Sequence[Message], background: Background) -> Self:
        # Heading and body in turn: texts 2i and 2i + 1 are of message i.
        letters = Letters.of([part for each in messages for part in (each.heading, each.text[:LONGEST])])
        grams = letters.grams()
        found = _Found.of(grams.ids, grams.owners // 2, letters.runs(), len(messages))
        in_title = grams.owners % 2 == 0
        in_opening = ~in_title & (grams.ends < OPENING)
        # The heading of a message without title is its text once more.
        has_title = np.array([bool(message.title.strip()) for message in messages], bool)
        in_head = np.where(in_title, has_title[found.owners], grams.ends < HEAD)
        title_rows = found.rows(in_title)
        openings = sparse.csr_array(2 * title_rows + found.rows(in_opening))
        opening_names, names = _names(letters.texts, background)
        return cls(
            messages,
            found.ids,
            background.weights(found.ids),
            present(title_rows),
            openings,
            present(found.rows(np.ones_like(in_title))),
            found.runs_of(in_title),
            found.runs_of(in_head),
            opening_names,
            names,
            _districts(letters.texts),
            topics(found.ids, present(openings)),
        )

    def __len__(self) -> int:
        return len(self.messages)

    @cached_property
    def days(self) -> Floats:
        """Since 1970; nan where the time is not known."""
        return np.array([message.at.timestamp() / _DAY if message.at else np.nan for message in self.messages])

    @cached_property
    def positions(self) -> Floats:
        """Longitude and latitude; nan where they are not known."""
        unknown = (np.nan, np.nan)
        return np.array([message.position or unknown for message in self.messages], float).reshape(-1, 2)


def metres(mine: Floats, theirs: Floats) -> Floats:
    """Between positions, row by row. Within a city the world is flat; nan where either is not known."""
    apart = np.radians(theirs - mine)
    narrow = np.cos(np.radians((mine[:, 1] + theirs[:, 1]) / 2))
    return np.hypot(apart[:, 0] * narrow, apart[:, 1]) * _EARTH


@dataclass(frozen=True)
class _Found:
    """Every gram of many messages, in the order of the texts, pairs first."""

    messages: int
    ids: Ids
    """Of the columns."""
    owners: Ids
    columns: Ids
    order: Ids
    """Column by column, where rows are made without sorting again."""
    runs: Ids
    """Of the pairs."""

    @classmethod
    def of(cls, ids: Ids, owners: Ids, runs: Ids, messages: int) -> Self:
        order = np.argsort(ids, kind="stable")
        ids = ids[order]
        first = np.ones(len(ids), bool)
        first[1:] = ids[1:] != ids[:-1]
        columns = np.empty(len(ids), np.int64)
        columns[order] = np.cumsum(first) - 1
        return cls(messages, ids[first], owners, columns, order, runs)

    def rows(self, part: Bits) -> Rows:
        at = self.order[part[self.order]]
        return _counted(self.owners[at], self.columns[at], (self.messages, len(self.ids)))

    def runs_of(self, part: Bits) -> Runs:
        at = np.flatnonzero(part[: len(self.runs)])
        return Runs(self.columns[at], self.runs[at], np.searchsorted(self.owners[at], np.arange(self.messages + 1)))


def present(rows: Rows) -> Rows:
    return sparse.csr_array((np.ones(rows.nnz, np.float32), rows.indices, rows.indptr), shape=rows.shape)


def _counted(owners: Ids, columns: Ids, shape: tuple[int, int]) -> Rows:
    rows = sparse.csr_array((np.ones(len(owners), np.float32), (owners, columns)), shape=shape)
    rows.sum_duplicates()
    return rows


def _names(texts: Sequence[str], background: Background) -> tuple[Rows, Rows]:
    """(names in the openings, names anywhere), over the same columns. Of each message heading and body."""
    openings, everywhere = [], []
    for heading, body in zip(texts[::2], texts[1::2], strict=True):
        title, named = {name for name, _ in names_in(heading)}, names_in(body)
        openings.append(title.union(name for name, end in named if end <= OPENING))
        everywhere.append(title.union(name for name, _ in named))
    known = telling(sorted(set().union(*everywhere)), background)
    columns = {name: column for column, name in enumerate(known)}
    return _cells([nearest(names & columns.keys()) for names in openings], columns), _cells(everywhere, columns)


def _districts(texts: Sequence[str]) -> Rows:
    found = [
        districts_in(heading) | districts_in(body[:OPENING])
        for heading, body in zip(texts[::2], texts[1::2], strict=True)
    ]
    return _cells(found, {name: column for column, name in enumerate(sorted(set().union(*found)))})


def _cells(found: Sequence[set[str]], columns: dict[str, int]) -> Rows:
    cells = [(row, columns[name]) for row, names in enumerate(found) for name in names if name in columns]
    owners, at = np.array(cells, np.int64).reshape(-1, 2).T
    return _counted(owners, at, (len(found), max(len(columns), 1)))
