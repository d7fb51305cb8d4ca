import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.geometry import rotations
from sm_jax.geometry.alignment import procrustes


@pytest.fixture
def pair():
    source = jax.random.normal(jax.random.key(0), (4, 10, 3))
    R = rotations.axis_angle_to_matrix(jax.random.normal(jax.random.key(1), (4, 3)))
    s, t = jnp.array([0.5, 1.0, 2.0, 3.0]), jax.random.normal(jax.random.key(2), (4, 3))
    target = s[:, None, None] * jnp.einsum("bij,bnj->bni", R, source) + t[:, None]
    return source, target, s, R, t


def test_recovers_a_similarity(pair):
    source, target, *expected = pair
    for found, truth in zip(procrustes(source, target), expected, strict=True):
        np.testing.assert_allclose(found, truth, atol=1e-5)


def test_without_scale(pair):
    source, target, _, R, _ = pair
    s, found, _ = procrustes(source, target, scale=False)
    np.testing.assert_array_equal(s, 1)
    np.testing.assert_allclose(found, R, atol=1e-5)


def test_weights_ignore_outliers(pair):
    source, target, s, R, t = pair
    spoiled = target.at[:, 3].add(5.0)
    weights = jnp.ones((4, 10)).at[:, 3].set(0.0)
    for found, truth in zip(procrustes(source, spoiled, weights), (s, R, t), strict=True):
        np.testing.assert_allclose(found, truth, atol=1e-5)
    assert jnp.abs(procrustes(source, spoiled)[1] - R).max() > 0.01


def test_a_mirrored_target_gives_no_reflection(pair):
    source = pair[0]
    _, R, _ = procrustes(source, source * jnp.array([1.0, 1.0, -1.0])[None, None])
    np.testing.assert_allclose(np.linalg.det(R), 1, atol=1e-5)


@pytest.mark.parametrize("source", [np.zeros((5, 3)), np.arange(5)[:, None] * np.ones((5, 3))])
def test_degenerate_sets_have_finite_gradients(source):
    source = jnp.asarray(source, jnp.float32)
    gradient = jax.jit(jax.jacobian(lambda x: procrustes(x, source + 1)))(source)
    assert all(np.isfinite(g).all() for g in gradient)
