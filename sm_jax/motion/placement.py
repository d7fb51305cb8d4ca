"""Where people stand follows the evidence: a network knows how people move, and would place strangers out of habit."""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.types import Array

SHOWN = (0.2, 0.6)  # visibility of a pelvis from which on its estimate counts, and counts fully
SLOW = 6.0  # frames: what is slower than this (standard deviation of a Gaussian) follows the estimate
_LEAST = 0.05  # share of seen frames around below which a person rather goes where the partner goes


def follow_estimate(pelvis: Array, estimate: Array, visibility: Array) -> jax.Array:
    """Pelvises [P, T, 3] moved to where the estimate saw them, slowly enough to add no jitter of its own.

    estimate: [P, T, 3] the gap-filled one, in the same world.  visibility: [P, T] of the pelvises.
    The correction is what is slow in (estimate - pelvis), averaged over the frames around by how well each was seen
    (normalised convolution, Knutsson and Westin 1993). So a hidden span keeps its own path between the corrections of
    its ends; deep in it a person is moved as the partner is, which leaves the two as the network put them together.
    """
    chex.assert_shape([pelvis, estimate], (2, None, 3))
    chex.assert_equal_shape_prefix([pelvis, estimate, visibility], 2)
    kernel = _gaussian(pelvis.shape[1])
    weight = _smoothstep((jnp.asarray(visibility) - SHOWN[0]) / (SHOWN[1] - SHOWN[0]))
    near = jnp.einsum("ts,ps->pt", kernel, weight, precision="highest")[..., None]
    pull = jnp.einsum("ts,psi->pti", kernel, weight[..., None] * (estimate - pelvis), precision="highest")
    trust = near**2 / (near**2 + _LEAST**2)
    own = trust * pull / jnp.maximum(near, 1e-6)
    return jnp.asarray(pelvis) + own + (1.0 - trust) * own[::-1]


def _smoothstep(x: Array) -> jax.Array:
    x = jnp.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def _gaussian(n_frames: int) -> np.ndarray:
    """[T, T] rows that average over the frames around each frame."""
    lag = np.subtract.outer(np.arange(n_frames), np.arange(n_frames)) / SLOW
    weight = np.exp(-0.5 * lag**2)
    return (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)
