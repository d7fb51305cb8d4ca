import jax.numpy as jnp
import numpy as np

from sm_jax.geometry.rotations import angle_between
from sm_jax.motion.resample import resample
from tests.motion.motions import random_motion


def test_whole_frames_are_kept_and_ends_are_clamped():
    motion = random_motion(frames=5)
    read = resample(motion, jnp.array([-1.0, 0.0, 3.0, 4.0, 9.0]))
    index = jnp.array([0, 0, 3, 4, 4])
    np.testing.assert_allclose(read.body_pose, motion.body_pose[:, index], atol=1e-5)
    np.testing.assert_allclose(read.pelvis, motion.pelvis[:, index], atol=1e-6)


def test_half_way_is_half_the_turn():
    motion = random_motion(frames=5)
    read = resample(motion, jnp.array([1.5]))
    whole = angle_between(motion.body_pose[:, 1], motion.body_pose[:, 2])
    np.testing.assert_allclose(angle_between(motion.body_pose[:, 1], read.body_pose[:, 0]), whole / 2, atol=1e-3)
    np.testing.assert_allclose(read.pelvis[:, 0], motion.pelvis[:, 1:3].mean(1), atol=1e-6)


def test_a_single_frame_can_be_read():
    motion = random_motion(frames=1)
    np.testing.assert_allclose(resample(motion, jnp.array([0.0, 2.0])).pelvis[:, 1], motion.pelvis[:, 0])
