import jax.numpy as jnp
import numpy as np
import pytest

from experiments.lib.tool_files import SMPL_PELVIS
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import JOINTS
from sm_jax.perception.importers.estimate import track
from sm_jax.perception.importers.refit import refit
from sm_jax.types import Motion
from tests.perception.importers.people import People


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def posed(body, rotations, pelvis, betas):
    motion = Motion(
        global_orient=jnp.asarray(rotations[None, :, 0], jnp.float32),
        body_pose=jnp.asarray(rotations[None, :, 1:], jnp.float32),
        pelvis=jnp.asarray(pelvis[None], jnp.float32),
        betas=jnp.asarray(betas[None]),
    )
    return smpl.pose(body, motion)


@pytest.mark.parametrize(("family", "lean"), [("smpl", 0.11), ("smplx", 0.06)])
def test_limbs_point_where_the_files_body_pointed(family, lean):
    body, people = load_body("open-low"), People(frames=3)
    person = track("0", np.arange(3), people.rotations[0], people.pelvis[0] - SMPL_PELVIS)
    own = refit(person, family, body)
    result = posed(body, own.rotations, own.pelvis, own.betas)
    # what the file says of the knee's rotation in the camera's frame
    plain = posed(body, person.rotations, own.pelvis, own.betas)
    knee, ankle = JOINTS.index("left_knee"), JOINTS.index("left_ankle")
    shin = unit(np.asarray(result.joints)[0, :, ankle] - np.asarray(result.joints)[0, :, knee])
    at_rest = np.einsum("tji,tj->ti", np.asarray(plain.R_world_joint)[0, :, knee], shin)
    np.testing.assert_allclose(at_rest[:, 2], -lean, atol=0.005)
    # the trunk is turned as the file says
    for name in ("pelvis", "spine3", "head"):
        joint = JOINTS.index(name)
        np.testing.assert_allclose(result.R_world_joint[0, :, joint], plain.R_world_joint[0, :, joint], atol=1e-5)


def test_the_hips_are_where_the_files_are():
    body, people = load_body("open-low"), People(frames=3)
    own = refit(track("0", np.arange(3), people.rotations[0], people.pelvis[0] - SMPL_PELVIS), "smpl", body)
    joints = np.asarray(posed(body, own.rotations, own.pelvis, own.betas).joints)[0]
    hips = joints[:, [JOINTS.index("left_hip"), JOINTS.index("right_hip")]].mean(axis=1)
    # SMPL's are 9 cm below its pelvis, and the person stands upright: down is y
    np.testing.assert_allclose(hips[:, 1] - people.pelvis[0][:, 1], 0.09, atol=1e-3)
    shoulder, ankle = (joints[:, JOINTS.index(f"left_{name}"), 1] for name in ("shoulder", "ankle"))
    np.testing.assert_allclose(ankle - shoulder, 1.31, atol=0.02)
