import numpy as np

from responsibility.learning.calibration import Band, fit_sharpness, probabilities, reliability


def test_probabilities_of_a_row_are_one_in_all_whatever_the_scores():
    found = probabilities(np.array([[1000.0, 0.0], [0.0, 0.0]]), 2.0)

    assert found.tolist() == [[1.0, 0.0], [0.5, 0.5]]


def test_sharpness_makes_the_scores_say_how_often_they_are_right():
    scores = np.tile([1.0, 0.0], (100, 1))
    truth = np.array([0] * 90 + [1] * 10)

    sharpness = fit_sharpness(scores, truth)

    assert abs(probabilities(scores, sharpness)[0, 0] - 0.9) < 0.01


def test_reliability_sets_what_was_said_beside_what_was_right():
    said = np.array([0.4, 0.92, 0.94, 1.0])

    bands = reliability(said, np.array([False, True, False, True]))

    assert [(band.low, band.high, band.rows, band.right) for band in bands] == [
        (0.0, 0.5, 1, 0.0),
        (0.9, 0.95, 2, 0.5),
        (0.95, 1.0, 1, 1.0),
    ]
    assert isinstance(bands[1], Band)
    assert np.isclose(bands[1].said, 0.93)
