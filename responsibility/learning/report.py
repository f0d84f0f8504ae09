"""How good a model is, on rows that it has not seen."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from responsibility.learning import folds
from responsibility.learning.calibration import Band, reliability
from responsibility.learning.examples import Example
from responsibility.learning.model import Model, NothingToLearn, learn, numbers


@dataclass(frozen=True, slots=True)
class Report:
    rows: int
    macro_f1: float
    accuracy: float
    by_label: list[tuple[str, int, float]]
    """Label, how many rows have it, its F1."""
    taken_for: list[tuple[str, str, int]]
    """True label, what it was taken for, how often; the most frequent first."""
    bands: list[Band]
    rows_a_second: float


def score(model: Model, examples: Sequence[Example]) -> Report:
    """A label that the model does not know counts as wrong each time."""
    began = time.perf_counter()
    probable = model.probabilities(examples)
    spent = time.perf_counter() - began
    answers = [model.labels[at] for at in probable.argmax(axis=1)]
    return _report(examples, answers, probable.max(axis=1), spent)


def cross_validate(examples: Sequence[Example], count: int, *, group_near_duplicates: bool) -> Report:
    """Each row answered by a model of the other folds' rows. Raises NothingToLearn as `learn` does."""
    labels = sorted({example.label for example in examples})
    if count < 2 or len(examples) < count:
        raise NothingToLearn(f"{len(examples)} 行分不成 {count} 份：至少两份，每份至少一行。")
    groups = folds.near_duplicates(examples) if group_near_duplicates else np.arange(len(examples))
    fold = folds.part(numbers(examples, labels), groups, count)
    answers, sure, spent = [""] * len(examples), np.zeros(len(examples), np.float32), 0.0
    for number in np.unique(fold):
        asked = np.flatnonzero(fold == number)
        model = learn([examples[at] for at in np.flatnonzero(fold != number).tolist()])
        began = time.perf_counter()
        probable = model.probabilities([examples[at] for at in asked.tolist()])
        spent += time.perf_counter() - began
        sure[asked] = probable.max(axis=1)
        for at, best in zip(asked, probable.argmax(axis=1), strict=True):
            answers[at] = model.labels[best]
    return _report(examples, answers, sure, spent)


def _report(
    examples: Sequence[Example], answers: Sequence[str], sure: npt.NDArray[np.float32], spent: float
) -> Report:
    truth = [example.label for example in examples]
    pairs = Counter(zip(truth, answers, strict=True))
    asked, given = Counter(truth), Counter(answers)
    # As elsewhere: the mean over every label that is true or answered at least once.
    f1 = {label: 2 * pairs[label, label] / (asked[label] + given[label]) for label in sorted({*truth, *answers})}
    right = np.array([label == answer for label, answer in zip(truth, answers, strict=True)])
    wrong = [(label, answer, times) for (label, answer), times in pairs.items() if label != answer]
    return Report(
        rows=len(examples),
        macro_f1=sum(f1.values()) / len(f1),
        accuracy=float(right.mean()),
        by_label=[(label, asked[label], value) for label, value in f1.items()],
        taken_for=sorted(wrong, key=lambda row: (-row[2], row[0], row[1])),
        bands=reliability(sure, right),
        rows_a_second=len(examples) / max(spent, 1e-9),
    )
