"""Moving the leading axes of a batch behind the small ones, where the kernels of the body want them; sums over the
small ones.

A product of 3 x 3 matrices whose last axis is the batch is nine multiplications of long vectors; with the batch in
front it is a loop over rows of three, and its gradient a sum over an axis of three, on a CPU three times slower.
"""

import math

import jax
import jax.numpy as jnp
from jax import lax

from sm_jax.types import Array


def batch_last(x: Array, lead: tuple[int, ...], tail: int) -> jax.Array:
    """[..., *small] to [*small, N]: the leading axes are broadcast to `lead`, flattened and moved last.

    tail: how many small axes there are.  N is the product of `lead`.
    """
    x = jnp.asarray(x)
    small = x.shape[x.ndim - tail :]
    x = jnp.broadcast_to(x, lead + small).reshape(math.prod(lead), *small)
    return jnp.moveaxis(x, 0, -1)


def batch_first(x: Array, lead: tuple[int, ...]) -> jax.Array:
    """[*small, N] back to [*lead, *small]."""
    return jnp.moveaxis(x, -1, 0).reshape(*lead, *x.shape[:-1])


def compose_last(a: Array, b: Array) -> jax.Array:
    """Matrix products [..., 3, C, N] of a [..., 3, 3, N] and b [..., 3, C, N]."""
    a, b = jnp.asarray(a), jnp.asarray(b)
    columns, rows = lax.split(a, (1, 1, 1), a.ndim - 2), lax.split(b, (1, 1, 1), b.ndim - 3)
    return columns[0] * rows[0] + columns[1] * rows[1] + columns[2] * rows[2]


def rotate_last(R: Array, x: Array) -> jax.Array:
    """R x, [..., 3, N], of R [..., 3, 3, N] and x [..., 3, N]."""
    return sum_small(R * jnp.asarray(x)[..., None, :, :], -2)


def sum_small(x: Array, axis: int, keepdims: bool = False) -> jax.Array:
    """Sum over an axis of a few entries, one by one: on a CPU a reduction of three is many times slower, since it is
    neither fused with what it sums nor vectorised."""
    x, axis = jnp.asarray(x), axis % x.ndim
    first, *others = lax.split(x, (1,) * x.shape[axis], axis)
    total = sum(others, start=first)
    return total if keepdims else lax.squeeze(total, (axis,))
