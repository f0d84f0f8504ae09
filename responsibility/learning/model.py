"""A model: what it learned, as arrays and a little JSON, and what it answers."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from hotline.errors import DomainError
from responsibility.learning import fitting, folds
from responsibility.learning.calibration import fit_sharpness, probabilities
from responsibility.learning.examples import Example
from responsibility.learning.features import Vocabulary

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

MOST_ROWS: Final = 20_000
"""Of more, so many are learned from, evenly spread over the file: memory and time stay bounded."""
MOST_LABELS: Final = 400
LEAST_MATTERS: Final = 10
"""Fewer that differ cannot be parted into those to learn from and those to measure by."""
_MOST_GRAMS: Final = 40_000
_ROOM: Final = 24_000_000
"""Bytes of the two tables over all grams; with many labels there are fewer grams."""
_DIRECTIONS: Final = 200
_LANDMARKS: Final = 2_000
_WORDS_PENALTY: Final = 0.5
_LIKENESS_PENALTY: Final = 0.125
_HELD_OUT: Final = 5
"""One row in so many is kept out to find how sure the scores may be."""
_TRIAL_ROWS: Final = 8_000
"""Of so many, evenly taken: one number is found with them, and all rows learned twice would nearly double the time."""
_AT_ONCE: Final = 1000
_FORM: Final = 2
_NEAREST: Final = 10
_NEAR_ENOUGH: Final = 0.5
"""Cosine in the directions below which a message of the past is not called alike."""


class NothingToLearn(DomainError):
    pass


class Answer(NamedTuple):
    label: str
    probability: float


class Precedent(NamedTuple):
    """A message of the past that the model keeps as a landmark."""

    label: str
    name: str


@dataclass(frozen=True, slots=True)
class Model:
    """Two scores added up for each label, then made probabilities.

    The words' score knows what each character and pair speaks for. The likeness' score compares the whole message, seen in a
    few hundred directions, with messages of the past: it knows that two words are about one matter.
    """

    labels: tuple[str, ...]
    vocabulary: Vocabulary
    words: Floats
    """A row for each gram and one for the intercept, a column for each label."""
    axes: Floats
    landmarks: Floats
    likeness: Floats
    precedents: tuple[Precedent, ...]
    """One for each landmark."""
    sharpness: float = 1.0

    def scores(self, examples: Sequence[Example]) -> Floats:
        parts = [self._scores(examples[at : at + _AT_ONCE]) for at in range(0, len(examples), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.labels)), np.float32)

    def probabilities(self, examples: Sequence[Example]) -> Floats:
        """A row for each message, a column for each label, in the order of `labels`."""
        return probabilities(self.scores(examples), self.sharpness)

    def answer(self, topic: str, text: str, most: int = 3) -> list[Answer]:
        """The most probable labels, best first."""
        (row,) = self.probabilities([Example(topic, text, "")])
        return [Answer(self.labels[at], float(row[at])) for at in np.argsort(-row, kind="stable")[:most]]

    def nearest(self, topic: str, text: str) -> list[Precedent]:
        """The landmarks most like this message, at most ten, nearest first; none where nothing is alike."""
        likeness = self._points([Example(topic, text, "")])[0] @ self.landmarks.T
        order = np.argsort(-likeness, kind="stable")[:_NEAREST]
        return [self.precedents[at] for at in order if likeness[at] >= _NEAR_ENOUGH]

    def _points(self, examples: Sequence[Example]) -> Floats:
        return fitting.unit(self.vocabulary.rows(examples) @ self.axes)

    def _scores(self, examples: Sequence[Example]) -> Floats:
        rows = self.vocabulary.rows(examples)
        points = fitting.unit(rows @ self.axes)
        return (
            rows @ self.words[:-1]
            + self.words[-1]
            + fitting.likeness(points, self.landmarks) @ self.likeness
            + self.likeness.sum(axis=0)
        )

    def to_bytes(self) -> bytes:
        """Compressed arrays and JSON; nothing in it is executed when it is read."""
        axes, scale = _in_bytes(self.axes)
        out = io.BytesIO()
        np.savez_compressed(
            out,
            allow_pickle=False,
            head=np.frombuffer(
                json.dumps(
                    {
                        "form": _FORM,
                        "labels": self.labels,
                        "sharpness": self.sharpness,
                        "precedents": self.precedents,
                    }
                ).encode(),
                np.uint8,
            ),
            ids=self.vocabulary.ids.astype(np.uint32),
            rarity=self.vocabulary.rarity,
            words=self.words.astype(np.float16),
            axes=axes,
            axes_scale=scale,
            landmarks=self.landmarks.astype(np.float16),
            likeness=self.likeness,
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Raises ValueError for what `to_bytes` of this release has not written."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                arrays: dict[str, Any] = dict(stored.items())
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as exc:
            raise ValueError("not a model") from exc
        head = json.loads(arrays["head"].tobytes())
        if head["form"] != _FORM:
            raise ValueError(f"a model of form {head['form']}")
        return cls(
            labels=tuple(head["labels"]),
            vocabulary=Vocabulary(arrays["ids"].astype(np.int64), arrays["rarity"]),
            words=arrays["words"].astype(np.float32),
            axes=arrays["axes"] * arrays["axes_scale"],
            landmarks=arrays["landmarks"].astype(np.float32),
            likeness=arrays["likeness"],
            precedents=tuple(Precedent(*kept) for kept in head["precedents"]),
            sharpness=head["sharpness"],
        )


def learn(examples: Sequence[Example]) -> Model:
    """A model of these rows; the same rows in the same order give the same model.

    Raises NothingToLearn when there are fewer than two labels, more than `MOST_LABELS`, too few matters, or no words.
    """
    examples = _spread(examples, MOST_ROWS)
    labels = tuple(sorted({example.label for example in examples}))
    if len(labels) < 2:
        raise NothingToLearn("至少要有两种分类才能学习：现在所有行都是同一种。" if labels else "没有可以学习的内容。")
    if len(labels) > MOST_LABELS:
        raise NothingToLearn(f"有 {len(labels)} 种分类，最多 {MOST_LABELS} 种。请先归并。")
    return _fit(examples, labels, _sharpness(_spread(examples, _TRIAL_ROWS), labels))


def _sharpness(examples: Sequence[Example], labels: tuple[str, ...]) -> float:
    """As it is for a model of four fifths of these rows on the others; what was said twice is on one side."""
    truth = numbers(examples, labels)
    groups = folds.near_duplicates(examples)
    matters = int(groups.max()) + 1
    if matters < LEAST_MATTERS:
        raise NothingToLearn(f"去掉几乎相同的只剩 {matters} 件，至少要 {LEAST_MATTERS} 件才能学习。")
    fold = folds.part(truth, groups, _HELD_OUT)
    known = [example for example, at in zip(examples, fold, strict=True) if at]
    kept_out = [example for example, at in zip(examples, fold, strict=True) if not at]
    return fit_sharpness(_fit(known, labels).scores(kept_out), truth[fold == 0])


def numbers(examples: Sequence[Example], labels: Sequence[str]) -> Ids:
    """The place of each row's label; −1 for one that is not among them."""
    place = {label: at for at, label in enumerate(labels)}
    return np.array([place.get(example.label, -1) for example in examples], np.int64)


