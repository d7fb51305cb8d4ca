import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.fitting.contact_ik import solve
from sm_jax.fitting.contact_ik.solve import ANKLES, KNEES, leg_lengths
from tests.fitting.people import facing

plant = jax.jit(solve.plant)


def standing(body, motion):
    posed = smpl.pose(body, motion)
    return posed.joints[:, :, ANKLES], posed.R_world_joint[:, :, ANKLES]


@pytest.mark.parametrize("shift", [(0.0, 0.0, -0.2), (0.1, -0.1, -0.1), (0.0, 0.0, 0.0)])
def test_feet_stay_under_a_pelvis_that_moves(body, shift):
    motion = facing(1.0, 4)
    ankles, R = standing(body, motion)
    moved = dataclasses.replace(motion, pelvis=motion.pelvis + jnp.array(shift)[None, None])
    planted = plant(body, moved, ankles, R)
    np.testing.assert_allclose(standing(body, planted)[0], ankles, atol=2e-3)
    np.testing.assert_allclose(standing(body, planted)[1], R, atol=1e-5)
    if not any(shift):
        np.testing.assert_allclose(planted.body_pose, motion.body_pose, atol=1e-4)


def test_knees_bend_forwards(body):
    motion = facing(1.0, 4)
    ankles, R = standing(body, motion)
    crouched = plant(body, dataclasses.replace(motion, pelvis=motion.pelvis - jnp.array([[[0, 0, 0.3]]])), ankles, R)
    knees = smpl.pose(body, crouched).joints[:, :, KNEES]
    assert (knees[0, ..., 0] > ankles[0, ..., 0] + 0.1).all()  # person 0 faces +x
    assert (knees[1, ..., 0] < ankles[1, ..., 0] - 0.1).all()


def test_a_leg_too_short_is_stretched_towards_its_ankle(body):
    motion = facing(1.0, 4)
    ankles, R = standing(body, motion)
    up = dataclasses.replace(motion, pelvis=motion.pelvis + jnp.array([[[0, 0, 0.2]]]))
    posed = smpl.pose(body, plant(body, up, ankles, R))
    assert np.linalg.norm(posed.joints[:, :, ANKLES] - ankles, axis=-1).max() < 0.22
    upper, lower = leg_lengths(posed.rest_joints)
    assert np.isfinite(posed.joints).all()
    assert float(upper.min()) > 0.3 and float(lower.min()) > 0.3


def test_gradients_are_finite_for_a_straight_leg(body):
    motion = facing(1.0, 2)
    ankles, R = standing(body, motion)

    def height(pelvis):
        return plant(body, dataclasses.replace(motion, pelvis=pelvis), ankles, R).body_pose.sum()

    assert np.isfinite(jax.jit(jax.grad(height))(motion.pelvis)).all()
