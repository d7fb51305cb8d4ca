import dataclasses

import jax
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import JOINTS
from sm_jax.data import pose_mixing
from sm_jax.fitting.joint_limits import out_of_range
from tests.motion.motions import random_motion

COUNT, FRAMES = 96, 24
LEGS = [JOINTS.index(f"{side}_{name}") for side in ("left", "right") for name in ("hip", "knee", "ankle", "foot")]
ARM = [JOINTS.index(f"left_{name}") - 1 for name in ("collar", "shoulder", "elbow", "wrist", "hand")]


@pytest.fixture(scope="module")
def people():
    """Two people who hold still, in poses within their ranges."""
    motion = random_motion(3, frames=1)
    still = lambda x: np.repeat(np.asarray(x), FRAMES, axis=1)  # noqa: E731
    pose = still(motion.body_pose)
    beyond = np.asarray(out_of_range(pose)) > 0
    pose = np.where(beyond[..., None, None], np.eye(3, dtype=np.float32), pose)
    return dataclasses.replace(
        motion, body_pose=pose, global_orient=still(motion.global_orient), pelvis=still(motion.pelvis)
    )


def mix(people):
    keys = jax.random.split(jax.random.key(1), COUNT)
    one = lambda key, motion, body: pose_mixing.mix_poses(key, motion, body, out_of_range)  # noqa: E731
    return jax.device_get(jax.jit(jax.vmap(one, (0, None, None)))(keys, people, load_body()))


@pytest.fixture(scope="module")
def mixed(people):
    return mix(people)


def joints(motion):
    return np.asarray(smpl.pose(load_body(), motion).joints)


def upright(mixed, people):
    """[COUNT, P] who is neither tilted nor lifted."""
    same = np.isclose(mixed.global_orient, people.global_orient[None], atol=1e-6).all(axis=(2, 3, 4))
    return same & np.isclose(mixed.pelvis, people.pelvis[None], atol=1e-6).all(axis=(2, 3))


def test_joints_stay_in_their_ranges(mixed):
    assert np.isfinite(mixed.body_pose).all() and np.isfinite(mixed.pelvis).all()
    assert np.asarray(out_of_range(mixed.body_pose)).max() < 1e-4
    R = mixed.body_pose
    np.testing.assert_allclose(R @ R.swapaxes(-1, -2), np.broadcast_to(np.eye(3), R.shape), atol=1e-5)


def test_feet_of_who_stands_stay_where_they_were(mixed, people):
    standing = upright(mixed, people)
    assert 0.4 < standing.mean() < 0.8
    moved = np.abs(joints(mixed)[:, :, :, LEGS] - joints(people)[None][:, :, :, LEGS]).max(axis=(2, 3, 4))
    assert moved[standing].max() < 1e-5 < 1e-3 < moved[~standing].min()


def test_bones_keep_their_lengths(mixed, people):
    length = lambda x: np.linalg.norm(x[..., 18, :] - x[..., 16, :], axis=-1)  # noqa: E731
    plain = length(joints(people))[None]
    np.testing.assert_allclose(length(joints(mixed)), np.broadcast_to(plain, (COUNT, 2, FRAMES)), atol=1e-5)


def test_arms_are_the_other_persons_half_of_the_time(people, monkeypatch):
    monkeypatch.setattr(pose_mixing, "SPREAD", 0.0 * pose_mixing.SPREAD)
    arms = mix(people).body_pose[:, :, :, ARM]
    own, other = (np.isclose(arms, x[None, :, :, ARM], atol=1e-6).all(axis=(2, 3, 4, 5)) for x in
                  (people.body_pose, people.body_pose[::-1]))  # fmt: skip
    assert (own ^ other).all() and 0.35 < other.mean() < 0.65


def test_offsets_are_smooth(mixed):
    hands = joints(mixed)[:, :, :, 22:24] - joints(mixed)[:, :, :, :1]
    speed = 30.0 * np.linalg.norm(np.diff(hands, axis=2), axis=-1)
    jump = np.linalg.norm(np.diff(hands, n=2, axis=2), axis=-1)
    assert 0.05 < np.median(speed) < 1.0 and speed.max() < 6.0 and jump.max() < 0.05


def test_the_tilted_lie_on_the_floor_and_the_lifted_are_above_it(mixed, people):
    up = joints(mixed)[..., 2].min(axis=(2, 3))
    tilted = ~np.isclose(mixed.global_orient, people.global_orient[None], atol=1e-6).all(axis=(2, 3, 4))
    lying = tilted & (up < 0.11)
    assert up[tilted].min() > 0.09 and lying.sum() > 0.7 * tilted.sum() > 30
    before = joints(people)[..., 2].min(axis=(1, 2))[None]
    risen = (up - before)[~tilted]
    assert risen.min() > -1e-5 and 0.5 < risen.max() < 1.0 and 0.02 < (risen > 1e-3).mean() < 0.3
