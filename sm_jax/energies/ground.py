"""Feet that carry weight stand on the ground: one support height per person, softly shared."""

import chex
import jax
import jax.numpy as jnp

from sm_jax.energies.kernels import geman_mcclure, weighted_mean
from sm_jax.geometry import safe
from sm_jax.geometry.median import weighted_median
from sm_jax.types import Array

WIDTH = 0.1  # metres: a foot farther off (lifted person, chair, step) is let go
SHARED = 0.1  # metres: support heights that differ by less are drawn together


def ground(soles: Array, contact: Array, support: Array, frame_mask: Array, width: float = WIDTH) -> jax.Array:
    """Robust distance of the feet that carry weight from their person's support height, and of any foot below it.

    soles: [P, T, N, 3] points of the feet lowered by their clearance (`body.smpl.foot_clearance`).
    contact: [P, T, N] in [0, 1].  support: [P] heights in metres.  frame_mask: [T].
    """
    chex.assert_shape(
        [soles, contact, support, frame_mask],
        [(None, None, None, 3), soles.shape[:3], soles.shape[:1], soles.shape[1:2]],
    )
    height = soles[..., 2] - support[:, None, None]
    weight = jnp.broadcast_to(frame_mask[None, :, None], height.shape)
    below = jnp.square(jnp.minimum(height, 0))
    off = carrying(contact) * geman_mcclure(jnp.square(height), width)
    return weighted_mean(off + geman_mcclure(below, width), weight)


def carrying(contact: Array) -> jax.Array:
    """How surely a foot carries weight, from its contact [...] in [0, 1]: a doubtful contact carries nothing."""
    return jnp.clip(2.0 * jnp.asarray(contact) - 1.0, 0.0, 1.0)


def support_heights(soles: Array, contact: Array, frame_mask: Array) -> jax.Array:
    """Support height [P] in metres: the contact-weighted median of the soles, the two drawn together when close.

    Shapes as in `ground`. A person without any contact takes the other's height; where nobody has any the ground is
    unknown, and as low as the lowest sole. No gradient: it is fitted to the motion, as the motion is fitted to it.
    """
    chex.assert_shape([soles, contact, frame_mask], [(None, None, None, 3), soles.shape[:3], soles.shape[1:2]])
    height = jax.lax.stop_gradient(soles[..., 2]).reshape(soles.shape[0], -1)
    weight = jax.lax.stop_gradient(carrying(contact) * frame_mask[None, :, None]).reshape(height.shape)
    own = weighted_median(height.T, weight.T)
    total = jnp.sum(weight, axis=1)
    known = jnp.sum(total) > 0
    valid = jnp.broadcast_to(frame_mask[None, :, None] > 0, soles.shape[:-1]).reshape(height.shape)
    lowest = jnp.min(height, where=valid, initial=jnp.inf)
    lowest = jnp.where(jnp.isfinite(lowest), lowest, 0)
    common = jnp.where(known, jnp.sum(safe.divide(total, jnp.sum(total)) * own), lowest)
    kept = jnp.where(total > 0, geman_mcclure(jnp.square(own - common), SHARED), 0)
    return common + kept * (own - common)
