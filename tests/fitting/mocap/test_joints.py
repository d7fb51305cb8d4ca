import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import JOINTS
from sm_jax.data.schema import LandmarkMotion
from sm_jax.errors import UserError
from sm_jax.fitting.mocap import joints
from sm_jax.fitting.mocap.joints import Correspondence
from sm_jax.geometry.rotations import angle_between, slerp
from tests.motion.motions import random_motion


@pytest.fixture(scope="module")
def body():
    return load_body("open-low")


@pytest.fixture(scope="module")
def truth(body):
    """A smooth motion: one random pose each, slowly left for another."""
    motion = random_motion(seed=3, frames=1)
    # Nearer to rest, so that every joint is in its range: a fit keeps it there.
    near = slerp(jnp.broadcast_to(jnp.eye(3), motion.body_pose.shape), motion.body_pose, jnp.full((2, 1, 23), 0.6))
    hold = lambda x: jnp.repeat(x, 8, axis=1)  # noqa: E731
    drift = jnp.linspace(0, 0.3, 8)[None, :, None] * jnp.array([[[1.0, 0, 0]]])
    motion = smpl.Motion(
        global_orient=hold(motion.global_orient),
        body_pose=hold(near),
        pelvis=hold(motion.pelvis) + drift,
        betas=motion.betas,
    )
    return motion, smpl.pose(body, motion)


def known(posed: smpl.Posed, rotations: bool) -> joints.Targets:
    weight = jnp.ones(posed.joints.shape[:-1])
    return joints.Targets(
        joints=posed.joints,
        joint_weight=weight,
        R_world_joint=posed.R_world_joint,
        rotation_weight=weight * rotations,
    )


@pytest.mark.parametrize(("rotations", "limit"), [(True, 10.0), (False, 22.0)])
def test_the_bodys_own_joints_are_met(body, truth, rotations, limit):
    motion, posed = truth
    fitted, costs = joints.fit(body, known(posed, rotations), motion.betas)
    error = 1e3 * np.linalg.norm(smpl.pose(body, fitted).joints - posed.joints, axis=-1)
    assert np.median(error) < limit
    assert (np.diff(costs) <= 0).all()


def test_known_rotations_decide_the_twist(body, truth):
    motion, posed = truth
    fitted, _ = joints.fit(body, known(posed, True), motion.betas)
    off = np.degrees(angle_between(smpl.pose(body, fitted).R_world_joint, posed.R_world_joint))
    limbs = [JOINTS.index(name) for name in ("left_shoulder", "right_elbow", "left_hip", "head")]
    assert np.median(off[:, :, limbs]) < 4


def test_betas_are_those_of_the_limbs(body, truth):
    motion, posed = truth
    betas = joints.estimate_betas(body, known(posed, False))
    length = lambda b: np.linalg.norm(np.diff(smpl.rest_joints(body, b)[:, (1, 4, 7)], axis=1), axis=-1)  # noqa: E731
    np.testing.assert_allclose(length(betas), length(motion.betas), atol=0.008)


def test_unknown_joints_do_not_pull(body, truth):
    motion, posed = truth
    target = known(posed, True)
    wrong = jnp.zeros_like(target.joint_weight).at[:, :, 21].set(1.0)
    lied = joints.Targets(
        joints=target.joints + 5.0 * wrong[..., None],
        joint_weight=target.joint_weight * (1.0 - wrong),
        R_world_joint=target.R_world_joint,
        rotation_weight=target.rotation_weight,
    )
    fitted, _ = joints.fit(body, lied, motion.betas)
    error = np.linalg.norm(smpl.pose(body, fitted).joints - posed.joints, axis=-1)
    assert error.max() < 0.05
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(fitted))


def landmarks() -> LandmarkMotion:
    positions = np.arange(2 * 1 * 3 * 3, dtype=float).reshape(2, 1, 3, 3)
    weight = np.ones((2, 1, 3), np.float32)
    weight[0, 0, 1] = 0
    return LandmarkMotion(
        name="take",
        names=("hip", "knee", "foot"),
        positions=positions,
        weight=weight,
        orientations=np.broadcast_to(np.diag([1.0, -1.0, -1.0]), (2, 1, 3, 3, 3)),
        fps=30.0,
        texts=(),
        split="train",
    )


def test_landmarks_reach_joints_by_name():
    marks = landmarks()
    positions = {"left_knee": {"hip": 0.25, "knee": 0.75}, "left_hip": {"hip": 1.0}}
    target = joints.targets(marks, Correspondence(positions=positions, orientations={"head": "foot"}))
    np.testing.assert_allclose(
        target.joints[1, 0, 4], 0.25 * marks.positions[1, 0, 0] + 0.75 * marks.positions[1, 0, 1]
    )
    # Person 0's knee has no weight, so nor has what rests on it.
    assert target.joint_weight[:, 0].sum(axis=0).tolist() == [0, 2, 0, 0, 1] + [0] * 19
    assert target.rotation_weight[0, 0].nonzero()[0].tolist() == [15]
    np.testing.assert_allclose(target.R_world_joint[0, 0, 15], np.diag([1, -1, -1]))


def test_positions_without_weight_are_filled_from_the_frames_around():
    marks = landmarks()
    weight = np.ones((2, 5, 3), np.float32)
    weight[0, 1:4, 2] = 0
    positions = np.zeros((2, 5, 3, 3))
    positions[0, :, 2, 0] = [0.0, np.nan, 99.0, np.nan, 4.0]
    gaps = dataclasses.replace(marks, positions=positions, weight=weight, orientations=None)
    target = joints.targets(gaps, Correspondence(positions={"left_foot": {"foot": 1.0}}, orientations={}))
    np.testing.assert_allclose(target.joints[0, :, 10, 0], [0, 1, 2, 3, 4])
    assert target.joint_weight[0, :, 10].tolist() == [1, 0, 0, 0, 1]


def test_an_unknown_landmark_is_named():
    elbow = Correspondence(positions={"left_elbow": {"elbow": 1.0}}, orientations={})
    with pytest.raises(UserError, match="take: no landmark named elbow"):
        joints.targets(landmarks(), elbow)


def test_orientations_that_are_not_there_are_named():
    bare = dataclasses.replace(landmarks(), orientations=None)
    with pytest.raises(UserError, match="take: positions only"):
        joints.targets(bare, Correspondence(positions={}, orientations={"head": "foot"}))


def test_betas_come_from_the_frames_that_show_a_bone(body, truth):
    _, posed = truth
    target = known(posed, False)
    wrong = np.asarray(target.joints).copy()
    weight = np.asarray(target.joint_weight).copy()
    wrong[:, :3, 4], weight[:, :3, 4] = 9.0, 0.0
    betas = joints.estimate_betas(body, dataclasses.replace(target, joints=wrong, joint_weight=weight))
    np.testing.assert_allclose(betas, joints.estimate_betas(body, target), atol=1e-3)
