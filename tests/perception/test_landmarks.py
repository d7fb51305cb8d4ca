import importlib.util
import time
import weakref
from typing import Any

import jax
import numpy as np
import pytest

from sm_jax.perception import crops, landmarks
from sm_jax.perception.detector import load_detector, whole
from sm_jax.perception.frames import Frame, frames_at, probe, read_ahead
from sm_jax.perception.landmarks import LANDMARKS, PairLandmarks, locate_pair
from sm_jax.perception.pair_choice import Crowd, choose_people
from sm_jax.perception.tracking import Tracks, follow, survey
from tests.helpers import cached_asset
from tests.perception.people import people, standing


def made_tracks(keypoints):
    count = keypoints.shape[1]
    return Tracks(
        keypoints.astype(np.float32),
        np.full((2, count, 17), 0.9, np.float32),
        np.ones((2, count), bool),
        np.arange(count) / 30,
        10 + np.arange(count),
    )


def locate_at(crops):
    """Everyone's landmarks at the region's middle, and one metre above it in the region's axes."""
    return np.full((len(crops), 33, 2), 128.0), np.tile([0.0, -1.0, 0.25], (len(crops), 33, 1))


def locate_single(crops):
    """Everyone's keypoints at the region's middle."""
    return np.full((len(crops), 17, 2), 128.0), np.full((len(crops), 17), 0.7)


def test_region_coordinates_come_back_upright_for_both_people():
    assert len(LANDMARKS) == 33 and LANDMARKS[23] == "left_hip" and LANDMARKS[32] == "right_foot_index"
    angle = 0.5
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    keypoints = np.stack([standing(200), standing(0, 0) @ turn.T + [500, 300]])
    picture, scores = np.zeros((600, 800, 3), np.uint8), np.full((2, 17), 0.9)
    pixels, metres, coco, coco_scores = locate_pair(picture, keypoints, scores, locate_at, locate_single)
    hips = keypoints[:, 11:13].mean(axis=1)
    np.testing.assert_allclose(pixels, np.broadcast_to(hips[:, None], (2, 33, 2)), atol=1e-3)
    np.testing.assert_allclose(coco, np.broadcast_to(hips[:, None], (2, 17, 2)), atol=1e-3)
    assert coco_scores.shape == (2, 17) and (coco_scores == 0.7).all()
    np.testing.assert_allclose(metres[0, 0], [0, -1, 0.25], atol=1e-5)
    np.testing.assert_allclose(metres[1, 0], [*(turn @ [0, -1]), 0.25], atol=1e-5)
    assert crops.SIZE == 256


def test_who_was_looked_at_while_being_followed_is_not_looked_at_again():
    """Except where the final ones are others, or nobody was; the result is that of looking only at the end."""
    tracks = made_tracks(np.stack([[standing(200 + 10 * t), standing(500 - 10 * t)] for t in range(6)], axis=1))
    rng = np.random.default_rng(0)
    images = {int(index): rng.integers(0, 255, (600, 800, 3), np.uint8) for index in tracks.index}
    asked = []

    def locate(crops):
        means = crops.mean(axis=(1, 2))
        return np.tile(means[:, None, :2], (1, 33, 1)), np.tile(means[:, None], (1, 33, 1))

    def single(crops):
        means = crops.mean(axis=(1, 2))
        return np.tile(means[:, None, 1:], (1, 17, 1)), np.tile(means[:, :1], (1, 17))

    def again(index):
        asked.extend(index.tolist())
        return [images[i] for i in index.tolist()]

    early = PairLandmarks(locate, single)
    for t in range(5):  # the last is never looked at
        keypoints, scores = tracks.keypoints[:, t], tracks.scores[:, t]
        if t == 1:
            keypoints, scores = keypoints[::-1], scores[::-1]
        elif t == 2:
            keypoints = np.stack([keypoints[0], standing(700)])
        elif t == 3:
            scores = scores * np.float32(0.5)
        elif t == 4:  # as a detector computes, in double precision, what the tracks hold in single
            keypoints = keypoints.astype(np.float64) + 1e-9
        early.look(Frame(images[10 + t], 10 + t, t / 30), keypoints, scores)
    found = early.settle(tracks, again)
    assert asked == [12, 13, 15]
    late = PairLandmarks(locate, single).settle(tracks, again)
    assert found.pixels.shape == (2, 6, 33, 2) and found.metres.shape == (2, 6, 33, 3)
    for name, value in vars(found).items():
        np.testing.assert_array_equal(value, getattr(late, name), name)


def test_what_goes_wrong_in_the_background_is_not_lost():
    def locate(crops):
        raise MemoryError

    tracks, early = made_tracks(np.stack([[standing(200)], [standing(500)]])), PairLandmarks(locate, locate_single)
    early.look(Frame(np.zeros((600, 800, 3), np.uint8), 10, 0.0), tracks.keypoints[:, 0], tracks.scores[:, 0])
    with pytest.raises(MemoryError):
        early.settle(tracks, lambda index: iter(()))


