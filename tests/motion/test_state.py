import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.motion import state
from tests.motion.motions import random_motion


def test_table_covers_every_feature_once():
    covered = np.concatenate([np.arange(state.D)[part] for part in state.STATE.values()])
    assert sorted(covered.tolist()) == list(range(state.D))


def test_round_trip():
    motion, contact = random_motion(), jnp.full((2, 12, 4), 0.25)
    back, back_contact = state.unpack(state.pack(motion, contact))
    np.testing.assert_allclose(back.global_orient, motion.global_orient, atol=1e-6)
    np.testing.assert_allclose(back.body_pose, motion.body_pose, atol=1e-6)
    np.testing.assert_array_equal(back.pelvis, motion.pelvis)
    np.testing.assert_array_equal(back_contact, contact)


def test_a_state_holds_no_shapes():
    """Who forgets to attach them hears of it instead of getting the mean body."""
    motion = random_motion()
    packed, body = state.pack(motion, jnp.zeros((2, 12, 4))), load_body("open-low")
    np.testing.assert_array_equal(state.to_motion(packed, motion.betas).betas, motion.betas)
    with pytest.raises(AssertionError, match="axis"):
        smpl.pose(body, state.unpack(packed)[0])
