"""Least squares with a penalty, one column for each label: over the words themselves and over likeness to other messages."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float32]

_STEPS: Final = 60
_CLOSE_ENOUGH: Final = 1e-3
_POWER_STEPS: Final = 2
_SPARE: Final = 20
_AT_ONCE: Final = 2000
"""Messages whose likeness to every landmark is in memory together."""


def fit_words(rows: sparse.csr_array, targets: Floats, weights: Floats, penalty: float) -> Floats:
    """A coefficient for each column and label: min Σ weight (row · w − target)² + penalty |w|², by conjugate gradients."""
    turned = sparse.csr_array(rows.T)
    residual = np.asarray(turned @ (weights[:, None] * targets))
    found, direction = np.zeros_like(residual), residual
    size = first = (residual**2).sum(axis=0)
    for _ in range(_STEPS):
        if np.all(size <= first * _CLOSE_ENOUGH**2):
            break
        curved = turned @ (weights[:, None] * (rows @ direction)) + penalty * direction
        step = size / np.maximum((direction * curved).sum(axis=0), 1e-30)
        found, residual = found + step * direction, residual - step * curved
        before, size = size, (residual**2).sum(axis=0)
        direction = residual + size / np.maximum(before, 1e-30) * direction
    return found


def directions(rows: sparse.csr_array, most: int) -> Floats:
    """Columns: the `most` directions in which messages differ most (truncated SVD by random projection, of a fixed seed)."""
    count = min(most, *rows.shape)
    turned = sparse.csr_array(rows.T)
    seed = np.random.default_rng(0).standard_normal((rows.shape[1], min(count + _SPARE, *rows.shape)))
    basis = np.linalg.qr(rows @ seed.astype(np.float32))[0]
    for _ in range(_POWER_STEPS):
        basis = np.linalg.qr(rows @ (turned @ basis))[0]
    across = turned @ basis
    sizes, turns = np.linalg.eigh((across.T @ across).astype(np.float64))
    largest = np.argsort(-sizes)[:count]
    found = across @ turns[:, largest].astype(np.float32)
    return found / np.maximum(np.linalg.norm(found, axis=0), 1e-9)


def unit(points: Floats) -> Floats:
    return points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)


def likeness(points: Floats, landmarks: Floats) -> Floats:
    """1 for the same direction, e⁻¹ for a right angle."""
    return np.exp(points @ landmarks.T - 1)


def fit_likeness(points: Floats, landmarks: Floats, targets: Floats, weights: Floats, penalty: float) -> Floats:
    """A coefficient for each landmark and label, penalised by the function's own size (Nyström's way)."""
    # The constant 1 that is added stands for an intercept. In double precision: the system is nearly singular.
    system = penalty * (likeness(landmarks.astype(np.float64), landmarks) + 1)
    wanted = np.zeros((len(landmarks), targets.shape[1]))
    for first in range(0, len(points), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        near = likeness(points[part].astype(np.float64), landmarks) + 1
        weighed = weights[part, None] * near
        system += near.T @ weighed
        wanted += weighed.T @ targets[part]
    system[np.diag_indices_from(system)] += 1e-9 * np.trace(system) / len(system)
    return np.linalg.solve(system, wanted).astype(np.float32)
