import dataclasses

import jax.numpy as jnp
import numpy as np

from sm_jax.geometry.rotations import angle_between, axis_angle_to_matrix
from sm_jax.motion.slerp_fill import fill_hidden
from tests.motion.motions import random_motion


def turning_motion(frames=9):
    """Every rotation turns evenly about z by 0.1 rad a frame, the pelvis walks 0.1 m a frame."""
    step = jnp.arange(frames, dtype=jnp.float32) * 0.1
    turn = axis_angle_to_matrix(jnp.stack([0 * step, 0 * step, step], -1))
    motion = random_motion(frames=frames)
    return dataclasses.replace(
        motion,
        global_orient=jnp.broadcast_to(turn, (2, frames, 3, 3)),
        body_pose=jnp.broadcast_to(turn[:, None], (2, frames, 23, 3, 3)),
        pelvis=jnp.broadcast_to(step[:, None], (2, frames, 3)),
    )


def spoil(motion, frames):
    wrong = axis_angle_to_matrix(jnp.array([1.0, 0.5, 0.0]))
    return dataclasses.replace(
        motion,
        global_orient=motion.global_orient.at[:, frames].set(wrong),
        body_pose=motion.body_pose.at[:, frames].set(wrong),
        pelvis=motion.pelvis.at[:, frames].set(7.0),
    )


def test_even_motion_is_restored_inside_a_gap():
    motion, gap = turning_motion(), jnp.array([3, 4, 5])
    visibility = jnp.ones((2, 9, 24)).at[:, gap].set(0.0)
    filled = fill_hidden(spoil(motion, gap), visibility, jnp.ones(9))
    assert float(angle_between(filled.body_pose, motion.body_pose).max()) < 2e-3
    assert float(angle_between(filled.global_orient, motion.global_orient).max()) < 2e-3
    np.testing.assert_allclose(filled.pelvis, motion.pelvis, atol=1e-5)


def test_ends_are_held_and_padding_is_never_a_source():
    motion = turning_motion()
    visibility = jnp.ones((2, 9, 24)).at[:, 7:].set(0.0)
    filled = fill_hidden(spoil(motion, jnp.array([7, 8])), visibility, jnp.ones(9).at[8].set(0.0))
    np.testing.assert_allclose(filled.pelvis[:, 7], motion.pelvis[:, 6], atol=1e-6)


def test_what_is_seen_or_never_seen_is_kept():
    motion = random_motion(frames=9)
    filled = fill_hidden(motion, jnp.zeros((2, 9, 24)), jnp.ones(9))
    np.testing.assert_array_equal(filled.body_pose, motion.body_pose)
    filled = fill_hidden(motion, jnp.ones((2, 9, 24)), jnp.ones(9))
    np.testing.assert_array_equal(filled.body_pose, motion.body_pose)
