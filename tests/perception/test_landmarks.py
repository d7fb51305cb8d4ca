import numpy as np

from sm_jax.perception import crops
from sm_jax.perception.frames import Frame
from sm_jax.perception.landmarks import LANDMARKS, find_landmarks
from sm_jax.perception.tracking import Tracks
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
    assert set(sizes) == {4} and found.pixels.shape == (2, 3, 33, 2)
    hips = keypoints[:, :, 11:13].mean(axis=2)
    np.testing.assert_allclose(found.pixels, np.broadcast_to(hips[:, :, None], (2, 3, 33, 2)), atol=1e-3)
    np.testing.assert_allclose(found.metres[0, :, 0], np.tile([0, -1, 0.25], (3, 1)), atol=1e-5)
    np.testing.assert_allclose(found.metres[1, 0, 0], [*(turn @ [0, -1]), 0.25], atol=1e-5)
    assert crops.SIZE == 256
