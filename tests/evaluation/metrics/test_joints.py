"""Position errors against numbers worked out by hand, and what each is meant to be blind to."""

import numpy as np
import pytest

from sm_jax.evaluation.metrics import joints as metric
from sm_jax.evaluation.metrics.align import similarity_aligned

ALL = (metric.world_mpjpe_mm, metric.mpjpe_mm, metric.pa_mpjpe_mm, metric.pair_pa_mpjpe_mm)


@pytest.fixture
def truth():
    return np.random.default_rng(0).normal(size=(2, 5, 24, 3))


def rotation(axis=(1.0, 2.0, 3.0), angle=0.7):
    x, y, z = np.asarray(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


@pytest.mark.parametrize("error", ALL)
def test_truth_scores_zero(error, truth):
    assert error(truth, truth) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("error", ALL)
def test_a_spoiled_joint_is_caught(error, truth):
    spoiled = truth.copy()
    spoiled[1, 2, 15] += 0.5
    assert error(spoiled, truth) > 0.1


def test_one_joint_by_hand(truth):
    spoiled = truth.copy()
    spoiled[0, 0, 3] += [0.03, 0.04, 0]  # 50 mm in one of 2 * 5 * 24 joints
    assert metric.mpjpe_mm(spoiled, truth) == pytest.approx(50 / 240)


def test_a_moved_root_moves_every_other_joint(truth):
    spoiled = truth.copy()
    spoiled[:, :, 0] += [0, 0, 0.024]
    assert metric.mpjpe_mm(spoiled, truth) == pytest.approx(24 * 23 / 24)
    assert metric.mpjpe_mm(spoiled, truth, roots=(1, 2)) == pytest.approx(24 / 24)


def test_what_each_alignment_forgives(truth):
    shifted = truth + np.array([[1.0, 2, 3], [-1, 0, 0]])[:, None, None]
    assert metric.world_mpjpe_mm(shifted, truth) == pytest.approx(1000 * (np.sqrt(14) + 1) / 2)
    assert metric.mpjpe_mm(shifted, truth) == pytest.approx(0, abs=1e-9)
    assert metric.pair_pa_mpjpe_mm(shifted, truth) > 100, "the people moved apart"
    together = 1.3 * np.einsum("ij,ptkj->ptki", rotation(), truth) + 5
    assert metric.pa_mpjpe_mm(together, truth) == pytest.approx(0, abs=1e-8)
    assert metric.pair_pa_mpjpe_mm(together, truth) == pytest.approx(0, abs=1e-8)
    assert metric.mpjpe_mm(together, truth) > 100


def test_a_mirror_image_is_not_forgiven(truth):
    assert metric.pa_mpjpe_mm(truth * [-1, 1, 1], truth) > 100


def test_swapped_people_are_wrong(truth):
    assert metric.pair_pa_mpjpe_mm(truth[::-1], truth) > 100


def test_weights_choose_the_hidden_joints(truth):
    spoiled = truth.copy()
    spoiled[0, :, 20] += [0, 0, 0.1]
    hidden = np.zeros(truth.shape[:3])
    hidden[0, :, 20] = 1
    assert metric.mpjpe_mm(spoiled, truth, hidden) == pytest.approx(100)
    assert metric.mpjpe_mm(spoiled, truth, 1 - hidden) == 0
    assert np.isnan(metric.mpjpe_mm(spoiled, truth, np.zeros_like(hidden)))
    spoiled[0, :, 20] = np.nan
    assert metric.mpjpe_mm(spoiled, truth, 1 - hidden) == 0, "what has no weight may be anything"


def test_pair_weights_stay_with_their_person_and_frame(truth):
    spoiled = truth.copy()
    spoiled[1, 2, 7] += [0, 0, 2.0]
    weights = np.zeros(truth.shape[:3])
    weights[1, 2, 7] = 1
    assert metric.pair_pa_mpjpe_mm(spoiled, truth, weights) > 1500
    assert metric.pair_pa_mpjpe_mm(spoiled, truth, weights[::-1]) < 500
    assert metric.pair_pa_mpjpe_mm(spoiled, truth, np.roll(weights, 1, axis=1)) < 1e-6, "the other frames are right"


def test_weights_of_another_shape_are_refused(truth):
    with pytest.raises(ValueError, match="do not fit"):
        metric.mpjpe_mm(truth, truth, np.ones(24))


def test_vertices_are_put_root_to_root(truth):
    root = truth[:, :, 0]
    assert metric.mpvpe_mm(truth + 1, truth, root + 1, root) == pytest.approx(0, abs=1e-9)
    assert metric.mpvpe_mm(truth + 1, truth, root, root) == pytest.approx(1000 * np.sqrt(3))


def test_similarity_of_a_single_point_is_finite():
    source, target = np.zeros((4, 3)), np.random.default_rng(1).normal(size=(4, 3))
    np.testing.assert_allclose(similarity_aligned(source, target), np.tile(target.mean(0), (4, 1)))
