import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from sm_jax.geometry import alignment, rotations

procrustes = jax.jit(alignment.procrustes, static_argnames="scale")


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


@pytest.mark.parametrize(
    ("source_scale", "ratio"), [(1e-30, 1.0), (1e-24, 1e-6), (1e-15, 1e30), (1.0, 1e-6), (1e15, 1e-30), (1e30, 1.0)]
)
def test_recovers_a_similarity_at_every_magnitude(pair, source_scale, ratio):
    source, target, s, R, t = pair
    target_scale = np.float32(source_scale * ratio)
    found = procrustes(np.float32(source_scale) * source, target_scale * target)
    np.testing.assert_allclose(found[0] / ratio, s, rtol=1e-5)
    np.testing.assert_allclose(found[1], R, atol=1e-5)
    np.testing.assert_allclose(found[2] / target_scale, t, atol=1e-5)


def test_moving_either_set_moves_the_answer():
    """Equivariance: a similarity of the target is composed from the left, of the source undone from the right."""
    keys = jax.random.split(jax.random.key(5), 5)
    source, target = jax.random.normal(keys[0], (2, 8, 3))  # unlike sets: the fit is not exact
    Q, shift = rotations.axis_angle_to_matrix(jax.random.normal(keys[1], (3,))), jax.random.normal(keys[2], (3,))
    s, R, t = procrustes(source, target)
    moved = 2 * target @ Q.T + shift[None]
    expected = 2 * s, Q @ R, 2 * Q @ t + shift
    for found, truth in zip(procrustes(source, moved), expected, strict=True):
        np.testing.assert_allclose(found, truth, atol=1e-5)
    moved = 2 * source @ Q.T + shift[None]
    expected = s / 2, R @ Q.T, t - s / 2 * R @ Q.T @ shift
    for found, truth in zip(procrustes(moved, target), expected, strict=True):
        np.testing.assert_allclose(found, truth, atol=1e-5)


@pytest.mark.parametrize("scale", [True, False])
def test_no_other_similarity_fits_better(scale):
    keys = jax.random.split(jax.random.key(7), 3)
    source, target = jax.random.normal(keys[0], (2, 8, 3))
    w = jax.random.uniform(keys[1], (8,))

    def cost(change, s, R, t):
        R = rotations.compose(R, rotations.axis_angle_to_matrix(change[:3]))
        moved = (s + change[6] if scale else s) * source @ R.T + (t + change[3:6])[None]
        return jnp.sum(w[:, None] * jnp.square(moved - target))

    fit = procrustes(source, target, w, scale=scale)
    slope, curvature = (jax.jit(f(cost))(jnp.zeros(7), *fit) for f in (jax.grad, jax.hessian))
    np.testing.assert_allclose(slope, 0, atol=2e-5)
    assert np.linalg.eigvalsh(curvature).min() > -1e-4  # without a scale its row is zero


def test_integer_weights_are_repetitions(pair):
    source, target = pair[0], pair[1].at[:, 2].add(0.5)
    w = jnp.ones((4, 10)).at[:, 2].set(3.0)
    repeated = [jnp.concatenate([x, x[:, 2:3], x[:, 2:3]], axis=1) for x in (source, target)]
    for found, truth in zip(procrustes(source, target, w), procrustes(*repeated), strict=True):
        np.testing.assert_allclose(found, truth, atol=1e-5)
    for found, truth in zip(procrustes(source, target, 1e30 * w), procrustes(*repeated), strict=True):
        np.testing.assert_allclose(found, truth, atol=1e-5)


def test_what_has_no_weight_may_be_anything(pair):
    source, target, *expected = pair
    w = jnp.ones((4, 10)).at[:, 4].set(0.0)
    hole, far = source.at[:, 4].set(jnp.nan), target.at[:, 4].set(jnp.inf)
    for found, truth in zip(procrustes(hole, far, w), expected, strict=True):
        np.testing.assert_allclose(found, truth, atol=1e-5)
    gradient = jax.jit(jax.grad(lambda *sets: sum(x.sum() for x in procrustes(*sets, w)), (0, 1)))(hole, far)
    assert all(np.isfinite(g).all() for g in gradient)


def test_gradients_are_those_of_finite_differences():
    with jax.enable_x64(True):
        source, target = jax.random.normal(jax.random.key(8), (2, 3, 6, 3), jnp.float64)
        w = jax.random.uniform(jax.random.key(9), (3, 6), jnp.float64, 0.1, 1.0)
        check_grads(jax.jit(procrustes), (source, target, w), order=1, modes=["rev"], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float32, jnp.float64])
def test_dtypes_are_kept(dtype):
    with jax.enable_x64(True):
        points = jax.ShapeDtypeStruct((2, 5, 3), dtype)
        found = jax.eval_shape(procrustes, points, points, jax.ShapeDtypeStruct((2, 5), dtype))
        assert {array.dtype for array in found} == {jnp.dtype(dtype)}


def test_bfloat16_is_as_good_as_its_digits(pair):
    source, target, _, R, _ = pair
    found = procrustes(source.astype(jnp.bfloat16), target.astype(jnp.bfloat16))[1]
    np.testing.assert_allclose(found.astype(np.float32), R, atol=0.03)


LINE = np.arange(5)[:, None] * np.array([[1.0, 2.0, -1.0]])
DEGENERATE = {
    "coincident": np.ones((5, 3)),
    "line": LINE,
    "line, far away": LINE + 100,
    "plane": np.random.default_rng(0).normal(size=(5, 3)) * [1, 1, 0],
    "two points": LINE[[0, 1, 0, 1, 1]],
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_sets_are_laid_onto_each_other(name):
    """What they determine is right, what they leave open is a rotation all the same."""
    source = jnp.asarray(DEGENERATE[name], jnp.float32)
    Q = rotations.axis_angle_to_matrix(jnp.array([0.4, -1.0, 0.7]))
    target = 2 * source @ Q.T + 1
    s, R, t = procrustes(source, target)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(R), 1, atol=1e-5)
    np.testing.assert_allclose(s * source @ R.T + t[None], target, rtol=1e-5, atol=1e-3 if "far" in name else 1e-4)


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.parametrize("mirrored", [False, True])
def test_gradients_of_degenerate_sets_are_not_rounding_noise(name, mirrored):
    source = jnp.asarray(DEGENERATE[name], jnp.float32)
    target = source * jnp.array([[-1.0 if mirrored else 1.0, 1.0, 1.0]])
    gradient = jax.jit(jax.jacobian(lambda x: procrustes(x, target)))(source)
    assert all(np.isfinite(g).all() for g in gradient)
    assert np.abs(gradient[1]).max() < 10


def test_no_weight_at_all_is_the_identity_at_zero_scale():
    source = jax.random.normal(jax.random.key(0), (5, 3))
    s, R, t = procrustes(source, source + 1, jnp.zeros(5))
    np.testing.assert_array_equal(R, np.eye(3))
    assert s == 0 and not t.any()
    gradient = jax.jit(jax.jacobian(lambda w: procrustes(source, source + 1, w)))(jnp.zeros(5))
    assert all(np.isfinite(g).all() for g in gradient)


@pytest.mark.parametrize("source", [np.zeros((5, 3)), np.arange(5)[:, None] * np.ones((5, 3))])
def test_degenerate_sets_have_finite_gradients(source):
    source = jnp.asarray(source, jnp.float32)
    gradient = jax.jit(jax.jacobian(lambda x: procrustes(x, source + 1)))(source)
    assert all(np.isfinite(g).all() for g in gradient)