def _fit(examples: Sequence[Example], labels: tuple[str, ...], sharpness: float = 1.0) -> Model:
    grams = min(_MOST_GRAMS, _ROOM // (2 * len(labels) + _DIRECTIONS))
    vocabulary = Vocabulary.of(examples, grams)
    if not len(vocabulary.ids):
        raise NothingToLearn("这些行里没有两行说到同一个字，无从学习。")
    truth = numbers(examples, labels)
    targets = np.where(truth[:, None] == np.arange(len(labels)), 1, -1).astype(np.float32)
    counts = np.bincount(truth, minlength=len(labels))
    # Every label weighs the same in all: a rare matter is somebody's whole business.
    weights = (len(examples) / (counts > 0).sum() / counts[truth]).astype(np.float32)
    rows = vocabulary.rows(examples)
    ones = sparse.csr_array(np.ones((len(examples), 1), np.float32))
    words = fitting.fit_words(sparse.csr_array(sparse.hstack([rows, ones])), targets, weights, _WORDS_PENALTY)
    axes = fitting.directions(rows, _DIRECTIONS)
    points = fitting.unit(rows @ axes)
    kept = _evenly(len(points), _LANDMARKS)
    landmarks = points[kept]
    likeness = fitting.fit_likeness(points, landmarks, targets, weights, _LIKENESS_PENALTY)
    precedents = tuple(Precedent(examples[at].label, examples[at].name) for at in kept)
    return Model(labels, vocabulary, words, axes, landmarks, likeness, precedents, sharpness)


def _spread(examples: Sequence[Example], most: int) -> Sequence[Example]:
    return [examples[at] for at in _evenly(len(examples), most)]


def _evenly(count: int, most: int) -> Ids:
    return np.linspace(0, count - 1, min(count, most)).astype(np.int64)


def _in_bytes(table: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """(whole numbers up to 127, what one is worth in each column)."""
    scale = np.maximum(np.abs(table).max(axis=0), 1e-9) / 127
    return np.round(table / scale).astype(np.int8), scale.astype(np.float32)
