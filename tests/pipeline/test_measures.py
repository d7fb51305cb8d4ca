"""What is measured of a motion is what was put into it."""

import dataclasses

import numpy as np
import pytest

from sm_jax.body.io import load_body
from sm_jax.export.npz import motion_file
from sm_jax.pipeline.measures import (
    MEASURES,
    OVER_TIME,
    before_and_after,
    first_estimate,
    in_words,
    measure,
    measure_over_time,
)
from sm_jax.text.contacts import contact_targets
from sm_jax.types import Contact
from tests.pipeline.results import FRAMES, HIDDEN, seen, still_motion


@pytest.fixture(scope="module")
def body():
    return load_body("open-low")


@pytest.fixture(scope="module")
def observation(body):
    return seen(body, still_motion())


def measured(body, motion, observation) -> dict[str, float]:
    """What is measured, where everything can be."""
    found = {name: value for name, value in measure(body, motion, observation).items() if value is not None}
    assert found.keys() == MEASURES.keys()
    return found


def moved(motion, person, path):
    """The motion with one person shifted by path [T, 3]."""
    pelvis = np.array(motion.pelvis)
    pelvis[person] += path
    return dataclasses.replace(motion, pelvis=pelvis)


def test_who_stands_still_neither_trembles_nor_slides(body, observation):
    found = measured(body, still_motion(), observation)
    assert found["jitter"] == pytest.approx(0, abs=0.3) and found["foot_sliding"] == pytest.approx(0, abs=0.01)
    assert found["off_picture"] == pytest.approx(0, abs=0.01) and found["penetration"] == found["penetration_time"] == 0


def test_feet_that_glide_float_and_leave_the_picture(body, observation):
    """Both at a tenth of a metre a second across, one of them 60 mm too high."""
    across = np.arange(FRAMES)[:, None] / 30 * np.array([0.1, 0, 0])
    glides = moved(moved(still_motion(), 0, across), 1, across)
    still, found = (measured(body, motion, observation) for motion in (still_motion(), moved(glides, 1, [0, 0, 0.06])))
    assert found["foot_sliding"] == pytest.approx(100, rel=0.01) and found["jitter"] == pytest.approx(0, abs=0.5)
    assert found["feet_off_floor"] - still["feet_off_floor"] == pytest.approx(0, abs=31)
    assert found["feet_off_floor"] > still["feet_off_floor"]
    assert found["off_picture"] > 10


def test_trembling_is_the_mean_jerk(body, observation):
    """Up and down by a millimetre in every frame: third differences of 8 mm."""
    shaken = moved(still_motion(), 0, 0.001 * (-1.0) ** np.arange(FRAMES)[:, None] * np.array([0, 0, 1]))
    assert measured(body, shaken, observation)["jitter"] == pytest.approx(0.5 * 0.008 * 30**3, rel=0.02)


def test_bodies_in_each_other(body, observation):
    found = measured(body, still_motion(distance=0.1), observation)
    assert found["penetration"] > 50 and found["penetration_time"] == pytest.approx(FRAMES / 30)


def test_a_picture_has_no_jitter(body):
    found = measure(body, still_motion(frames=1), seen(body, still_motion(frames=1)))
    assert found["jitter"] is None and found["foot_sliding"] is None and found["penetration"] == 0


def test_over_time_is_what_the_numbers_sum_up(body, observation):
    """Of people within one another, of whom one trembles and slides off in the second half of the clip."""
    half = np.maximum(np.arange(FRAMES) - FRAMES // 2, 0)
    path = 0.001 * half[:, None] * np.array([1, 0, 0]) + 0.001 * ((-1.0) ** half * (half > 0))[:, None]
    motion = moved(still_motion(distance=0.1), 1, path)
    contacts = contact_targets([Contact(region_a="waist", region_b="waist", start=5, end=9)], FRAMES)
    whole = measure(body, motion, observation)
    found = measure_over_time(body, motion, observation, contacts)
    assert found.keys() == OVER_TIME.keys() and all(values.shape == (FRAMES,) for values in found.values())
    assert np.nanmean(found["jitter"]) == pytest.approx(whole["jitter"], rel=1e-4)
    assert found["penetration"].max() == pytest.approx(whole["penetration"], rel=1e-6)
    weight = np.asarray(observation.keypoint_confidence).sum(axis=(0, 2))
    assert np.average(found["off_picture"], weights=weight) == pytest.approx(whole["off_picture"], rel=1e-4)
    for name in ("jitter", "foot_sliding"):
        calm, wild = found[name][2 : FRAMES // 2 - 2], found[name][FRAMES // 2 + 2 : -2]
        assert calm.max() < 0.1 * np.nanmax(wild), name
    said = np.isfinite(found["contact_distance"])
    np.testing.assert_array_equal(np.nonzero(said)[0], np.arange(5, 9))
    assert (found["contact_distance"][said] < 100).all()


def test_contacts_are_as_far_apart_as_the_people(body, observation):
    contacts = contact_targets([Contact(region_a="waist", region_b="waist", start=0, end=FRAMES)], FRAMES)
    near, far = (
        measure_over_time(body, still_motion(distance=metres), observation, contacts)["contact_distance"]
        for metres in (1.0, 1.5)
    )
    np.testing.assert_allclose(far - near, 500, atol=60)


def test_a_picture_has_nothing_over_time(body):
    motion = still_motion(frames=1)
    found = measure_over_time(body, motion, seen(body, motion), contact_targets([], 1))
    assert np.isnan([found[name][0] for name in ("jitter", "foot_sliding", "contact_distance")]).all()


def test_before_is_the_estimate_with_its_gaps_filled(body, observation):
    """In the hidden span the raw estimate is anywhere; at half the frame rate, both are read in the same frames."""
    wild = np.zeros((FRAMES, 3))
    wild[HIDDEN] = 3.0
    raw = dataclasses.replace(observation, motion=moved(observation.motion, 1, wild))
    time = 7 + np.arange(FRAMES // 2) / 15
    filled = first_estimate(raw, time)
    np.testing.assert_allclose(filled.pelvis, np.array(still_motion().pelvis)[:, ::2], atol=1e-5)
    rows = len(time)
    content = motion_file(
        body, still_motion(frames=rows), first_cameras(observation, rows), fps=15.0, time=time,
        frame_index=np.arange(rows), visibility=np.ones((2, rows, 24)), infilled=np.zeros((2, rows, 24), bool),
        spread=np.zeros((2, rows, 24)), provenance={},
    )  # fmt: skip
    for name, found in before_and_after(body, raw, content).items():
        assert found["before"] == pytest.approx(found["after"], abs=0.3), name
        assert found["unit"] == MEASURES[name].unit and found["in_words"] in ("none", "as before"), name


def first_cameras(observation, rows):
    camera = observation.camera
    return dataclasses.replace(camera, R=np.asarray(camera.R)[:rows], t=np.asarray(camera.t)[:rows])


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [(None, 1.0, "cannot be said: nothing to measure"), (0.1, 0.2, "none"), (9.0, 0.2, "gone"), (0.2, 9.0, "new"),
     (100.0, 101.0, "as before"), (100.0, 25.0, "4.0 times less"), (100.0, 80.0, "20% less"),
     (100.0, 150.0, "50% more"), (100.0, 300.0, "3.0 times more")],
)  # fmt: skip
def test_in_words(before, after, words):
    assert in_words(before, after, MEASURES["foot_sliding"]) == words
