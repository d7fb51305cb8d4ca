"""Joints accelerate as muscles allow."""

import chex
import jax
import jax.numpy as jnp

from sm_jax.energies.kernels import pseudo_huber, weighted_mean
from sm_jax.types import Array

WIDTH = 10.0  # metres per second squared, a brisk limb: beyond it the cost is linear, so that blows stay possible


def smoothness(joints: Array, fps: Array, frame_mask: Array) -> jax.Array:
    """Mean acceleration cost of joints [P, T, J, 3], in units of 10 m/s^2. Zero at constant velocity.

    fps: [].  frame_mask: [T]; a second difference counts when its three frames do. Zero for fewer than three frames.
    """
    chex.assert_shape([joints, frame_mask], [(None, None, None, 3), joints.shape[1:2]])
    acceleration = (joints[:, 2:] - 2 * joints[:, 1:-1] + joints[:, :-2]) * jnp.square(fps)
    weight = (frame_mask[2:] * frame_mask[1:-1] * frame_mask[:-2])[None, :, None]
    return weighted_mean(pseudo_huber(jnp.sum(jnp.square(acceleration), axis=-1), WIDTH), weight)
