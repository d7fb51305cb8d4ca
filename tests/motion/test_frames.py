import numpy as np

from sm_jax.motion.frames import map_frames
from tests.motion.motions import random_motion


def test_every_array_with_frames_is_cut_and_betas_are_not():
    motion = random_motion(frames=9)
    cut = map_frames(motion, lambda x: x[:, 2:5])
    assert cut.global_orient.shape == (2, 3, 3, 3) and cut.body_pose.shape == (2, 3, 23, 3, 3)
    np.testing.assert_array_equal(cut.pelvis, motion.pelvis[:, 2:5])
    np.testing.assert_array_equal(cut.betas, motion.betas)
