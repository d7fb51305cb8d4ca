import importlib.util

import jax
import numpy as np
import pytest

from sm_jax.perception import crops, landmarks
from sm_jax.perception.frames import Frame, frames_at, probe
from sm_jax.perception.landmarks import LANDMARKS, find_landmarks
from sm_jax.perception.tracking import Tracks
from tests.helpers import cached_asset
from tests.perception.people import standing


def test_region_coordinates_come_back_upright_for_every_frame_and_person():
    assert len(LANDMARKS) == 33 and LANDMARKS[23] == "left_hip" and LANDMARKS[32] == "right_foot_index"
    angle = 0.5
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    keypoints = np.stack([[standing(200 + 10 * t), standing(0, 0) @ turn.T + [500, 300]] for t in range(3)], axis=1)
    tracks = Tracks(
        keypoints.astype(np.float32),
        np.full((2, 3, 17), 0.9),
        np.ones((2, 3), bool),
        np.arange(3) / 30,
        np.arange(3),
    )
    sizes = []

    def locate(crops):
        """Everyone's landmarks at the region's middle, and one metre above it in the region's axes."""
        sizes.append(len(crops))
        return np.full((len(crops), 33, 2), 128.0), np.tile([0.0, -1.0, 0.25], (len(crops), 33, 1))

    frames = [Frame(np.zeros((600, 800, 3), np.uint8), t, t / 30) for t in range(3)]
    found = find_landmarks(frames, locate, tracks)
    assert sizes == [4, 2] and found.pixels.shape == (2, 3, 33, 2)
    hips = keypoints[:, :, 11:13].mean(axis=2)
    np.testing.assert_allclose(found.pixels, np.broadcast_to(hips[:, :, None], (2, 3, 33, 2)), atol=1e-3)
    np.testing.assert_allclose(found.metres[0, :, 0], np.tile([0, -1, 0.25], (3, 1)), atol=1e-5)
    np.testing.assert_allclose(found.metres[1, 0, 0], [*(turn @ [0, -1]), 0.25], atol=1e-5)
    assert crops.SIZE == 256


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
    loader, path = landmarks.load_landmarker()
    assert landmarks.landmarker_asset() == chosen and path.parent == tmp_path / chosen
    assert loader == ("load_litert_landmarker" if chosen == landmarks.LITERT else "load_graph_landmarker")


def test_both_forms_of_the_network_see_the_same(capfd):
    """The two people of the sample clip, in more crops than the graph's one call takes: equal to a hundredth of a
    region pixel and a tenth of a millimetre (measured: 0.001 and 0.01)."""
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed: pip install 'sm_jax[video]'")
    graph, litert, clip = (cached_asset(name) for name in (landmarks.GRAPH, landmarks.LITERT, "sample-clip"))
    image = next(frames_at(probe(clip / "cam01.mp4"), np.array([0])))
    regions = [(420, 750, 950), (720, 1250, 1100), (420, 750, 850), (720, 1250, 950), (570, 1000, 1900)]  # middle, side
    people = []
    for x, y, side in regions:
        scale = crops.SIZE / side
        to_region = scale * np.array([[1, 0, 0.5 * side - x], [0, 1, 0.5 * side - y]])
        far = np.full((17, 2), -9e3)
        people.append(crops.crop(image, to_region, own=far, other=far, in_front=False))
    stacked = np.stack(people)
    capfd.readouterr()
    pixels, metres = landmarks.load_litert_landmarker(litert / "pose_landmark_heavy.tflite")(stacked)
    assert capfd.readouterr() == ("", "")
    assert pixels.shape == (5, 33, 2) and metres.shape == (5, 33, 3)
    shoulders_to_hips = pixels[:4, 23:25].mean(axis=1) - pixels[:4, 11:13].mean(axis=1)
    assert (shoulders_to_hips[:, 1] > 40).all(), "two people stand upright"
    expected = landmarks.load_graph_landmarker(graph / "blazepose-heavy.json")(stacked)
    np.testing.assert_allclose(pixels, expected[0], atol=0.01)
    np.testing.assert_allclose(metres, expected[1], atol=1e-4)
