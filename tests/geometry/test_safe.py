import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.geometry import safe
from tests.geometry.gradients import assert_gradient

# zero, the smallest and largest floats, and everything between, both signs
RANGE = np.concatenate([[0.0], np.geomspace(1e-38, 1e38, 77)]).astype(np.float32)
RANGE = np.concatenate([-RANGE[::-1], RANGE])


@pytest.mark.parametrize("function", [safe.sqrt, safe.acos])
def test_unary_functions_are_finite_over_the_whole_float_range(function):
    value, gradient = jax.vmap(jax.value_and_grad(function))(RANGE)
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()


# within these the true gradients, which go as 1 / scale, are themselves float32 numbers
SCALES = np.array([1e-37, 1e-30, 1e-20, 1e-12, 1.0, 1e12, 1e20, 1e30, 1e37], np.float32)
UNIT = np.array([2, -3, 6], np.float32) / 7


def test_norm_and_its_gradient_at_every_magnitude():
    length, gradient = jax.jit(jax.vmap(jax.value_and_grad(safe.norm)))(SCALES[:, None] * UNIT)
    np.testing.assert_allclose(length, SCALES, rtol=1e-6)
    np.testing.assert_allclose(gradient, np.broadcast_to(UNIT, gradient.shape), rtol=1e-6)


def test_normalise_and_its_gradient_at_every_magnitude():
    x = SCALES[:, None] * UNIT
    unit, jacobian = jax.jit(jax.vmap(lambda x: (safe.normalise(x), jax.jacobian(safe.normalise)(x))))(x)
    np.testing.assert_allclose(unit, np.broadcast_to(UNIT, x.shape), rtol=1e-6)
    expected = np.eye(3) - np.outer(UNIT, UNIT)
    for scale, found in zip(SCALES.astype(float), np.asarray(jacobian, float), strict=True):
        np.testing.assert_allclose(scale * found, expected, atol=1e-6)


def test_atan2_and_its_gradient_at_every_magnitude():
    angle, gradient = jax.jit(jax.vmap(jax.value_and_grad(safe.atan2, argnums=(0, 1))))(3 * SCALES, -4 * SCALES)
    np.testing.assert_allclose(angle, np.full(len(SCALES), np.arctan2(3, -4)), atol=1e-6)
    for found, slope in zip(gradient, (-4 / 25, -3 / 25), strict=True):
        np.testing.assert_allclose(np.asarray(found, float) * SCALES.astype(float), slope, rtol=1e-5)


@pytest.mark.parametrize("shape", [(2, 5, 6), (3, 5, 7)])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_norm_along_any_axis(shape, axis):
    x = jax.random.normal(jax.random.key(0), shape)

    @jax.jit
    def all_three(x):
        return safe.norm(x, axis=axis), safe.norm(x, axis=axis, keepdims=True), safe.normalise(x, axis=axis)

    expected = np.linalg.norm(x, axis=axis, keepdims=True)
    for found, right in zip(all_three(x), (expected.squeeze(axis), expected, x / expected), strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-5)


def test_zero_vectors_have_zero_gradients_of_first_and_second_order():
    for function in (safe.norm, lambda x: safe.normalise(x).sum()):
        first, second = jax.jit(lambda x, f=function: (jax.grad(f)(x), jax.hessian(f)(x)))(jnp.zeros(3))
        np.testing.assert_array_equal(first, 0)
        np.testing.assert_array_equal(second, 0)


@pytest.mark.parametrize("scale", [0.0, 1e-12, 1.0, 1e12])
def test_constants_are_as_right_as_arguments(scale):
    """The compiler computes with constants in an order of its own: where their squares are in the range, as we do."""
    x = np.float32(scale) * UNIT
    length, unit = jax.jit(lambda: (safe.norm(jnp.asarray(x)), safe.normalise(jnp.asarray(x))))()
    np.testing.assert_allclose(length, scale, rtol=1e-6)
    np.testing.assert_allclose(unit, UNIT * (scale > 0), atol=1e-6)


def test_a_zero_numerator_over_anything_has_a_finite_gradient():
    denominator = np.array([2e-38, 1e-30, 1e-20, 1e20, 5e37], np.float32)
    gradient = jax.jit(jax.vmap(jax.grad(safe.divide, argnums=(0, 1))))(np.zeros_like(denominator), denominator)
    np.testing.assert_allclose(gradient[0], 1 / denominator, rtol=1e-5)
    np.testing.assert_array_equal(gradient[1], 0)


@pytest.mark.parametrize("function", [safe.norm, safe.normalise, lambda x: safe.divide(x, x[..., ::-1])])
def test_gradients_are_those_of_finite_differences(function):
    assert_gradient(function, np.random.default_rng(3).normal(size=(4, 3)), atol=1e-5)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float32, jnp.float64])
def test_dtypes_are_kept(dtype):
    def everything(x):
        found = safe.norm(x), safe.normalise(x), safe.distances(x, x), safe.sqrt(x), safe.acos(x)
        return *found, safe.divide(x, x), safe.atan2(x, x), jax.grad(lambda x: safe.norm(x).sum())(x)

    with jax.enable_x64(True):
        found = jax.eval_shape(everything, jax.ShapeDtypeStruct((2, 3), dtype))
        assert {array.dtype for array in found} == {jnp.dtype(dtype)}
        np.testing.assert_array_equal(safe.norm(jnp.array([[3, 4, 0], [0, 0, 0]], dtype)).astype(float), [5, 0])


def test_values_match_numpy_inside_the_domain():
    x = np.linspace(-0.999, 0.999, 101, dtype=np.float32)
    np.testing.assert_allclose(safe.acos(x), np.arccos(x), atol=1e-6)
    np.testing.assert_allclose(safe.sqrt(np.abs(x)), np.sqrt(np.abs(x)), rtol=1e-6)
    np.testing.assert_allclose(safe.atan2(x, x[::-1]), np.arctan2(x, x[::-1]), atol=1e-6)


def test_ends_and_zeros():
    np.testing.assert_allclose(safe.acos(jnp.array([-2.0, -1, 1, 2])), [np.pi, np.pi, 0, 0], atol=1e-7)
    assert safe.norm(jnp.zeros(3)) == 0
    assert safe.divide(jnp.array(2.0), jnp.array(0.0)) == 0
    assert safe.divide(jnp.array(3.0), jnp.array(2.0)) == 1.5
    np.testing.assert_array_equal(safe.normalise(jnp.zeros(3)), np.zeros(3))


def test_two_argument_functions_have_finite_gradients_at_zero():
    zero = jnp.array(0.0)
    for function in (safe.divide, safe.atan2):
        assert all(np.isfinite(g) for g in jax.grad(function, argnums=(0, 1))(zero, zero))


def test_distances_of_all_pairs():
    a, b = (jax.random.normal(jax.random.key(k), (2, n, 3)) for k, n in ((0, 4), (1, 5)))
    expected = np.linalg.norm(np.asarray(a)[:, :, None] - np.asarray(b)[:, None], axis=-1)
    np.testing.assert_allclose(safe.distances(a, b), expected, rtol=1e-5)
    assert np.isfinite(jax.jit(jax.grad(lambda x: safe.distances(x, x).sum()))(a)).all()
