"""Stay near the initial estimate where it was seen, and near the average shape."""

import chex
import jax
import jax.numpy as jnp

from sm_jax.energies.kernels import geman_mcclure, weighted_mean
from sm_jax.types import Array, Motion

WIDTH = 0.5  # radians: a rotation farther off is taken for a mistake and let go


def prior(motion: Motion, reference: Motion, trust: Array, frame_mask: Array) -> jax.Array:
    """Robust distance of a motion [P, T] from another: of the body's rotations in the mean, and of the orientations,
    each in [0, 1). Where people stand is not held: the picture does so across the line of sight, and along it ground
    and contacts know more than an estimate from one view.

    trust: [P, T, J] in [0, 1] of the reference's joints.  frame_mask: [T].
    """
    chex.assert_equal_shape_prefix([motion.body_pose, reference.body_pose, trust], 2)
    chex.assert_shape([trust, frame_mask], [(None, None, 24), trust.shape[1:2]])
    weight = trust * frame_mask[None, :, None]
    body = weighted_mean(_turned(motion.body_pose, reference.body_pose), weight[..., 1:])
    orient = weighted_mean(_turned(motion.global_orient, reference.global_orient), weight[..., 0])
    return body + orient


def _turned(R: Array, reference: Array) -> jax.Array:
    """Half the squared Frobenius distance is 2 (1 - cos angle), the squared angle for small ones."""
    return geman_mcclure(0.5 * jnp.sum(jnp.square(R - reference), axis=(-1, -2)), WIDTH)


def shape(betas: Array) -> jax.Array:
    """Mean squared shape [P, N] in standard deviations."""
    return jnp.mean(jnp.square(betas))
