import numpy as np
import pytest

from sm_jax.motion.frames import cut_motion, pad, pad_motion, padded_length
from tests.fitting.people import facing


@pytest.mark.parametrize(
    ("frames", "padded"), [(1, 64), (64, 64), (65, 96), (97, 128), (128, 128), (129, 192), (759, 768), (1117, 1536)]
)
def test_lengths_are_few(frames, padded):
    assert padded_length(frames) == padded


def test_the_last_frame_is_repeated_or_zeros_follow():
    x = np.arange(6.0).reshape(1, 3, 2)
    np.testing.assert_array_equal(pad(x, 1)[0, 2:], np.tile(x[0, 2], (62, 1)))
    np.testing.assert_array_equal(pad(x, 1, "constant")[0, 3:], 0)


def test_a_motion_padded_and_cut_is_itself():
    motion = facing(1.0, 5)
    padded = pad_motion(motion)
    assert padded.body_pose.shape == (2, 64, 23, 3, 3)
    np.testing.assert_array_equal(cut_motion(padded, 5).pelvis, motion.pelvis)
