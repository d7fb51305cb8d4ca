"""Bodies do not pass through one another."""

import chex
import jax
import jax.numpy as jnp

from sm_jax.body.sdf import PosedField, signed_distance
from sm_jax.energies.kernels import weighted_mean
from sm_jax.geometry.by_platform import by_platform
from sm_jax.types import Array

# Metres. Flesh gives way, and the tabulated skin errs by a few millimetres: most vertices wrongly called inside are so
# by less than this (`wrongly_inside` and `wrongly_beyond_slack` in experiments/results/bench_body.json).
SLACK = 0.005
UNIT = 0.02  # metres: a point this deep costs one


def penetration(points: Array, field: PosedField, frame_mask: Array, slack: float = SLACK) -> jax.Array:
    """Mean squared depth, in units of 2 cm, of each person's surface points under the other's skin.

    points: [P, T, S, 3].  field: of both people, [P, T].  frame_mask: [T].
    """
    chex.assert_shape([points, frame_mask], [(2, None, None, 3), points.shape[1:2]])
    excess = jnp.maximum(depths(points, field) - slack, 0)
    return weighted_mean(jnp.square(excess / UNIT), frame_mask[None, :, None])


def depths(points: Array, field: PosedField) -> jax.Array:
    """Depth [P, T, S] in metres of each person's points under the other's skin, negative outside."""
    other = jax.tree.map(lambda x: x[::-1], field)

    def one_by_one(points: Array, other: PosedField) -> jax.Array:
        """What a loop returns is stored. Otherwise a CPU's compiler would fuse the reading of the tables into every sum
        over the depths, which takes five times as long; behind a barrier, still half as long again."""
        return jax.lax.map(lambda of: signed_distance(*of), (points, other))

    return -by_platform(one_by_one, signed_distance, points, other)
