"""Relations between the two people."""

import numpy as np
import pytest

from sm_jax.evaluation.metrics import joints


@pytest.fixture
def truth():
    return np.random.default_rng(0).normal(size=(2, 5, 14, 3))


def test_truth_and_a_common_shift_score_zero(truth):
    for error in (joints.interaction_error_mm, joints.root_offset_error_mm):
        assert error(truth, truth) == 0
        assert error(truth + 3, truth) == pytest.approx(0, abs=1e-9)


def test_two_points_by_hand():
    truth = np.zeros((2, 1, 1, 3))
    truth[1, 0, 0] = [3, 4, 0]
    spoiled = truth.copy()
    spoiled[1, 0, 0] = [0, 4.9, 0]  # distance 4.9 for 5 m, moved by sqrt(9 + .81)
    assert joints.interaction_error_mm(spoiled, truth) == pytest.approx(100)
    assert joints.root_offset_error_mm(spoiled, truth) == pytest.approx(1000 * np.sqrt(9.81))


def test_weights_multiply(truth):
    spoiled = truth.copy()
    spoiled[0, :, 3] += 1
    spoiled[1, :, 5] -= 1
    weights = np.ones(truth.shape[:3])
    weights[0, :, 3] = weights[1, :, 5] = 0
    assert joints.interaction_error_mm(spoiled, truth) > 10
    assert joints.interaction_error_mm(spoiled, truth, weights) == 0
