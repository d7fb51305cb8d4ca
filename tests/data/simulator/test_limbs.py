import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import JOINTS, PARENTS
from sm_jax.data.simulator.limbs import reach
from sm_jax.geometry.rotations import compose, transpose
from tests.motion.motions import random_motion


@pytest.fixture(scope="module")
def moved():
    """A motion, and the joints of the one that reaches for another pose's joints moved to the same pelvis."""
    body = load_body("open-low")
    motion, other = random_motion(seed=0, frames=3), random_motion(seed=1, frames=3)
    posed, wanted = smpl.pose(body, motion), smpl.pose(body, other).joints
    wanted = wanted - wanted[:, :, :1] + posed.joints[:, :, :1]
    R = jax.jit(reach)(posed.R_world_joint, posed.joints, wanted)
    local = jnp.concatenate([R[:, :, :1], compose(transpose(R[:, :, np.array(PARENTS[1:])]), R[:, :, 1:])], axis=2)
    _, joints = smpl.forward_kinematics(local, posed.rest_joints[:, None], motion.pelvis)
    return posed, wanted, R, np.asarray(joints)


@pytest.mark.parametrize(("near", "far"), [("left_hip", "left_knee"), ("right_shoulder", "right_elbow"),
                                           ("left_knee", "left_ankle"), ("left_elbow", "left_wrist")])  # fmt: skip
def test_bones_point_at_the_places_wanted_for_their_ends(moved, near, far):
    _, wanted, _, joints = moved
    at, end = (JOINTS.index(name) for name in (near, far))
    aim, bone = np.asarray(wanted)[:, :, end] - joints[:, :, at], joints[:, :, end] - joints[:, :, at]
    cosine = (aim * bone).sum(-1) / np.linalg.norm(aim, axis=-1) / np.linalg.norm(bone, axis=-1)
    np.testing.assert_allclose(cosine, 1, atol=1e-4)


def test_all_else_keeps_its_orientation(moved):
    posed, _, R, _ = moved
    other = [j for j, name in enumerate(JOINTS) if name.split("_")[-1] not in ("hip", "knee", "shoulder", "elbow")]
    np.testing.assert_allclose(R[:, :, other], posed.R_world_joint[:, :, other], atol=1e-6)
