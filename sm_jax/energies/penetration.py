"""Bodies do not pass through one another."""

import jax
import jax.numpy as jnp

from sm_jax.body.capsules import signed_distance
from sm_jax.energies.kernels import weighted_mean
from sm_jax.types import Array

SLACK = 0.01  # metres: flesh gives way, and the capsules fit the skin to about this
UNIT = 0.02  # metres: a point this deep costs one


def penetration(
    points: Array, start: Array, end: Array, radius: Array, frame_mask: Array, slack: float = SLACK
) -> jax.Array:
    """Mean squared depth, in units of 2 cm, of each person's surface points inside the other's capsules.

    points: [P, T, S, 3].  start, end: [P, T, C, 3].  radius: [P, C].  frame_mask: [T].
    """
    depth = depths(points, start, end, radius)
    return weighted_mean(jnp.square(jnp.maximum(depth - slack, 0) / UNIT), frame_mask[None, :, None])


def depths(points: Array, start: Array, end: Array, radius: Array) -> jax.Array:
    """Depth [P, T, S] in metres of each person's points under the other's skin, negative outside."""
    other = signed_distance(points, start[::-1], end[::-1], radius[::-1, None])
    return -jnp.min(other, axis=-1)
