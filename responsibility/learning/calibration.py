"""From scores to probabilities that mean what they say."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

_SHARPNESS: Final = np.geomspace(0.5, 20, 150)
BANDS: Final = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


class Band(NamedTuple):
    """Predictions whose probability is from `low` to below `high` (the last one: up to 1)."""

    low: float
    high: float
    rows: int
    said: float
    """What they say on average."""
    right: float
    """What share is right."""


def probabilities(scores: Floats, sharpness: float) -> Floats:
    raised = np.exp(sharpness * (scores - scores.max(axis=1, keepdims=True)))
    return raised / raised.sum(axis=1, keepdims=True)


def fit_sharpness(scores: Floats, truth: Ids) -> float:
    """The one number under which the truth of kept-out rows is most probable."""
    of_truth = np.arange(len(truth)), truth
    losses = [-np.log(np.maximum(probabilities(scores, s)[of_truth], 1e-9)).mean() for s in _SHARPNESS]
    return float(_SHARPNESS[int(np.argmin(losses))])


def reliability(said: Floats, right: npt.NDArray[np.bool_]) -> list[Band]:
    """Bands that have predictions, lowest first."""
    inside = np.digitize(said, BANDS[1:-1])
    return [
        Band(
            BANDS[at],
            BANDS[at + 1],
            int((inside == at).sum()),
            float(said[inside == at].mean()),
            float(right[inside == at].mean()),
        )
        for at in range(len(BANDS) - 1)
        if (inside == at).any()
    ]
