import dataclasses

import numpy as np

from sm_jax.evaluation.baselines.estimate import as_motion, filled_state, raw, slerp
from tests.evaluation.baselines.scenes import FRAMES, apart, clip, truth


def hidden(start, end):
    """The clip, of which a person's left elbow is hidden for some frames and its estimate wrong there."""
    given = clip()
    visibility = given.observation.visibility.copy()
    visibility[0, start:end, 18] = 0.0
    pose = given.observation.motion.body_pose.copy()
    pose[0, start:end, 17] = np.eye(3)
    motion = dataclasses.replace(given.observation.motion, body_pose=pose)
    return dataclasses.replace(
        given, observation=dataclasses.replace(given.observation, visibility=visibility, motion=motion)
    )


def test_what_is_seen_stays():
    assert apart(raw(clip()), truth()) < 1e-6
    assert apart(slerp(clip()), truth()) < 1e-5


def test_hidden_spans_are_interpolated_and_the_raw_estimate_is_not():
    given = hidden(10, 14)
    assert apart(slerp(given), truth()) < 0.02 < apart(raw(given), truth())


def test_the_state_is_the_filled_estimate():
    given = hidden(10, 14)
    found = filled_state(given)
    assert found.shape == (2, FRAMES, 151)
    assert apart(as_motion(found, given), slerp(given)) < 1e-5
