import numpy as np
import pytest

from sm_jax.evaluation.metrics.align import masked_mean, root_aligned, similarity_aligned

RNG = np.random.default_rng(0)


def test_masked_mean_by_hand():
    assert masked_mean(np.array([1.0, 3.0])) == 2
    assert masked_mean(np.array([1.0, np.nan, 4.0]), np.array([3.0, 0.0, 1.0])) == pytest.approx(7 / 4)
    assert np.isnan(masked_mean(np.array([1.0]), np.array([0.0])))
    with pytest.raises(ValueError, match="do not fit"):
        masked_mean(np.zeros(3), np.zeros(2))


def test_roots_come_to_the_origin():
    points = RNG.normal(size=(2, 5, 24, 3))
    np.testing.assert_allclose(root_aligned(points, (1, 2))[..., 1:3, :].mean(-2), 0, atol=1e-12)


def test_a_similarity_is_undone_and_a_reflection_is_not():
    target = RNG.normal(size=(4, 12, 3))
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    np.testing.assert_allclose(similarity_aligned(2.5 * target @ turn.T + [1, 2, 3], target), target, atol=1e-9)
    mirrored = target * [-1, 1, 1]
    assert np.abs(similarity_aligned(mirrored, target) - target).max() > 0.1


def test_a_single_point_lands_on_the_centroid():
    target = RNG.normal(size=(3, 3))
    moved = similarity_aligned(np.ones((3, 3)), target)
    np.testing.assert_allclose(moved, np.tile(target.mean(0), (3, 1)))
