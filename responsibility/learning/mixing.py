"""One probability from two sources: what the duty list says for an item, and what the past says.

A choice among the candidates and "none of them" (a conditional logit): for each candidate the logarithms of the evidence and of
the model's probability are weighed and added; the weights are those under which the truth of kept-out rows is most probable. So
the probabilities mean what they say as far as those rows go (Platt's way, with a choice in place of a yes or no).
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_LEAST_EVIDENCE: Final = 0.1
_LEAST_PROBABILITY: Final = 1e-4
_BEFORE: Final = np.array([1.0, 0.5, -1.0])
"""What the weights are taken to be where the rows say little."""
_BELIEF: Final = 1.0
"""How many rows that belief counts for, roughly."""
_STEPS: Final = 50


class Mix(NamedTuple):
    evidence: float
    experience: float
    none: float
    most: float
    """No probability above it: of n rows all right, no more than (n + 1) / (n + 2) can be said."""


class Case(NamedTuple):
    """The candidates of one message, and which is the truth (−1: none of them)."""

    evidence: Sequence[float]
    experience: Sequence[float | None]
    """The model's probability of each; None for a label that it has never seen."""
    truth: int


def chances(mix: Mix, evidence: Sequence[float], experience: Sequence[float | None]) -> list[float]:
    """How probable it is that each candidate is the right one; with the chance that none is, they add up to 1."""
    said = [mix.evidence * a + mix.experience * b for a, b in _features(evidence, experience)]
    top = max([*said, mix.none])
    raised = [math.exp(each - top) for each in said]
    whole = sum(raised) + math.exp(mix.none - top)
    return [min(each / whole, mix.most) for each in raised]


def fit_mix(cases: Sequence[Case]) -> Mix:
    """By Newton's steps; the loss has one minimum."""
    width = 1 + max(len(case.evidence) for case in cases)
    table = np.zeros((len(cases), width, 3))
    is_there = np.zeros((len(cases), width), bool)
    table[:, 0, 2] = 1
    is_there[:, 0] = True
    for row, case in enumerate(cases):
        count = len(case.evidence)
        if count:
            table[row, 1 : count + 1, :2] = _features(case.evidence, case.experience)
        is_there[row, 1 : count + 1] = True
    of_truth = table[np.arange(len(cases)), [case.truth + 1 for case in cases]]
    weights = _BEFORE.copy()
    for _ in range(_STEPS):
        step = _step(table, is_there, of_truth, weights)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    evidence, experience = np.maximum(weights[:2], 0).tolist()
    return Mix(evidence, experience, float(weights[2]), (len(cases) + 1) / (len(cases) + 2))


def _step(table: Floats, is_there: npt.NDArray[np.bool_], of_truth: Floats, weights: Floats) -> Floats:
    said = np.where(is_there, table @ weights, -np.inf)
    probable = np.exp(said - said.max(axis=1, keepdims=True))
    probable /= probable.sum(axis=1, keepdims=True)
    mean = np.einsum("rk,rkf->rf", probable, table)
    slope = (of_truth - mean).sum(axis=0) - _BELIEF * (weights - _BEFORE)
    spread = np.einsum("rk,rkf,rkg->fg", probable, table, table) - mean.T @ mean + _BELIEF * np.eye(3)
    step = np.linalg.solve(spread, slope)
    return step / max(1.0, float(np.abs(step).max()))


def _features(evidence: Sequence[float], experience: Sequence[float | None]) -> list[tuple[float, float]]:
    """Between an item that the model has never seen and the best that it has, the evidence alone decides."""
    best = max((each for each in experience if each is not None), default=1.0)
    return [
        (math.log(max(said, _LEAST_EVIDENCE)), math.log(max(best if past is None else past, _LEAST_PROBABILITY)))
        for said, past in zip(evidence, experience, strict=True)
    ]
