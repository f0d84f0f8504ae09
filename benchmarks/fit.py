"""The coefficients of the merging engine, fitted on judged pairs: what `channels_merge/matching/scoring.py` holds.

`--pairs` names messages of the file `--texts` by id: `train` and `place` are learned from, `test` is only judged by. Beside them
stand short texts of our own. The background is that of the file, found with the coefficients in force: so after a change what
is printed is put in force and the fit run again, until they are the same to a step (docs/adr/0007).
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks import short_texts
from benchmarks.measure import say, table
from channels_merge.matching import FEATURES, Background, Message, Profiles, pair_features
from channels_merge.matching.clustering import ground_of
from channels_merge.matching.scoring import BIAS, FITTED
from hotline.dates import SHANGHAI

Floats = npt.NDArray[np.float64]

WEIGHTS: Final = {"train": 1.0, "place": 0.7, "own": 0.5}
"""How much a pair of each part counts: those around places are many of few places, our own are no real messages."""
OWN_ROUNDS: Final = 90
STEP: Final = 0.05
"""The coefficients are rounded to it: finer differences are of the pairs that happened to be judged."""


@dataclass(frozen=True)
class Part:
    """Judged pairs: a row of features and whether they are one matter."""

    features: Floats
    same: Floats

    @property
    def fitted(self) -> Floats:
        return self.features[:, [FEATURES.index(name) for name in FITTED]]


def run(*, short: bool, pairs: Path, texts: Path) -> None:
    messages = _messages(texts)
    say(f"{len(messages)} messages read, counting what is ordinary among them")
    # The short run takes the sentences that are shipped: seconds for a try, other figures.
    ground = Background.of([]) if short else ground_of(list(messages.values()))
    parts = _judged(pairs, messages, ground) | {"own": _own()}
    bias, found = fit([(parts[name], weight) for name, weight in WEIGHTS.items()])
    fitted = dict(zip(FITTED, found, strict=True))
    rows = [("BIAS", f"{bias:.2f}", f"{BIAS:.2f}")]
    rows += [(name, f"{fitted[name]:.2f}", f"{FITTED[name]:.2f}") for name in FITTED]
    print(table(["coefficient", "fitted", "in force"], rows))
    print(
        table(
            ["pairs", "number", "the same", "average precision, fitted", "in force"],
            [
                (
                    f"{name} (not learned from)" if name == "test" else name,
                    len(parts[name].same),
                    int(parts[name].same.sum()),
                    *(f"{average_precision(parts[name], coefficients):.4f}" for coefficients in (fitted, FITTED)),
                )
                for name in [*WEIGHTS, "test"]
            ],
        )
    )
    farthest = max(abs(bias - BIAS), *(abs(fitted[name] - FITTED[name]) for name in FITTED))
    print("The coefficients in force are these, to a step." if farthest < 1.5 * STEP else "Others are in force.")


def fit(parts: Sequence[tuple[Part, float]]) -> tuple[float, list[float]]:
    """(bias, coefficients of `FITTED`): logistic, standardised, L2 with C = 1, in steps of `STEP`."""
    rows = np.vstack([part.fitted for part, _ in parts])
    same = np.concatenate([part.same for part, _ in parts])
    weights = np.concatenate([np.full(len(part.same), weight) for part, weight in parts])
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    scaled = (rows - mean) / spread

    def loss(values: Floats) -> tuple[float, Floats]:
        scores = scaled @ values[:-1] + values[-1]
        errors = weights * (1 / (1 + np.exp(-scores)) - same)
        cost = weights @ np.logaddexp(0, np.where(same == 1, -scores, scores)) + values[:-1] @ values[:-1] / 2
        return float(cost), np.append(scaled.T @ errors + values[:-1], errors.sum())

    best = minimize(loss, np.zeros(len(FITTED) + 1), jac=True, method="L-BFGS-B", options={"ftol": 1e-12})
    coefficients = [_rounded(value) for value in best.x[:-1] / spread]
    # With the coefficients as they are rounded.
    return _rounded(best.x[-1] - np.array(coefficients) @ mean), coefficients


def _rounded(value: float) -> float:
    return round(round(float(value) / STEP) * STEP, 2)


def average_precision(part: Part, coefficients: dict[str, float]) -> float:
    """The mean share of the same among the pairs down to each that is the same, the likeliest first."""
    scores = part.fitted @ np.array([coefficients[name] for name in FITTED])
    same = part.same[np.argsort(-scores, kind="stable")]
    return float((same.cumsum() / np.arange(1, len(same) + 1))[same == 1].mean())


# --- what is fitted on


def _messages(texts: Path) -> dict[str, Message]:
    with texts.open(encoding="utf-8-sig", newline="") as source:
        return {row["id"]: _message(row) for row in csv.DictReader(source)}


def _message(row: dict[str, Any]) -> Message:
    return Message(row["topic"], row["text"], datetime.fromisoformat(row["time"].strip()).replace(tzinfo=SHANGHAI))


def _judged(pairs: Path, messages: dict[str, Message], ground: Background) -> dict[str, Part]:
    with pairs.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    return {
        name: _part(
            [(messages[row["a"]], messages[row["b"]], row["same"] == "1") for row in rows if row["part"] == name],
            ground,
        )
        for name in sorted({row["part"] for row in rows})
    }


def _own() -> Part:
    return _part(short_texts.pairs(OWN_ROUNDS, seed=3), Background.of([]))


def _part(judged: Sequence[tuple[Message, Message, bool]], ground: Background) -> Part:
    profiles = Profiles.of([message for one, other, _ in judged for message in (one, other)], ground)
    left = 2 * np.arange(len(judged))
    return Part(pair_features(profiles, left, left + 1), np.array([float(same) for *_, same in judged]))
