import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.geometry.rotations import angle_between
from sm_jax.motion.slerp_fill import fill_hidden
from tests.motion.motions import random_motion


def turning_motion(frames=9):
    """Every rotation turns evenly about z by 0.1 rad a frame, the pelvis walks 0.1 m a frame."""
    step = np.arange(frames, dtype=np.float32) * np.float32(0.1)
    turn = Rotation.from_rotvec(step[:, None] * [0, 0, 1]).as_matrix().astype(np.float32)
    motion = random_motion(frames=frames)
    return dataclasses.replace(
        motion,
        global_orient=np.tile(turn, (2, 1, 1, 1)),
        body_pose=np.tile(turn[:, None], (2, 1, 23, 1, 1)),
        pelvis=np.tile(step[:, None], (2, 1, 3)),
    )


def with_frames(values, frames, value):
    values = np.array(values)
    values[:, frames] = value
    return values


def spoil(motion, frames):
    wrong = Rotation.from_rotvec([1.0, 0.5, 0.0]).as_matrix()
    return dataclasses.replace(
        motion,
        global_orient=with_frames(motion.global_orient, frames, wrong),
        body_pose=with_frames(motion.body_pose, frames, wrong),
        pelvis=with_frames(motion.pelvis, frames, 7.0),
    )


def test_even_motion_is_restored_inside_a_gap():
    motion, gap = turning_motion(), [3, 4, 5]
    visibility = with_frames(np.ones((2, 9, 24), np.float32), gap, 0.0)
    filled = fill_hidden(spoil(motion, gap), visibility, np.ones(9, np.float32))
    assert float(angle_between(filled.body_pose, motion.body_pose).max()) < 2e-3
    assert float(angle_between(filled.global_orient, motion.global_orient).max()) < 2e-3
    np.testing.assert_allclose(filled.pelvis, motion.pelvis, atol=1e-5)


def test_what_is_hidden_up_to_an_end_is_kept_as_it_was_guessed_and_padding_is_no_other_end():
    motion = turning_motion()
    wrong = spoil(motion, [0, 6, 7, 8])
    visibility = with_frames(np.ones((2, 9, 24), np.float32), [0, 6, 7], 0.0)
    filled = fill_hidden(wrong, visibility, (np.arange(9) < 8).astype(np.float32))
    for name in ("pelvis", "global_orient", "body_pose"):
        np.testing.assert_array_equal(getattr(filled, name), getattr(wrong, name), name)


def test_what_is_seen_or_never_seen_is_kept():
    motion = random_motion(frames=9)
    filled = fill_hidden(motion, np.zeros((2, 9, 24), np.float32), np.ones(9, np.float32))
    np.testing.assert_array_equal(filled.body_pose, motion.body_pose)
    filled = fill_hidden(motion, np.ones((2, 9, 24), np.float32), np.ones(9, np.float32))
    np.testing.assert_array_equal(filled.body_pose, motion.body_pose)
