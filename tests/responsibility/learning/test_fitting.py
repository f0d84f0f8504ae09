import numpy as np
from scipy import sparse

from responsibility.learning import fitting


def random(*shape):
    return np.random.default_rng(3).standard_normal(shape).astype(np.float32)


def test_words_are_fitted_as_the_normal_equations_say():
    rows, targets, weights = random(30, 8), random(30, 2), np.linspace(0.5, 2, 30).astype(np.float32)

    found = fitting.fit_words(sparse.csr_array(rows), targets, weights, 0.5)

    wanted = np.linalg.solve(
        rows.T @ (weights[:, None] * rows) + 0.5 * np.eye(8), rows.T @ (weights[:, None] * targets)
    )
    assert np.allclose(found, wanted, atol=1e-2)


def test_directions_span_what_the_singular_value_decomposition_spans():
    rows = random(40, 3) @ random(3, 12)

    axes = fitting.directions(sparse.csr_array(rows), 3)

    _, _, wanted = np.linalg.svd(rows, full_matrices=False)
    assert np.allclose(axes @ axes.T, wanted[:3].T @ wanted[:3], atol=1e-4)


def test_with_every_message_a_landmark_likeness_is_kernel_ridge_regression():
    points, targets = fitting.unit(random(20, 5)), random(20, 2)
    weights = np.linspace(0.5, 2, 20).astype(np.float32)

    found = fitting.fit_likeness(points, points, targets, weights, 0.1)

    near = fitting.likeness(points, points) + 1
    wanted = near @ np.linalg.solve(near + 0.1 * np.diag(1 / weights), targets)
    assert np.allclose(near @ found, wanted, atol=1e-3)