def test_a_long_clip_is_never_held():
    """Of 150 frames that come faster than they are looked at, never more than 16 are there: 100 MB of 1080p, for
    ten minutes as for five seconds."""
    alive, most = [], []

    def frames():
        for number in range(150):
            image = np.zeros((36, 64, 3), np.uint8)
            alive.append(weakref.ref(image))
            most.append(sum(ref() is not None for ref in alive))
            yield Frame(image, number, number / 30)
            del image

    def locate_slowly(crops):
        time.sleep(0.002)
        return locate_at(crops)

    pair = people(standing(20, 18, 0.1), standing(40, 18, 0.1))
    crowd = Crowd([pair], [0.0], [0])
    surveyed = survey(crowd, choose_people(crowd))
    early = PairLandmarks(locate_slowly, locate_single)
    tracks = follow(read_ahead(frames()), lambda image, square: pair, surveyed, early.look)
    found = early.settle(tracks, lambda index: pytest.fail("looked again") if len(index) else iter(()))
    assert found.pixels.shape == (2, 150, 33, 2) and max(most) <= 16


@pytest.mark.parametrize(
    ("platform", "installed", "chosen"),
    [("cpu", True, landmarks.LITERT), ("cpu", False, landmarks.GRAPH), ("gpu", True, landmarks.GRAPH)],
)
def test_the_library_is_for_cpus_where_it_is_installed(monkeypatch, tmp_path, platform, installed, chosen):
    monkeypatch.setattr(jax, "default_backend", lambda: platform)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: installed or None)
    monkeypatch.setattr(landmarks, "asset", tmp_path.joinpath)
    for name in ("load_graph_landmarker", "load_litert_landmarker"):
        monkeypatch.setattr(landmarks, name, lambda path, name=name: (name, path))
    made: Any = landmarks.load_landmarker()
    loader, path = made
    assert landmarks.landmarker_asset() == chosen and path.parent == tmp_path / chosen
    assert loader == ("load_litert_landmarker" if chosen == landmarks.LITERT else "load_graph_landmarker")


def test_the_second_network_finds_both_people_in_their_crops():
    """MoveNet-thunder on the sample clip: within a tenth of the person of what MoveNet-multipose finds there."""
    single, clip = cached_asset(landmarks.SINGLE), cached_asset("sample-clip")
    image = next(frames_at(probe(clip / "cam01.mp4"), np.array([0])))
    multipose = load_detector(cached_asset("movenet-multipose") / "movenet-multipose.json")
    found = multipose(image, whole(image))
    two = np.argsort(-found.scores * np.ptp(found.keypoints[..., 1], axis=1))[:2]
    keypoints, scores = found.keypoints[two], found.keypoint_scores[two]
    locate = landmarks.load_single_pose(single / "movenet-thunder.json")
    *_, coco, coco_scores = locate_pair(image, keypoints, scores, locate_at, locate)
    apart = np.linalg.norm(coco - keypoints, axis=-1) / np.ptp(keypoints[..., 1], axis=1)[:, None]
    assert (np.median(apart, axis=1) < 0.03).all() and (apart[:, 5:].max(axis=1) < 0.1).all()
    assert (coco_scores > 0).all() and (coco_scores.mean(axis=1) > 0.4).all()


def test_both_forms_of_the_network_see_the_same(capfd):
    """The two people of the sample clip, in more crops than the graph's one call takes: equal to a hundredth of a
    region pixel and a tenth of a millimetre (measured: 0.001 and 0.01)."""
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed: pip install 'sm_jax[video]'")
    graph, litert, clip = (cached_asset(name) for name in (landmarks.GRAPH, landmarks.LITERT, "sample-clip"))
    image = next(frames_at(probe(clip / "cam01.mp4"), np.array([0])))
    regions = [(420, 750, 950), (720, 1250, 1100), (420, 750, 850), (720, 1250, 950), (570, 1000, 1900)]  # middle, side
    seen = []
    for x, y, side in regions:
        scale = crops.SIZE / side
        to_region = scale * np.array([[1, 0, 0.5 * side - x], [0, 1, 0.5 * side - y]])
        far = np.full((17, 2), -9e3)
        seen.append(crops.crop(image, to_region, own=far, other=far, in_front=False))
    stacked = np.stack(seen)
    capfd.readouterr()
    pixels, metres = landmarks.load_litert_landmarker(litert / "pose_landmark_heavy.tflite")(stacked)
    assert capfd.readouterr() == ("", "")
    assert pixels.shape == (5, 33, 2) and metres.shape == (5, 33, 3)
    shoulders_to_hips = pixels[:4, 23:25].mean(axis=1) - pixels[:4, 11:13].mean(axis=1)
    assert (shoulders_to_hips[:, 1] > 40).all(), "two people stand upright"
    expected = landmarks.load_graph_landmarker(graph / "blazepose-heavy.json")(stacked)
    np.testing.assert_allclose(pixels, expected[0], atol=0.01)
    np.testing.assert_allclose(metres, expected[1], atol=1e-4)
