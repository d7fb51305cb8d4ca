import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.energies.reprojection import reprojection
from sm_jax.geometry import camera as cameras
from sm_jax.types import Camera
from tests.energies.checks import assert_finite_gradient, assert_gradient, noise, wide

P, T, K = 2, 4, 6
MASK = np.ones(T, np.float32)
CONFIDENCE = np.random.default_rng(1).uniform(0.2, 1, (P, T, K)).astype(np.float32)
WORLD = noise(P, T, K, 3, scale=0.4)


def camera(zoom: float = 1.0) -> Camera:
    return Camera(
        K=wide(np.array([[600 * zoom, 0, 320 * zoom], [0, 600 * zoom, 240 * zoom], [0, 0, 1]])),
        R=wide(np.broadcast_to(np.eye(3), (T, 3, 3))),
        t=wide(np.broadcast_to([0, 0, 4.0], (T, 3))),
        image_size=wide(np.array([640 * zoom, 480 * zoom])),
    )


@pytest.fixture
def pixels() -> np.ndarray:
    return np.asarray(cameras.project_points(camera(), jnp.asarray(WORLD))[0])


def test_zero_at_the_truth_and_positive_beside_it(pixels):
    assert reprojection(jnp.asarray(WORLD), camera(), pixels, CONFIDENCE, MASK) < 1e-9
    off = reprojection(jnp.asarray(WORLD + 0.05), camera(), pixels, CONFIDENCE, MASK)
    further = reprojection(jnp.asarray(WORLD + 0.1), camera(), pixels, CONFIDENCE, MASK)
    assert 0 < off < further < 1


def test_the_truth_is_a_minimum(pixels):
    gradient = jax.jit(jax.grad(lambda x: reprojection(x, camera(), pixels, CONFIDENCE, MASK)))(jnp.asarray(WORLD))
    assert np.abs(gradient).max() < 1e-4


def test_free_of_the_resolution(pixels):
    moved = jnp.asarray(WORLD + 0.05)
    small, large = (reprojection(moved, camera(z), z * pixels, CONFIDENCE, MASK) for z in (1.0, 3.0))
    np.testing.assert_allclose(small, large, rtol=1e-4)


def test_unseen_keypoints_and_padding_do_not_count(pixels):
    confidence, mask = CONFIDENCE.copy(), MASK.copy()
    confidence[0, 1, 2], mask[3] = 0, 0
    clean = reprojection(jnp.asarray(WORLD + 0.05), camera(), pixels, confidence, mask)
    spoiled = pixels.copy()
    spoiled[0, 1, 2], spoiled[:, 3] = np.nan, 1e6
    assert reprojection(jnp.asarray(WORLD + 0.05), camera(), spoiled, confidence, mask) == clean


def test_one_outlier_moves_little(pixels):
    spoiled = pixels.copy()
    spoiled[0, 0, 0] += 200
    assert reprojection(jnp.asarray(WORLD), camera(), spoiled, np.ones_like(CONFIDENCE), MASK) < 1.1 / (P * T * K)


def test_a_single_keypoint_still_says_where_a_person_is(pixels):
    confidence = np.zeros_like(CONFIDENCE)
    confidence[:, :, 0] = 1
    slope = jax.jit(jax.grad(reprojection))(jnp.asarray(WORLD + 0.01), camera(), pixels, confidence, MASK)
    assert np.abs(slope[:, :, 0]).max() > 0.01


def test_gradient(pixels):
    assert_gradient(
        lambda x: reprojection(x, camera(), wide(pixels), wide(CONFIDENCE), wide(MASK)),
        WORLD + noise(P, T, K, 3, scale=0.1),
    )


@pytest.mark.parametrize("confidence", [np.zeros_like(CONFIDENCE), CONFIDENCE])
def test_gradient_is_finite_behind_the_camera_and_without_evidence(pixels, confidence):
    behind = WORLD - np.array([0, 0, 4.0], np.float32)
    assert_finite_gradient(lambda x: reprojection(x, camera(), pixels, confidence, MASK), behind)
