"""Nonlinear least squares for many frames at once: Levenberg-Marquardt, its linear step by conjugate gradients.

The Jacobian is never formed, so residuals may couple frames (smoothness), people (contacts) and whole clips (one shape
a person) without a banded structure, and the cost of a step is that of a few forward and backward passes.
"""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax.scipy.sparse.linalg import cg

from sm_jax.types import Array

Params = TypeVar("Params")
Step = TypeVar("Step")


def levenberg_marquardt(
    residuals: Callable[[Params], object],
    retract: Callable[[Params, Step], Params],
    params: Params,
    zero_step: Step,
    *,
    iterations: int,
    cg_steps: int,
    damping: float = 1e-3,
) -> tuple[Params, Array]:
    """Minimise half the sum of squares of `residuals(params)`, a pytree of arrays of any shape.

    retract: takes a parameter and a step of its tangent space to the moved parameter; linearised about `zero_step`.
    damping: the first value of the term added to the normal equations' diagonal, in the residuals' squared units; it
    falls after a step that helps and rises after one that does not, which is then not taken.
    Returns the best parameters and the cost before each iteration and at the end [iterations + 1].
    One problem; use `jax.vmap` for many. Traceable, static shapes.
    """

    def iterate(carry, _):
        params, cost, damping = carry
        moved = lambda step: residuals(retract(params, step))  # noqa: E731
        residual, forward = jax.linearize(moved, zero_step)
        backward = jax.linear_transpose(forward, zero_step)

        def normal(step):
            (product,) = backward(forward(step))
            return jax.tree.map(lambda a, b: a + damping * b, product, step)

        (gradient,) = backward(residual)
        step, _ = cg(normal, jax.tree.map(jnp.negative, gradient), maxiter=cg_steps, tol=1e-4)
        candidate = retract(params, step)
        new_cost = _cost(residuals(candidate))
        better = new_cost < cost
        params = jax.tree.map(lambda new, old: jnp.where(better, new, old), candidate, params)
        damping = jnp.clip(jnp.where(better, damping / 4.0, damping * 8.0), 1e-8, 1e8)
        return (params, jnp.where(better, new_cost, cost), damping), cost

    start = (params, _cost(residuals(params)), jnp.float32(damping))
    (params, cost, _), costs = jax.lax.scan(iterate, start, length=iterations)
    return params, jnp.concatenate([costs, cost[None]])


def _cost(residual: object) -> jax.Array:
    """Half the sum of squares of a pytree."""
    return 0.5 * jax.tree.reduce(jnp.add, jax.tree.map(lambda r: jnp.sum(jnp.square(r)), residual))
