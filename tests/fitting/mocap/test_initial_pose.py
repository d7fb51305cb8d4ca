import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.fitting.mocap.initial_pose import initial_motion, out_of_plane
from sm_jax.geometry.rotations import angle_between
from tests.fitting.people import facing, turn


@pytest.fixture(scope="module")
def bent(body):
    """Two people with bent elbows and knees, and where their joints are."""
    motion = facing(1.0, 3)
    pose = jnp.asarray(motion.body_pose).at[:, :, 3].set(turn(0.8, "x")).at[:, :, 4].set(turn(0.5, "x"))  # knees
    pose = pose.at[:, :, 17].set(turn(-1.2, "y")).at[:, :, 18].set(turn(1.0, "y"))  # elbows
    motion = dataclasses.replace(motion, body_pose=pose)
    return motion, smpl.pose(body, motion)


def guess(body, posed, weight=1.0, known=0.0):
    full = jnp.ones(posed.joints.shape[:3])
    return jax.jit(initial_motion)(body, posed.joints, weight * full, posed.R_world_joint, known * full, posed.betas)


def test_positions_alone_give_the_motion_of_hinges(body, bent):
    _, posed = bent
    found = smpl.pose(body, guess(body, posed))
    np.testing.assert_allclose(found.joints[:, :, :22], posed.joints[:, :, :22], atol=0.03)
    off = np.degrees(angle_between(found.R_world_joint, posed.R_world_joint))
    assert off[:, :, [1, 2, 4, 5, 16, 17, 18, 19]].max() < 12  # the twist too, since knees and elbows are bent


def test_known_rotations_stay(body, bent):
    motion, posed = bent
    np.testing.assert_allclose(guess(body, posed, known=1.0).body_pose, motion.body_pose, atol=1e-5)


def test_what_is_unknown_follows_its_parent(body, bent):
    _, posed = bent
    weight = jnp.ones(posed.joints.shape[:3]).at[:, :, [20, 22]].set(0.0)
    found = jax.jit(initial_motion)(
        body, posed.joints, weight, posed.R_world_joint, jnp.zeros_like(weight), posed.betas
    )
    np.testing.assert_allclose(found.body_pose[:, :, 19], np.broadcast_to(np.eye(3), (2, 3, 3, 3)), atol=1e-5)


def test_a_bone_out_of_the_hinges_plane_is_told_by_its_sine(body, bent):
    motion, posed = bent
    assert np.abs(out_of_plane(motion, posed.rest_joints)).max() < 0.1
    aside = dataclasses.replace(motion, body_pose=jnp.asarray(motion.body_pose).at[:, :, 3].set(turn(0.5, "z")))
    assert np.abs(out_of_plane(aside, posed.rest_joints))[:, :, 0].min() > 0.4
