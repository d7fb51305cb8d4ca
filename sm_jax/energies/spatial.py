"""The two people keep their places relative to one another: distances between their joints, and who is in front."""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import skeleton
from sm_jax.energies.kernels import pseudo_huber, weighted_mean
from sm_jax.geometry import safe
from sm_jax.types import Array

WIDTH = 0.1  # metres
NEAR = 1.0  # metres: pairs of joints this close weigh 1/e of touching ones
TRUNK = np.array([skeleton.JOINTS.index(name) for name in ("pelvis", "spine3", "head")], np.int32)


def spatial(joints: Array, reference: Array, visibility: Array, forward: Array, frame_mask: Array) -> jax.Array:
    """Difference of the joint-distance maps plus broken depth order, in units of 10 cm. Zero at the reference.

    joints, reference: [P, T, J, 3] in the world.  visibility: [P, T, J], how far the reference is trusted.
    forward: [T, 3] unit viewing direction of the camera in the world.  frame_mask: [T].
    The map is the interaction term of InterGen (Liang et al., IJCV 2024), weighted towards near pairs.
    """
    chex.assert_equal_shape([joints, reference])
    chex.assert_shape([visibility, forward, frame_mask], [joints.shape[:3], (joints.shape[1], 3), joints.shape[1:2]])
    return distance_map(joints, reference, visibility, frame_mask) + depth_order(
        joints, reference, visibility, forward, frame_mask
    )


def distance_map(joints: Array, reference: Array, visibility: Array, frame_mask: Array) -> jax.Array:
    """Robust difference of the [T, J, J] distances between the people's joints. Arguments as in `spatial`."""
    now, then = safe.distances(joints[0], joints[1]), safe.distances(reference[0], reference[1])
    weight = visibility[0][:, :, None] * visibility[1][:, None, :] * jnp.exp(-then / NEAR)
    return weighted_mean(pseudo_huber(jnp.square(now - then), WIDTH), weight * frame_mask[:, None, None])


def depth_order(joints: Array, reference: Array, visibility: Array, forward: Array, frame_mask: Array) -> jax.Array:
    """How far the person who was in front stands behind, at pelvis, chest and head. Arguments as in `spatial`."""
    now, then = depth_gap(joints, forward), depth_gap(reference, forward)
    weight = visibility[0][:, TRUNK] * visibility[1][:, TRUNK] * jnp.tanh(jnp.abs(then) / WIDTH)
    wrong = jnp.maximum(-now * jnp.sign(then), 0)
    return weighted_mean(pseudo_huber(jnp.square(wrong), WIDTH), weight * frame_mask[:, None])


def depth_gap(joints: Array, forward: Array) -> jax.Array:
    """Depth [T, 3] of person 0 beyond person 1 at the trunk joints."""
    return jnp.sum((joints[0][:, TRUNK] - joints[1][:, TRUNK]) * forward[:, None], axis=-1)
