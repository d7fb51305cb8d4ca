"""Feet in contact do not slide."""

import chex
import jax
import jax.numpy as jnp

from sm_jax.energies.kernels import pseudo_huber, weighted_mean
from sm_jax.types import Array

WIDTH = 0.2  # metres per second


def skating(feet: Array, contact: Array, fps: Array, frame_mask: Array) -> jax.Array:
    """Horizontal speed of the feet between two frames that both have contact, in units of 0.2 m/s.

    feet: [P, T, N, 3] in a z-up world.  contact: [P, T, N] in [0, 1].  fps: [].  frame_mask: [T].
    """
    chex.assert_shape([feet, contact, frame_mask], [(None, None, None, 3), feet.shape[:3], feet.shape[1:2]])
    velocity = (feet[:, 1:, :, :2] - feet[:, :-1, :, :2]) * fps
    both = contact[:, 1:] * contact[:, :-1] * (frame_mask[1:] * frame_mask[:-1])[None, :, None]
    return weighted_mean(pseudo_huber(jnp.sum(jnp.square(velocity), axis=-1), WIDTH), both)
