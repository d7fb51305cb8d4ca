"""What cannot be right is said in words, and beyond a limit refused with its remedy."""

import dataclasses

import numpy as np
import pytest

from sm_jax.body.io import load_body
from sm_jax.errors import UserError
from sm_jax.pipeline.plausibility import refuse_nonsense, remarks
from tests.pipeline.results import seen, still_motion

BODY = load_body("open-low")


@pytest.fixture(scope="module")
def observation():
    """Two people who stand, seen well; of person 1 nothing for half of the time."""
    found = seen(BODY, still_motion())
    motion = dataclasses.replace(found.motion, betas=np.zeros_like(found.motion.betas))
    size = np.array([4000.0, 4000.0], np.float32)
    middle = np.asarray(found.keypoints) - np.median(found.keypoints, axis=(1, 2), keepdims=True)
    confidence = np.ones_like(found.keypoint_confidence)
    return dataclasses.replace(
        found,
        motion=motion,
        keypoints=middle + 2000,
        keypoint_confidence=confidence,
        visibility=np.ones_like(found.visibility),
        camera=dataclasses.replace(found.camera, image_size=size),
    )


def of_height(observation, amount):
    betas = np.array(observation.motion.betas)
    betas[1, 0] = amount
    return dataclasses.replace(observation, motion=dataclasses.replace(observation.motion, betas=betas))


def jumping(observation, step):
    pelvis = np.array(observation.motion.pelvis)
    pelvis[0, 1::step, 0] += 0.4
    return dataclasses.replace(observation, motion=dataclasses.replace(observation.motion, pelvis=pelvis))


def lower(observation, pixels):
    return dataclasses.replace(observation, keypoints=observation.keypoints + np.array([0, pixels]))


def unsure(observation, share):
    confidence = np.array(observation.keypoint_confidence)
    confidence[1, :, round(share * confidence.shape[2]) :] = 0.2
    return dataclasses.replace(observation, keypoint_confidence=confidence)


def test_what_is_plausible_needs_no_word(observation):
    assert remarks(BODY, observation, camera_moved=0.002) == []
    refuse_nonsense("clip.mp4", BODY, observation, camera_moved=0.002)


def test_nonsense_is_said_in_words(observation):
    for found, words in (
        (of_height(observation, -3.2), "person 1 came out 1."),
        (jumping(observation, 39), "person 0 jumps by more than 30 cm a frame, 2 times, first at frame 0"),
        (unsure(observation, 0.2), "person 1 is seen badly: 22% of the keypoints are sure"),
        (lower(observation, 2000), "person 0 is cut off by the picture's border in 100% of the time"),
    ):
        said = remarks(BODY, found)
        assert any(line.startswith(words) for line in said), said
        refuse_nonsense("clip.mp4", BODY, found)
    assert "the camera moves, by up to 4% of" in remarks(BODY, observation, camera_moved=0.04)[0]
    assert "as if it were held level" in remarks(BODY, observation, standing=0.02)[0]


def test_a_person_out_of_sight_may_be_elsewhere_afterwards(observation):
    pelvis, visibility = np.array(observation.motion.pelvis), np.array(observation.visibility)
    pelvis[0, 20:, 0] += 1.0
    visibility[0, 15:25] = 0.0
    motion = dataclasses.replace(observation.motion, pelvis=pelvis)
    assert remarks(BODY, dataclasses.replace(observation, motion=motion, visibility=visibility)) == []


def test_beyond_a_limit_it_is_refused_with_the_remedy(observation):
    for found, words in (
        (of_height(observation, -8), r"clip.mp4: person 1 came out 0.62 m tall; give the focal length"),
        (jumping(observation, 4), "person 0 jumps by more than 30 cm a frame in 51% of the frames; cut the part"),
        (unsure(observation, 0.0), "0% of person 1's keypoints are sure; give a clip"),
    ):
        with pytest.raises(UserError, match=words):
            refuse_nonsense("clip.mp4", BODY, found)
    with pytest.raises(UserError, match="the camera moves, by 1.3 of the picture's longer side; cut a part"):
        refuse_nonsense("clip.mp4", BODY, observation, camera_moved=1.3)
