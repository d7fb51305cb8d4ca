import dataclasses

import numpy as np

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.text.describers.describer import describer_input
from tests.sampling.test_sample import FRAMES, seen


def test_gaps_are_filled_before_anything_is_described():
    clip = seen()
    visibility = np.array(clip.visibility)
    visibility[0, 10:20] = 0.0
    spoiled = np.array(clip.motion.pelvis)
    spoiled[0, 10:20] += 5.0
    motion = dataclasses.replace(clip.motion, pelvis=spoiled)
    scene = describer_input(dataclasses.replace(clip, visibility=visibility, motion=motion), load_body("open-low"))
    assert scene.joints.shape == (2, FRAMES, 24, 3) and scene.fps == 30.0
    true = smpl.pose(load_body("open-low"), clip.motion).joints
    assert np.abs(scene.joints - true)[:, :, 0].max() < 1.0
    np.testing.assert_array_equal(scene.visibility, visibility)
