import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.geometry import safe

# zero, the smallest and largest floats, and everything between, both signs
RANGE = np.concatenate([[0.0], np.geomspace(1e-38, 1e38, 77)]).astype(np.float32)
RANGE = np.concatenate([-RANGE[::-1], RANGE])


@pytest.mark.parametrize("function", [safe.sqrt, safe.acos])
def test_unary_functions_are_finite_over_the_whole_float_range(function):
    value, gradient = jax.vmap(jax.value_and_grad(function))(RANGE)
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("function", [safe.norm, safe.normalise])
@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-12, 1.0, 1e15])
def test_vector_functions_are_finite(function, scale):
    x = scale * jnp.array([0.3, -0.5, 0.8])
    assert np.isfinite(function(x)).all()
    assert np.isfinite(jax.jacobian(function)(x)).all()


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1.0, 1e30])
def test_normalise_has_unit_length_whatever_the_scale(scale):
    assert np.linalg.norm(safe.normalise(scale * jnp.array([0.3, -0.5, 0.8]))) == pytest.approx(1, abs=1e-6)


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
