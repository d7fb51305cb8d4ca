"""Nonlinear least squares for many frames at once: Levenberg-Marquardt, its linear step by conjugate gradients.

The Jacobian is never formed, so residuals may couple frames (smoothness), people (contacts) and whole clips (one shape
a person) without a banded structure, and the cost of a step is that of a few forward and backward passes.
"""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp

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
        params, damping, _ = carry
        moved = lambda step: residuals(retract(params, step))  # noqa: E731
        residual, forward = jax.linearize(moved, zero_step)
        backward = jax.linear_transpose(forward, zero_step)

        def normal(step):
            (product,) = backward(forward(step))
            return jax.tree.map(lambda a, b: a + damping * b, product, step)

        (gradient,) = backward(residual)
        step = _conjugate_gradients(normal, jax.tree.map(jnp.negative, gradient), cg_steps)
        candidate = retract(params, step)
        cost, new_cost = _cost(residual), _cost(residuals(candidate))
        better = new_cost < cost
        params = jax.tree.map(lambda new, old: jnp.where(better, new, old), candidate, params)
        damping = jnp.clip(jnp.where(better, damping / 4.0, damping * 8.0), 1e-8, 1e8)
        return (params, damping, jnp.where(better, new_cost, cost)), cost

    start = (params, jnp.float32(damping), jnp.float32(jnp.inf))
    (params, _, cost), costs = jax.lax.scan(iterate, start, length=iterations)
    return params, jnp.concatenate([costs, cost[None]])


def _conjugate_gradients(normal: Callable[[Step], Step], b: Step, steps: int) -> Step:
    """x of `normal` x = b, positive definite, by so many steps from zero, or until the residual is 1e-4 of b.

    JAX's own traces and compiles `normal` twice, the second time for a first guess, which is zero here.
    """

    def dot(x: Step, y: Step) -> Array:
        return jax.tree.reduce(jnp.add, jax.tree.map(lambda a, b: jnp.sum(a * b), x, y))

    def along(x: Step, share: Array, direction: Step) -> Step:
        return jax.tree.map(lambda a, b: a + share * b, x, direction)

    def go_on(carry):
        return (carry[-1] < steps) & (carry[-2] > least)

    def take_step(carry):
        x, residual, direction, square, taken = carry
        product = normal(direction)
        share = square / dot(direction, product)
        x, residual = along(x, share, direction), along(residual, -share, product)
        new_square = dot(residual, residual)
        return x, residual, along(residual, new_square / square, direction), new_square, taken + 1

    square = dot(b, b)
    least = 1e-8 * square
    return jax.lax.while_loop(go_on, take_step, (jax.tree.map(jnp.zeros_like, b), b, b, square, 0))[0]


def _cost(residual: object) -> jax.Array:
    """Half the sum of squares of a pytree."""
    return 0.5 * jax.tree.reduce(jnp.add, jax.tree.map(lambda r: jnp.sum(jnp.square(r)), residual))
