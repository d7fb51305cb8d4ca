"""Regions that are said to touch are drawn together."""

import jax
import jax.numpy as jnp

from sm_jax.energies.kernels import pseudo_huber, weighted_mean
from sm_jax.geometry import safe
from sm_jax.types import Array, ContactTargets

TOLERANCE = 0.02  # metres: touching skin, given the spacing of the points
SOFTNESS = 0.02  # metres: pairs about this much farther than the nearest one still take part
WIDTH = 0.1  # metres: the pull grows up to here and is constant beyond
POINTS = 24  # at most so many points stand for a side of a constraint
_FAR = 1e3


def contact(
    points: Array, regions: Array, targets: ContactTargets, frame_mask: Array, tolerance: float = TOLERANCE
) -> jax.Array:
    """Mean pull of the constraints; zero when every one is met within `tolerance` metres.

    points: [P, T, S, 3] surface points.  regions: [S] int into `skeleton.SIDED_REGIONS`.  frame_mask: [T].
    Unspecified sides are several allowed regions, of which the nearest decides.
    """
    distance, exists = distances(points, regions, targets)
    gap = jnp.maximum(distance - tolerance, 0)
    weight = jnp.swapaxes(targets.weight, 0, 1) * exists[None, :] * frame_mask[:, None]
    return weighted_mean(pseudo_huber(jnp.square(gap), WIDTH), weight)


def distances(points: Array, regions: Array, targets: ContactTargets) -> tuple[jax.Array, jax.Array]:
    """Soft-minimum distance [T, C] in metres of each constraint, and whether it has points at all [C] in {0, 1}."""
    a, has_a = _allowed(targets.mask_a, regions)
    b, has_b = _allowed(targets.mask_b, regions)
    pair = has_a[:, :, None] & has_b[:, None, :]
    gap = safe.distances(points[0][:, a], points[1][:, b])
    gap = jnp.where(pair[None], gap, _FAR).reshape(*gap.shape[:2], -1)
    nearness = jax.nn.softmax(-gap / SOFTNESS, axis=-1)
    return jnp.sum(nearness * gap, axis=-1), jnp.any(pair, axis=(1, 2)).astype(points.dtype)


def _allowed(mask: Array, regions: Array) -> tuple[jax.Array, jax.Array]:
    """Indices [C, M] of the first points in the allowed regions (they come well spread), and which are real."""
    rank = jnp.arange(regions.shape[0], 0, -1, dtype=jnp.int32)
    key = jnp.where(mask[:, regions] > 0, rank[None], 0)
    best, index = jax.lax.top_k(key, min(POINTS, regions.shape[0]))
    return index, best > 0
