"""What every energy must pass: gradient equal to a finite difference, and finite where things coincide."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike


def assert_gradient(energy: Callable[[jax.Array], jax.Array], x: ArrayLike, tolerance: float = 1e-5) -> None:
    """The gradient along a random direction equals the central difference, in float64."""
    with jax.enable_x64(True):
        wide_x = jnp.asarray(np.asarray(x, np.float64))
        direction = jnp.asarray(np.random.default_rng(9).normal(size=wide_x.shape))

        @jax.jit
        def slopes(x: jax.Array, direction: jax.Array) -> tuple[jax.Array, jax.Array]:
            before, after = jax.lax.map(energy, jnp.stack([x - 1e-6 * direction, x + 1e-6 * direction]))
            return jnp.sum(jax.grad(energy)(x) * direction), (after - before) / 2e-6

        found, expected = slopes(wide_x, direction)
        assert abs(expected) > 1e-8, "the energy is flat here, the comparison says nothing"
        np.testing.assert_allclose(found, expected, rtol=tolerance)


def assert_finite_gradient(energy: Callable[[jax.Array], jax.Array], x: ArrayLike) -> None:
    value, gradient = jax.jit(jax.value_and_grad(energy))(jnp.asarray(x, jnp.float32))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def wide(x: ArrayLike) -> jax.Array:
    """As float64 when that is switched on, so that strict promotion accepts it beside the variable."""
    return jnp.asarray(np.asarray(x), jnp.result_type(float))


def noise(*shape: int, seed: int = 0, scale: float = 1.0) -> np.ndarray:
    return (scale * np.random.default_rng(seed).normal(size=shape)).astype(np.float32)
