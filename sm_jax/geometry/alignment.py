"""Least-squares alignment of point sets."""

import jax
import jax.numpy as jnp
from jax import lax

from sm_jax.geometry import rotations, safe
from sm_jax.types import Array


def procrustes(
    source: Array, target: Array, weights: Array | None = None, scale: bool = True
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Similarity s R x + t that takes `source` nearest to `target` (Umeyama, PAMI 1991).

    source, target: [..., N, 3].  weights: [..., N], not negative; all one when absent. Points of zero weight may be
    anything, NaN included.
    Returns s [...], R [..., 3, 3] without reflection, t [..., 3]. Without `scale` s is one; it is zero when all
    source points coincide. What the points leave open (the turn about a line, everything when all weights are zero)
    is chosen arbitrarily, with zero gradient.
    """
    w = jnp.ones_like(source[..., 0]) if weights is None else jnp.asarray(weights)
    counts = (w > 0)[..., None]
    source, target = jnp.where(counts, source, 0), jnp.where(counts, target, 0)
    w = safe.divide(w, jnp.sum(w, axis=-1, keepdims=True))[..., None]
    mean_source, x, size_source = _centred(source, w)
    mean_target, y, size_target = _centred(target, w)
    covariance = safe.einsum("...ni,...nj->...ij", w * y, x)
    R = rotations.nearest_rotation(covariance)
    if scale:
        s = safe.divide(jnp.sum(R * covariance, axis=(-1, -2)), jnp.sum(w * jnp.square(x), axis=(-1, -2)))
        s = s * safe.divide(size_target, size_source)
    else:
        s = jnp.ones_like(size_source)
    t = mean_target - s[..., None] * rotations.rotate(R, mean_source)
    return s, R, t


def _centred(points: jax.Array, w: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Mean [..., 3], the points about it [..., N, 3] divided by their size, and that size [...] (a constant).

    The division keeps products of the points inside the float range.
    """
    mean = jnp.sum(w * points, axis=-2, keepdims=True)
    offset = jnp.where(w > 0, points - mean, 0)
    size = lax.stop_gradient(jnp.max(jnp.abs(offset), axis=(-1, -2), keepdims=True))
    return mean[..., 0, :], safe.divide(offset, size), size[..., 0, 0]
