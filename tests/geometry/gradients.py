"""Derivatives beside differences, in one program, where `jax.test_util.check_grads` compiles each operation."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

STEP = 1e-5  # of central differences in float64


def assert_gradient(function: Callable, *arguments: np.ndarray, atol: float) -> None:
    """Forward and backward derivatives of an array function, along one random direction, are its central difference."""
    rng = np.random.default_rng(0)
    towards = [rng.normal(size=np.shape(x)) for x in arguments]
    weights = rng.normal(size=jax.eval_shape(function, *arguments).shape)

    @jax.jit
    def slopes(arguments, towards, weights):
        _, forward = jax.jvp(function, arguments, towards)
        _, pull = jax.vjp(function, *arguments)
        backward = sum(jnp.vdot(slope, d) for slope, d in zip(pull(weights), towards, strict=True))
        ahead, behind = (function(*(x + by * d for x, d in zip(arguments, towards, strict=True)))
                         for by in (STEP, -STEP))  # fmt: skip
        return jnp.vdot(weights, forward), backward, jnp.vdot(weights, (ahead - behind) / (2 * STEP))

    with jax.enable_x64(True):
        double = jax.tree.map(lambda x: np.asarray(x, np.float64), (list(arguments), towards, weights))
        forward, backward, difference = slopes(*double)
    np.testing.assert_allclose(forward, difference, atol=atol, rtol=1e-5)
    np.testing.assert_allclose(backward, difference, atol=atol, rtol=1e-5)
