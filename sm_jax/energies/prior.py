"""Stay near the initial estimate where it was seen, and near the average shape."""

import jax
import jax.numpy as jnp

from sm_jax.energies.kernels import geman_mcclure, weighted_mean
from sm_jax.types import Array

WIDTH = 0.5  # radians: an estimate farther off is taken for a mistake and let go


def prior(body_pose: Array, estimate: Array, visibility: Array, frame_mask: Array) -> jax.Array:
    """Robust distance of the visible joints' rotations from the estimate's, in [0, 1).

    body_pose, estimate: [P, T, 23, 3, 3].  visibility: [P, T, 23].  frame_mask: [T].
    """
    # Half the squared Frobenius distance is 2 (1 - cos angle), the squared angle for small ones.
    squared = 0.5 * jnp.sum(jnp.square(body_pose - estimate), axis=(-1, -2))
    return weighted_mean(geman_mcclure(squared, WIDTH), visibility * frame_mask[None, :, None])


def shape(betas: Array) -> jax.Array:
    """Mean squared shape [P, N] in standard deviations."""
    return jnp.mean(jnp.square(betas))
