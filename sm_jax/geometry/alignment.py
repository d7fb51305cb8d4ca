"""Least-squares alignment of point sets."""

import jax
import jax.numpy as jnp

from sm_jax.geometry import rotations, safe
from sm_jax.types import Array


def procrustes(
    source: Array, target: Array, weights: Array | None = None, scale: bool = True
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Similarity s R x + t that takes `source` nearest to `target` (Umeyama, PAMI 1991).

    source, target: [..., N, 3].  weights: [..., N], not negative; all one when absent.
    Returns s [...], R [..., 3, 3] without reflection, t [..., 3]. Without `scale` s is one; it is zero when all
    source points coincide.
    """
    w = jnp.ones_like(source[..., 0]) if weights is None else weights
    w = safe.divide(w, jnp.sum(w, axis=-1, keepdims=True))[..., None]
    mean_source = jnp.sum(w * source, axis=-2, keepdims=True)
    mean_target = jnp.sum(w * target, axis=-2, keepdims=True)
    x, y = source - mean_source, target - mean_target
    covariance = safe.einsum("...ni,...nj->...ij", w * y, x)
    R = rotations.nearest_rotation(covariance)
    if scale:
        s = safe.divide(jnp.sum(R * covariance, axis=(-1, -2)), jnp.sum(w * jnp.square(x), axis=(-1, -2)))
    else:
        s = jnp.ones_like(mean_source[..., 0, 0])
    t = mean_target[..., 0, :] - s[..., None] * rotations.rotate(R, mean_source[..., 0, :])
    return s, R, t
