import numpy as np
import pytest

from sm_jax.body.skeleton import KEYPOINTS
from sm_jax.perception.fusion import FusedKeypoints, at_rate, fuse
from sm_jax.perception.landmarks import LANDMARKS, PoseLandmarks
from sm_jax.perception.tracking import Tracks
from tests.perception.people import standing

COCO = [LANDMARKS.index(name) for name in KEYPOINTS[:17]]
HANGING = {"left_heel": 15, "right_heel": 16, "left_foot_index": 15, "right_foot_index": 16}
HANGING |= {"left_index": 9, "right_index": 10}


def scene(x=(200, 500), frames=1, score=0.8):
    """Both detectors agree exactly on two people who stand at x."""
    coarse = np.stack([np.stack([standing(value)] * frames) for value in x]).astype(np.float32)
    pixels = np.zeros((2, frames, 33, 2), np.float32)
    pixels[:, :, COCO] = coarse
    for name, judge in HANGING.items():
        pixels[:, :, LANDMARKS.index(name)] = coarse[:, :, judge] + [0, 8]
    tracks = Tracks(
        coarse,
        np.full((2, frames, 17), score),
        np.ones((2, frames), bool),
        np.arange(frames) / 30,
        np.arange(frames),
    )
    return tracks, PoseLandmarks(pixels, np.ones((2, frames, 33, 3), np.float32))


def test_agreement_is_trusted():
    tracks, landmarks = scene()
    evidence = fuse(tracks, landmarks, 1000, 1000)
    assert evidence.trusted.all() and (evidence.confidence[..., :17] > 0.95).all()
    np.testing.assert_allclose(evidence.keypoints[:, :, :17], tracks.keypoints, atol=1e-3)
    toe = KEYPOINTS.index("left_toe")
    np.testing.assert_allclose(evidence.keypoints[:, :, toe], tracks.keypoints[:, :, 15] + [0, 8], atol=1e-3)


def test_disagreement_lowers_confidence_and_the_finer_detector_wins():
    tracks, landmarks = scene()
    elbow = KEYPOINTS.index("left_elbow")
    landmarks.pixels[0, 0, LANDMARKS.index("left_elbow")] += [0, -60]
    evidence = fuse(tracks, landmarks, 1000, 1000)
    assert evidence.confidence[0, 0, elbow] < 0.3 < evidence.confidence[1, 0, elbow]
    moved = evidence.keypoints[0, 0, elbow] - tracks.keypoints[0, 0, elbow]
    np.testing.assert_allclose(moved, [0, -60], atol=1.0)


def test_a_jump_to_the_other_person_is_found_by_coincidence():
    tracks, landmarks = scene(frames=3)
    landmarks.pixels[0, 1] = landmarks.pixels[1, 1]
    landmarks.metres[0, 1] = 7.0
    evidence = fuse(tracks, landmarks, 1000, 1000)
    np.testing.assert_array_equal(evidence.trusted, [[True, False, True], [True, True, True]])
    np.testing.assert_allclose(evidence.keypoints[0, 1, :17], tracks.keypoints[0, 1], atol=1e-3)
    assert (evidence.confidence[0, 1] < 0.2).all() and (evidence.metres[0, 1] == 1).all()


def test_who_was_not_found_and_coincides_counts_for_nothing():
    tracks, landmarks = scene(frames=2)
    tracks.found[0, 1], tracks.scores[0, 1] = False, 0.0
    landmarks.pixels[0, 1] = landmarks.pixels[1, 1]
    assert (fuse(tracks, landmarks, 1000, 1000).confidence[0, 1] == 0).all()


def test_arms_on_the_others_trunk_and_points_outside_the_picture_are_not_believed():
    tracks, landmarks = scene(x=(200, 232))
    evidence = fuse(tracks, landmarks, 1000, 1000)
    wrist, knee = KEYPOINTS.index("left_wrist"), KEYPOINTS.index("left_knee")
    assert evidence.confidence[0, 0, wrist] < 0.3 and evidence.confidence[0, 0, knee] > 0.9
    tracks, landmarks = scene(x=(5, 500))
    evidence = fuse(tracks, landmarks, 1000, 1000)
    assert evidence.confidence[0, 0, KEYPOINTS.index("right_wrist")] == 0


@pytest.mark.parametrize("source", [60.0, 24.0])
def test_at_rate_interpolates_to_the_grid(source):
    times = np.arange(int(source) + 1) / source
    line = np.broadcast_to(times[None, :, None, None], (2, len(times), 23, 3)).astype(np.float32)
    evidence = FusedKeypoints(
        line[..., :2], line[..., 0], line, np.ones((2, len(times)), bool), times, np.arange(len(times))
    )
    moved = at_rate(evidence, 30.0)
    assert moved.keypoints.shape == (2, 31, 23, 2) and moved.trusted.shape == (2, 31)
    np.testing.assert_allclose(moved.keypoints[0, :, 0, 0], np.arange(31) / 30, atol=1e-6)
    assert (np.abs(moved.index / source - moved.times) <= 0.5 / source + 1e-9).all()
