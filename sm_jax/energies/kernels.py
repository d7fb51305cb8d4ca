"""Robust kernels and masked means shared by the energies. Kernels are dimensionless: residual over width."""

import jax
import jax.numpy as jnp

from sm_jax.types import Array


def weighted_mean(values: Array, weights: Array) -> jax.Array:
    """Scalar mean of `values` under `weights` >= 0, which broadcast to their shape; fades to zero as nothing weighs.

    The divisor is at least one, so that a total weight near zero makes neither a large mean nor a large gradient.
    """
    weights = jnp.broadcast_to(weights, jnp.shape(values))
    return jnp.sum(weights * values) / jnp.maximum(jnp.sum(weights), 1)


def geman_mcclure(squared: Array, width: float) -> jax.Array:
    """r^2 / (r^2 + width^2) of a squared residual: in [0, 1), forgets outliers (Geman and McClure 1987)."""
    squared = jnp.asarray(squared)
    return squared / (squared + width**2)


def pseudo_huber(squared: Array, width: float) -> jax.Array:
    """2 (sqrt(1 + r^2 / width^2) - 1) of a squared residual: r^2 / width^2 near zero, linear far away."""
    x = jnp.asarray(squared) / width**2
    return 2 * x / (jnp.sqrt(1 + x) + 1)  # as it stands in the line above, it would cancel for small residuals
