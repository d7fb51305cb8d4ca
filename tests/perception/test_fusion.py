import numpy as np
import pytest

from sm_jax.body.skeleton import KEYPOINTS
from sm_jax.perception import fusion
from sm_jax.perception.calibration import (
    AXES,
    KINDS,
    OPINIONS,
    SIGNS,
    KeypointCalibration,
    as_confidence,
    body_axes,
    load_calibration,
)
from sm_jax.perception.fusion import FusedKeypoints, at_rate, fuse, move_to_body
from sm_jax.perception.landmarks import LANDMARKS, PoseLandmarks
from sm_jax.perception.tracking import Tracks
from tests.perception.people import standing

COCO = [LANDMARKS.index(name) for name in KEYPOINTS[:17]]
HANGING = {"left_heel": 15, "right_heel": 16, "left_foot_index": 15, "right_foot_index": 16}
HANGING |= {"left_index": 9, "right_index": 10}


PLAIN = KeypointCalibration(
    share=np.full((len(KINDS), len(OPINIONS)), 1 / 3),
    offset=np.zeros((len(KINDS), len(AXES))),
    log_error=np.tile([0.0, 0.5, 0.3, -1.0, -1.0, 3.0, 0.5], (len(KINDS), 1)),
)


@pytest.fixture(autouse=True)
def plain_calibration(monkeypatch):
    monkeypatch.setattr(fusion, "load_calibration", lambda: PLAIN)


def scene(x=(200, 500), frames=1, score=0.8):
    """All detectors agree exactly on two people who stand at x."""
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
    metres = np.ones((2, frames, 33, 3), np.float32)
    return tracks, PoseLandmarks(pixels, metres, coarse.copy(), np.full((2, frames, 17), score))


def test_agreement_is_trusted():
    tracks, landmarks = scene()
    evidence = fuse(tracks, landmarks, 1000, 1000)
    assert evidence.trusted.all() and (evidence.confidence > 0.9).all()
    np.testing.assert_allclose(evidence.keypoints[:, :, :17], tracks.keypoints, atol=1e-3)
    toe = KEYPOINTS.index("left_toe")
    np.testing.assert_allclose(evidence.keypoints[:, :, toe], tracks.keypoints[:, :, 15] + [0, 8], atol=1e-3)


@pytest.mark.parametrize("wrong", range(3))
def test_one_against_two_is_outvoted_and_lowers_confidence(wrong):
    tracks, landmarks = scene()
    elbow = KEYPOINTS.index("left_elbow")
    opinion = (landmarks.pixels, landmarks.coco, tracks.keypoints)[wrong]
    opinion[0, 0, LANDMARKS.index("left_elbow") if wrong == 0 else elbow] += [0, -60]
    evidence = fuse(tracks, landmarks, 1000, 1000)
    assert evidence.confidence[0, 0, elbow] < evidence.confidence[1, 0, elbow] - 0.02
    true = tracks.keypoints[1, 0, elbow] - tracks.keypoints[1, 0, 5] + tracks.keypoints[0, 0, 5]
    np.testing.assert_allclose(evidence.keypoints[0, 0, elbow], true, atol=1.0)


def test_who_is_unsure_itself_has_no_vote():
    """Else a guess that happens to lie between two others would win as the middle one."""
    tracks, landmarks = scene()
    tracks.keypoints[0, 0, 9] += [0, -50]
    tracks.scores[0, 0, 9] = 0.1
    landmarks.coco[0, 0, 9] += [0, -100]
    landmarks.coco_scores[0, 0, 9] = 0.1
    evidence = fuse(tracks, landmarks, 1000, 1000)
    expected = landmarks.pixels[0, 0, LANDMARKS.index("left_wrist")]
    np.testing.assert_allclose(evidence.keypoints[0, 0, 9], expected, atol=1e-3)
    assert evidence.confidence[0, 0, 9] < evidence.confidence[1, 0, 9] - 0.02


def test_opinions_that_are_near_count_for_their_shares():
    tracks, landmarks = scene()
    landmarks.coco[0, 0, 13] += [0.4, 0]
    tracks.keypoints[0, 0, 13] += [-0.2, 0]
    expected = landmarks.pixels[0, 0, LANDMARKS.index("left_knee")] + [(0.4 - 0.2) / 3, 0]
    np.testing.assert_allclose(fuse(tracks, landmarks, 1000, 1000).keypoints[0, 0, 13], expected, atol=0.01)


