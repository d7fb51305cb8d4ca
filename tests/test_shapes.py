"""Public functions of arrays refuse arrays of another shape at their door, instead of broadcasting them to nonsense."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.diffusion import process
from sm_jax.energies import contact, ground, limits, prior, reprojection, skating, smoothness, spatial
from sm_jax.geometry import camera, rotations
from sm_jax.motion import foot_contact, normalise, pair_frame, placement, slerp_fill, state, windows
from sm_jax.nets import layers
from sm_jax.sampling.inputs import make_sampling_inputs
from sm_jax.text.contacts import contact_targets
from sm_jax.types import TextEmbedding
from tests.motion.motions import front_camera, observe, random_motion
from tests.nets.conditions import random_conditions

T = 5
MOTION, CAMERA = random_motion(frames=T), front_camera(T)
ONE = jax.tree.map(lambda x: x[:1], MOTION)
UNIT = normalise.Statistics(mean=np.zeros(state.D, np.float32), std=np.ones(state.D, np.float32))
R, FEET, JOINTS, MASK = jnp.zeros((T, 3, 3)), jnp.zeros((2, T, 4, 3)), jnp.zeros((2, T, 24, 3)), jnp.ones(T)
POINTS, PIXELS, SEEN = jnp.zeros((2, T, 23, 3)), jnp.zeros((2, T, 23, 2)), jnp.ones((2, T, 23))
LEVEL, REGIONS = jnp.linspace(0.9, 0.1, 10), jnp.zeros(7, jnp.int32)
WRONG = {
    "axis-angle": lambda: rotations.axis_angle_to_matrix(jnp.zeros(4)),
    "matrix": lambda: rotations.matrix_to_quaternion(jnp.zeros((3, 4))),
    "6D": lambda: rotations.sixd_to_matrix(jnp.zeros((2, 3))),
    "slerp": lambda: rotations.slerp(R, R[..., 0], jnp.zeros(T)),
    "project": lambda: camera.project(CAMERA.K, PIXELS),
    "points of no people": lambda: camera.to_camera(CAMERA, POINTS[0]),
    "betas": lambda: smpl.rest_joints(load_body("open-low"), jnp.zeros((2, 3))),
    "one joint too few": lambda: smpl.forward_kinematics(jnp.zeros((T, 23, 3, 3)), jnp.zeros((T, 24, 3)), jnp.zeros(3)),
    "pack": lambda: state.pack(MOTION, jnp.zeros((2, 1, 4))),
    "normalise": lambda: normalise.normalise(jnp.zeros((T, 1)), UNIT),
    "pelvises of one": lambda: pair_frame.from_pelvises(ONE.pelvis, jnp.float32(0), MASK, jnp.zeros(3)),
    "foot contact": lambda: foot_contact.foot_contact(FEET, 30.0, jnp.float32(0)),
    "placement": lambda: placement.follow_estimate(MOTION.pelvis, ONE.pelvis, SEEN[..., 0]),
    "fill": lambda: slerp_fill.fill_hidden(MOTION, jnp.ones((2, T, 24)), MASK[:1]),
    "blend": lambda: windows.blend(jnp.zeros((2, 2, windows.LENGTH - 1, 3))),
    "contact": lambda: contact.contact(POINTS, REGIONS, contact_targets((), T), MASK),
    "ground": lambda: ground.ground(FEET, jnp.ones((2, 1, 4)), jnp.zeros(2), MASK),
    "limits": lambda: limits.limits(MOTION.body_pose, MASK[:1]),
    "prior": lambda: prior.prior(MOTION, MOTION, SEEN, MASK),
    "reprojection": lambda: reprojection.reprojection(POINTS, CAMERA, PIXELS, SEEN[:, :1], MASK),
    "skating": lambda: skating.skating(FEET, jnp.ones((2, T, 1)), jnp.float32(30), MASK),
    "smoothness": lambda: smoothness.smoothness(JOINTS, jnp.float32(30), MASK[:1]),
    "spatial": lambda: spatial.spatial(JOINTS, JOINTS[:, :1], JOINTS[..., 0], jnp.zeros((T, 3)), MASK),
    "noise": lambda: process.add_noise(LEVEL, MOTION.pelvis, MOTION.pelvis[:, :1], jnp.zeros(2, jnp.int32)),
    "time": lambda: process.noise_from_x0(LEVEL, MOTION.pelvis, MOTION.pelvis, jnp.int32(0)),
    "odd width": lambda: layers.rotate_by_position(jnp.zeros((T, 2, 3))),
    "mask of keys": lambda: layers.attend(FEET, FEET, FEET, jnp.ones(T)),
    "state": lambda: layers.person_frames(jnp.zeros((2, 2, 1, state.D)), random_conditions(), jnp.zeros(state.D)),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG)
def test_another_shape_is_refused(call):
    with pytest.raises(AssertionError, match=r"shape|dimension|axis|divisible|rank"):
        call()


def test_numbers_that_are_not_finite_do_not_reach_the_sampler():
    seen = observe(MOTION, CAMERA, np.full((2, T, 23, 2), 300.0, np.float32))
    text = TextEmbedding(tokens=np.zeros((32, 384)), mask=np.zeros(32), pooled=np.zeros(384))
    bad = dataclasses.replace(seen, visibility=np.full((2, T, 24), np.nan))
    with pytest.raises(AssertionError, match="finite"):
        make_sampling_inputs(bad, contact_targets((), T), text, jax.random.key(0))
