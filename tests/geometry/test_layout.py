import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.geometry.layout import batch_first, batch_last, compose_last, rotate_last


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_the_batch_goes_last_and_comes_back():
    x = random(2, 5, 24, 3)
    last = batch_last(x, (2, 5), 2)
    assert last.shape == (24, 3, 10)
    np.testing.assert_array_equal(last[7, 1], x[:, :, 7, 1].ravel())
    np.testing.assert_array_equal(batch_first(last, (2, 5)), x)


def test_leading_axes_of_length_one_are_broadcast():
    x = random(2, 1, 3)
    np.testing.assert_array_equal(batch_first(batch_last(x, (2, 4), 1), (2, 4)), np.broadcast_to(x, (2, 4, 3)))


@pytest.mark.parametrize("lead", [(), (1,), (0,)])
def test_any_batch_even_none(lead):
    x = random(*lead, 3)
    np.testing.assert_array_equal(batch_first(batch_last(x, lead, 1), lead), x)


def test_products_are_those_of_matrices():
    a, b, x = random(4, 6, 3, 3), random(4, 6, 3, 4, seed=1), random(4, 6, 3, seed=2)
    composed = compose_last(*(jnp.moveaxis(y, 1, -1) for y in (a, b)))
    np.testing.assert_allclose(jnp.moveaxis(composed, -1, 1), a @ b, atol=1e-5)
    rotated = rotate_last(*(jnp.moveaxis(y, 1, -1) for y in (a, x)))
    np.testing.assert_allclose(jnp.moveaxis(rotated, -1, 1), np.einsum("jnik,jnk->jni", a, x), atol=1e-5)