@pytest.mark.parametrize("who", ["both", "blazepose", "thunder"])
def test_a_jump_to_the_other_person_is_found_by_coincidence(who):
    tracks, landmarks = scene(frames=3)
    if who != "thunder":
        landmarks.pixels[0, 1] = landmarks.pixels[1, 1]
        landmarks.metres[0, 1] = 7.0
    if who != "blazepose":
        landmarks.coco[0, 1] = landmarks.coco[1, 1]
    evidence = fuse(tracks, landmarks, 1000, 1000)
    np.testing.assert_array_equal(evidence.trusted, [[True, who == "thunder", True], [True, True, True]])
    np.testing.assert_allclose(evidence.keypoints[0, 1, :17], tracks.keypoints[0, 1], atol=1e-3)
    assert (evidence.confidence[0, 1] < evidence.confidence[0, 0]).all() and (evidence.metres[0, 1] == 1).all()


def test_a_limb_on_the_other_person_is_left_to_who_saw_both():
    """Two opinions that rest on one crop do not outvote MoveNet-multipose."""
    tracks, landmarks = scene()
    landmarks.pixels[0, 0, LANDMARKS.index("left_wrist")] = tracks.keypoints[1, 0, 9] + [2, 0]
    landmarks.coco[0, 0, 9] = tracks.keypoints[1, 0, 9] - [0, 2]
    evidence = fuse(tracks, landmarks, 1000, 1000)
    np.testing.assert_allclose(evidence.keypoints[0, 0, 9], tracks.keypoints[0, 0, 9], atol=1e-3)
    assert evidence.confidence[0, 0, 9] < evidence.confidence[1, 0, 9] - 0.02


def test_who_was_not_found_and_coincides_counts_for_nothing():
    tracks, landmarks = scene(frames=2)
    tracks.found[0, 1], tracks.scores[0, 1] = False, 0.0
    landmarks.pixels[0, 1], landmarks.coco[0, 1] = landmarks.pixels[1, 1], landmarks.coco[1, 1]
    assert (fuse(tracks, landmarks, 1000, 1000).confidence[0, 1] == 0).all()


def test_arms_on_the_others_trunk_and_points_outside_the_picture_are_not_believed():
    tracks, landmarks = scene(x=(200, 232))
    evidence = fuse(tracks, landmarks, 1000, 1000)
    wrist, knee = KEYPOINTS.index("left_wrist"), KEYPOINTS.index("left_knee")
    assert evidence.confidence[0, 0, wrist] < evidence.confidence[0, 0, knee] - 0.2
    tracks, landmarks = scene(x=(5, 500))
    evidence = fuse(tracks, landmarks, 1000, 1000)
    assert evidence.confidence[0, 0, KEYPOINTS.index("right_wrist")] == 0


def test_offsets_turn_grow_and_mirror_with_the_person():
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(23, 2))
    moved = KeypointCalibration(
        share=PLAIN.share, offset=rng.normal(size=PLAIN.offset.shape), log_error=PLAIN.log_error
    )
    similarity = 3.0 * np.array([[0.6, -0.8], [0.8, 0.6]])
    expected = move_to_body(moved, seen) @ similarity.T + [5, 7]
    np.testing.assert_allclose(move_to_body(moved, seen @ similarity.T + [5, 7]), expected, atol=1e-9)
    swap = [KEYPOINTS.index({"left": "right", "right": "left"}.get(n.split("_")[0], "") + n[n.find("_") :])
            if "_" in n else i for i, n in enumerate(KEYPOINTS)]  # fmt: skip
    mirrored = move_to_body(moved, (seen * [-1, 1])[swap])
    np.testing.assert_allclose(mirrored, (move_to_body(moved, seen) * [-1, 1])[swap], atol=1e-9)
    assert not np.allclose(move_to_body(moved, seen), seen)
    assert body_axes(seen).shape == (23, len(AXES), 2) and (body_axes(seen)[0, 1:3] == 0).all()


def test_the_packaged_calibration_is_one():
    """Shares of one, offsets of a few centimetres, and an error that grows with disagreement and falls with scores."""
    packaged = load_calibration()
    assert (packaged.share >= 0).all()
    np.testing.assert_allclose(packaged.share.sum(axis=1), 1, atol=1e-3)
    assert (np.abs(packaged.offset) < 0.25).all()
    mean = packaged.log_error.mean(axis=0)
    assert (mean[[1, 2]] > 0).all() and (mean[[3, 4]] < 0).all() and packaged.log_error.shape[1] == len(SIGNS)
    sure = as_confidence(np.array([0.001, 0.02, 0.05, 0.2]))
    assert (np.diff(sure) < 0).all() and sure[0] > 0.95 and sure[-1] < 0.1


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
