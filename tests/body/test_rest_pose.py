"""Limbs point where they did, on SMPL's mean body and back."""

import jax
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.rest_pose import REST_POSES, as_family, from_family, rest_turns, to_family
from sm_jax.body.skeleton import JOINTS
from tests.body.models import random_motion

BODY = load_body("open-low")
BONES = {
    "thigh": ("hip", "knee"),
    "shin": ("knee", "ankle"),
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
}


@pytest.fixture(scope="module")
def motion():
    return jax.device_get(random_motion(T=3, scale=0.4))


@pytest.fixture(scope="module")
def rest_joints(motion):
    return np.asarray(smpl.rest_joints(BODY, motion.betas), np.float64)


@pytest.mark.parametrize("family", REST_POSES)
def test_there_and_back(motion, rest_joints, family):
    there = to_family(motion.rotations[1], family, rest_joints[1])
    assert np.abs(there - motion.rotations[1]).max() > 0.05
    np.testing.assert_allclose(from_family(there, family, rest_joints[1]), motion.rotations[1], atol=1e-5)


@pytest.mark.parametrize("family", REST_POSES)
def test_limbs_point_where_they_did_and_hips_are_where_they_were(motion, rest_joints, family):
    """Told by chaining the family's rotations, and its own rest directions."""
    joints = np.asarray(smpl.pose(BODY, motion).joints)
    on_family = as_family(motion, family, rest_joints)
    assert not on_family.betas.any()
    turned = np.asarray(smpl.pose(BODY, on_family).R_world_joint)
    for limb, (start, end) in BONES.items():
        for side, sign in (("left", 1.0), ("right", -1.0)):
            first, last = JOINTS.index(f"{side}_{start}"), JOINTS.index(f"{side}_{end}")
            ours = joints[:, :, last] - joints[:, :, first]
            theirs = turned[:, :, first] @ (np.array(getattr(REST_POSES[family], limb)) * [sign, 1, 1])
            cosine = (ours * theirs).sum(-1) / np.linalg.norm(ours, axis=-1) / np.linalg.norm(theirs, axis=-1)
            assert cosine.min() > 1 - 1e-4, limb
    hips = joints[:, :, [JOINTS.index("left_hip"), JOINTS.index("right_hip")]].mean(axis=2)
    theirs = on_family.pelvis + on_family.global_orient @ np.array(REST_POSES[family].hips)
    np.testing.assert_allclose(theirs, hips, atol=1e-3)


def test_left_and_right_are_mirror_images():
    turns = rest_turns("smpl", np.asarray(BODY.joint_template, np.float64))
    flip = np.diag([-1.0, 1, 1])
    for name in ("hip", "knee", "ankle", "shoulder", "elbow"):
        left, right = (turns[JOINTS.index(f"{side}_{name}")] for side in ("left", "right"))
        np.testing.assert_allclose(left, flip @ right @ flip, atol=1e-3)
