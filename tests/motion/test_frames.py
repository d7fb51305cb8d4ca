import numpy as np
import pytest

from sm_jax.motion.frames import map_frames, slice_observation
from tests.motion.motions import front_camera, observe, random_motion


def test_every_array_with_frames_is_cut_and_betas_are_not():
    motion = random_motion(frames=9)
    cut = map_frames(motion, lambda x: x[:, 2:5])
    assert cut.global_orient.shape == (2, 3, 3, 3) and cut.body_pose.shape == (2, 3, 23, 3, 3)
    np.testing.assert_array_equal(cut.pelvis, motion.pelvis[:, 2:5])
    np.testing.assert_array_equal(cut.betas, motion.betas)


@pytest.mark.parametrize("frames", [slice(2, 5), np.arange(2, 5), np.isin(np.arange(9), (2, 3, 4))])
def test_every_array_of_an_observation_that_has_frames_is_cut(frames):
    whole = observe(random_motion(frames=9), front_camera(9), np.zeros((2, 9, 23, 2), np.float32))
    part = slice_observation(whole, frames)
    lengths = {name: np.shape(getattr(part, name)) for name in ("visibility", "frame_index", "frame_mask")}
    assert lengths == {"visibility": (2, 3, 24), "frame_index": (3,), "frame_mask": (3,)}
    np.testing.assert_array_equal(part.motion.pelvis, whole.motion.pelvis[:, 2:5])
    assert part.camera.R.shape == (3, 3, 3) and part.frame_index.tolist() == [2, 3, 4]
    assert part.fps is whole.fps and part.camera.K is whole.camera.K and part.motion.betas is whole.motion.betas
