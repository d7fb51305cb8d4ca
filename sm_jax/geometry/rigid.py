"""Rigid transforms as a pair (R [..., 3, 3], t [..., 3]); (R_ab, t_ab) takes points of frame b to frame a."""

import jax

from sm_jax.geometry import rotations
from sm_jax.types import Array


def transform(R: Array, t: Array, points: Array) -> jax.Array:
    """R x + t. The leading axes of R, t and points [..., 3] have the same rank."""
    return rotations.rotate(R, points) + t


def compose(R_ab: Array, t_ab: Array, R_bc: Array, t_bc: Array) -> tuple[jax.Array, jax.Array]:
    """(R_ac, t_ac): first b from c, then a from b."""
    return rotations.compose(R_ab, R_bc), transform(R_ab, t_ab, t_bc)


def invert(R_ab: Array, t_ab: Array) -> tuple[jax.Array, jax.Array]:
    """(R_ba, t_ba)."""
    R_ba = rotations.transpose(R_ab)
    return R_ba, -rotations.rotate(R_ba, t_ab)
