import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sm_jax.evaluation.metrics.world import root_trajectory_error_percent, w_mpjpe_mm, wa_mpjpe_mm


@pytest.fixture(scope="module")
def truth():
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, 1, 5, 3)) * 0.3 + rng.normal(size=(2, 150, 1, 3)).cumsum(axis=1) * 0.02


def test_a_moved_turned_and_scaled_motion_is_right(truth):
    R = Rotation.random(rng=np.random.default_rng(1)).as_matrix()
    moved = 1.3 * truth @ R.T + [1.0, 2.0, 3.0]
    assert wa_mpjpe_mm(moved, truth) == pytest.approx(0, abs=1e-6)
    assert w_mpjpe_mm(moved, truth) == pytest.approx(0, abs=1e-6)
    rigid = truth[:, :, 0] @ R.T + [1.0, 2.0, 3.0]
    assert root_trajectory_error_percent(rigid, truth[:, :, 0]) == pytest.approx(0, abs=1e-6)
    assert root_trajectory_error_percent(1.3 * rigid, truth[:, :, 0]) > 1


def test_drift_counts_more_where_only_the_start_is_aligned(truth):
    drifting = truth + np.arange(150)[None, :, None, None] * [0.01, 0.0, 0.0]
    assert w_mpjpe_mm(drifting, truth) > 1.5 * wa_mpjpe_mm(drifting, truth) > 0


def test_chunks_are_aligned_by_themselves(truth):
    jump = truth + (np.arange(150) >= 100)[None, :, None, None] * [5.0, 0.0, 0.0]
    assert wa_mpjpe_mm(jump, truth) == pytest.approx(0, abs=1e-6)
    early = truth + (np.arange(150) >= 50)[None, :, None, None] * [5.0, 0.0, 0.0]
    assert wa_mpjpe_mm(early, truth) > 100


def test_error_of_the_root_by_hand():
    """Along a straight way of 3 m the second of four places is 1 m off sideways: aligned, errors of a known size."""
    true = np.array([[[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]]])
    found = true + np.array([[[0.0, 0, 0.4], [0, 0, -0.4], [0, 0, -0.4], [0, 0, 0.4]]])
    assert root_trajectory_error_percent(found, true) == pytest.approx(100 * 0.4 / 3)
