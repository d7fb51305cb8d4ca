"""Standardisation of the state, fitted once on training motion and stored with the weights."""

import dataclasses
from collections.abc import Sequence

import chex
import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.motion.state import STATE, D
from sm_jax.types import Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Statistics:
    """mean and std: [D]. Within a named slice all entries share one std, so that a slice keeps its geometry."""

    mean: Array
    std: Array


def fit(states: np.ndarray) -> Statistics:
    """States [..., D] of training motion -> statistics."""
    flat = np.asarray(states, np.float64).reshape(-1, D)
    mean, std = flat.mean(0), np.ones(D)
    for part in STATE.values():
        std[part] = np.sqrt(flat[:, part].var(0).mean())
    return Statistics(mean=mean.astype(np.float32), std=np.maximum(std, 1e-3).astype(np.float32))


def combine(parts: Sequence[tuple[Statistics, float]]) -> Statistics:
    """Statistics of a mixture of sets: (statistics, share) each."""
    shares = np.array([share for _, share in parts], np.float64)
    shares /= shares.sum()
    mean = np.einsum("n,nd->d", shares, np.stack([s.mean for s, _ in parts]))
    second = np.stack([np.square(s.std) + np.square(s.mean - mean) for s, _ in parts])
    variance, std = np.einsum("n,nd->d", shares, second), np.ones(D)
    for part in STATE.values():
        std[part] = np.sqrt(variance[part].mean())
    return Statistics(mean=mean.astype(np.float32), std=std.astype(np.float32))


def normalise(state: Array, statistics: Statistics) -> jax.Array:
    """State [..., D] -> standardised state [..., D]."""
    chex.assert_shape(state, (..., D))
    mean, std = _expand(statistics, state.ndim)
    return jnp.subtract(state, mean) / std


def denormalise(state: Array, statistics: Statistics) -> jax.Array:
    """The inverse of `normalise`."""
    chex.assert_shape(state, (..., D))
    mean, std = _expand(statistics, state.ndim)
    return jnp.multiply(state, std) + mean


def _expand(statistics: Statistics, ndim: int) -> tuple[Array, Array]:
    shape = (1,) * (ndim - 1) + (D,)
    return jnp.reshape(statistics.mean, shape), jnp.reshape(statistics.std, shape)
