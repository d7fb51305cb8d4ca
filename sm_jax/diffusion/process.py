"""The forward process and conversions between its quantities."""

from typing import Literal

import chex
import jax
import jax.numpy as jnp

from sm_jax.types import Array

LossWeight = Literal["constant", "min_snr"]


def _per_element(table: Array, t: Array, like: Array) -> jax.Array:
    """table[t] [B] with trailing axes of size one, to meet `like` [B, ...]."""
    return jnp.asarray(table)[t].reshape(t.shape + (1,) * (like.ndim - t.ndim))


def add_noise(alpha_bar: Array, x0: Array, noise: Array, t: Array) -> jax.Array:
    """x_t [B, ...] from x0 and noise of the same shape and t [B]."""
    chex.assert_equal_shape([x0, noise])
    chex.assert_shape(t, x0.shape[:1])
    level = _per_element(alpha_bar, t, x0)
    return jnp.sqrt(level) * x0 + jnp.sqrt(1.0 - level) * noise


def noise_from_x0(alpha_bar: Array, x_t: Array, x0: Array, t: Array) -> jax.Array:
    """The noise that x0 implies at x_t."""
    chex.assert_equal_shape([x_t, x0])
    chex.assert_shape(t, x_t.shape[:1])
    level = _per_element(alpha_bar, t, x0)
    return (jnp.asarray(x_t) - jnp.sqrt(level) * x0) / jnp.sqrt(1.0 - level)


def x0_from_noise(alpha_bar: Array, x_t: Array, noise: Array, t: Array) -> jax.Array:
    """The clean sample that a noise implies at x_t. Ill-conditioned where alpha_bar[t] is near zero."""
    chex.assert_equal_shape([x_t, noise])
    chex.assert_shape(t, x_t.shape[:1])
    level = _per_element(alpha_bar, t, x_t)
    return (jnp.asarray(x_t) - jnp.sqrt(1.0 - level) * noise) / jnp.sqrt(level)


def loss_weight(alpha_bar: Array, t: jax.Array, kind: LossWeight, gamma: float = 5.0) -> jax.Array:
    """Weight [B] of the squared error of x0 at t.

    `constant` keeps the high noise levels, where a few-step sampler decides what is hidden; `min_snr` is
    min(SNR, gamma) / gamma (Hang et al. 2023), which vanishes there.
    """
    chex.assert_rank([alpha_bar, t], 1)
    level = jnp.asarray(alpha_bar)[t]
    if kind == "constant":
        return jnp.ones_like(level)
    return jnp.minimum(level / (1.0 - level), gamma) / gamma
