"""Weighted medians."""

import jax
import jax.numpy as jnp

from sm_jax.types import Array


def weighted_median(values: Array, weight: Array) -> jax.Array:
    """Median over the first axis: values [M, ...], weight [M, ...] >= 0 -> [...]; of all values where nothing weighs.

    The mean of the lower and the upper weighted median, so that mirrored values have mirrored medians.
    """
    values, weight = jnp.broadcast_arrays(values, weight)
    weight = jnp.where(weight.sum(axis=0, keepdims=True) > 0.0, weight, jnp.ones_like(weight))
    order = jnp.argsort(values, axis=0)
    ranked = jnp.take_along_axis(values, order, axis=0)
    mass = jnp.cumsum(jnp.take_along_axis(weight, order, axis=0), axis=0)
    half = 0.5 * mass[-1:]
    lower = jnp.argmax(mass >= half - 1e-6, axis=0)
    upper = jnp.argmax(mass > half + 1e-6, axis=0)
    pick = lambda index: jnp.take_along_axis(ranked, index[None], axis=0)[0]  # noqa: E731
    return 0.5 * (pick(lower) + pick(upper))
