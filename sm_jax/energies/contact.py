"""Regions that are said to touch are drawn together.

A constraint is the least distance between two sets of points, as in ProsePose (Subramanian et al., 2024), made smooth:
the minimum is replaced by -s log sum exp(-d / s). That is never more than the minimum, so a touching pair of points
meets the constraint whatever the others do, and its gradient draws every pair closer and pushes none apart, which the
mean under softmax weights does not promise. It lies below the minimum by more where many points are near, which
offsets that skins touch between the points.
"""

import chex
import jax
import jax.numpy as jnp

from sm_jax.body.skeleton import SIDED_REGIONS
from sm_jax.energies.kernels import pseudo_huber, weighted_mean
from sm_jax.types import Array, ContactTargets

TOLERANCE = 0.02  # metres: touching skin, given the spacing of the points
SOFTNESS = 0.01  # metres: pairs about this much farther than the nearest one still take part
WIDTH = 0.1  # metres: the pull grows up to here and is constant beyond
POINTS = 24  # at most so many points stand for a side of a constraint
_FAR = 1e4


def contact(
    points: Array, regions: Array, targets: ContactTargets, frame_mask: Array, tolerance: float = TOLERANCE
) -> jax.Array:
    """Mean pull of the constraints, in units of 10 cm; zero when every one is met within `tolerance` metres.

    points: [P, T, S, 3] surface points.  regions: [S] int into `skeleton.SIDED_REGIONS`.  frame_mask: [T].
    Unspecified sides are several allowed regions, of which the nearest decides.
    """
    chex.assert_shape([points, regions, frame_mask], [(2, None, None, 3), points.shape[2:3], points.shape[1:2]])
    distance, exists = distances(points, regions, targets)
    gap = jnp.maximum(distance - tolerance, 0)
    weight = jnp.swapaxes(targets.weight, 0, 1) * exists[None, :] * frame_mask[:, None]
    return weighted_mean(pseudo_huber(jnp.square(gap), WIDTH), weight)


def distances(points: Array, regions: Array, targets: ContactTargets) -> tuple[jax.Array, jax.Array]:
    """Soft-minimum distance [T, C] in metres of each constraint, and whether it has points at all [C] in {0, 1}."""
    chex.assert_shape([targets.mask_a, targets.mask_b], (None, len(SIDED_REGIONS)))
    a, has_a = allowed_regions(targets.mask_a, regions)
    b, has_b = allowed_regions(targets.mask_b, regions)
    pair = has_a[:, :, None] & has_b[:, None, :]
    # Frames come last: gathers copy whole rows and the loops over pairs run over frames side by side. Twice as fast.
    points = jnp.transpose(points, (0, 3, 2, 1))
    distance = _soft_minimum(points[0][:, a], points[1][:, b], pair)
    return distance.T, jnp.any(pair, axis=(1, 2)).astype(points.dtype)


def allowed_regions(mask: Array, regions: Array) -> tuple[jax.Array, jax.Array]:
    """Indices [C, M] of the first points in the allowed regions (they come well spread), and which are real."""
    count = jnp.cumsum(mask[:, regions] > 0, axis=1, dtype=jnp.int32)
    rank = jnp.arange(min(POINTS, regions.shape[0]), dtype=jnp.int32)
    index = jnp.sum(count[:, None, :] <= rank[None, :, None], axis=-1, dtype=jnp.int32)
    return jnp.minimum(index, regions.shape[0] - 1), rank[None] < count[:, -1:]


@jax.custom_jvp
def _soft_minimum(a: Array, b: Array, pair: Array) -> jax.Array:
    """Soft minimum [C, T] of the distances of a [3, C, M, T] to b [3, C, N, T] over the pairs [C, M, N] that count.

    Its derivative is written out, a pull on each point: half the time of differentiating pair by pair.
    """
    return _gaps(a, b, pair)[0]


@_soft_minimum.defjvp
def _soft_minimum_jvp(primals, tangents):
    distance, gap, share, difference = _gaps(*primals)
    pull = share / jnp.where(gap > 0, gap, 1)  # coincident points do not know where to go
    pull_a = jnp.stack([jnp.sum(pull * x, axis=2) for x in difference])
    pull_b = jnp.stack([jnp.sum(pull * x, axis=1) for x in difference])
    return distance, jnp.sum(pull_a * tangents[0], axis=(0, 2)) - jnp.sum(pull_b * tangents[1], axis=(0, 2))


def _gaps(a: Array, b: Array, pair: Array) -> tuple[jax.Array, jax.Array, jax.Array, list[jax.Array]]:
    """Soft minimum [C, T], the gaps, their shares in it and the differences [C, M, N, T] of each component."""
    difference = [a[i][:, :, None] - b[i][:, None, :] for i in range(3)]
    squared = jnp.square(difference[0]) + jnp.square(difference[1]) + jnp.square(difference[2])
    gap = jnp.where(pair[..., None], jnp.sqrt(squared), _FAR)
    least = jnp.min(gap, axis=(1, 2), keepdims=True)
    near = jnp.exp((least - gap) / SOFTNESS)
    total = jnp.sum(near, axis=(1, 2), keepdims=True)
    return (least - SOFTNESS * jnp.log(total))[:, 0, 0], gap, near / total, difference
