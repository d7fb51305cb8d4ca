"""Whether the camera moved, from the background alone."""

import cv2
import numpy as np
import pytest

from sm_jax.perception.camera_motion import camera_motion
from sm_jax.perception.detector import SIZE

NOBODY = np.zeros((0, 4))
PICTURE = (1920, 1080)


def texture(height, width, seed=0):
    small = np.random.default_rng(seed).integers(0, 255, (height // 12, width // 12, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def glance(picture):
    """A picture 256 by 144 as the detector takes it."""
    square = np.zeros((SIZE, SIZE, 3), np.uint8)
    square[:144] = picture
    return square


def test_a_camera_that_stands_and_one_that_does_not():
    scene = texture(200, 420)
    for steps, far, near in (([0] * 8, 0, 0.002), ([0, 3, 6, 9, 6, 3, 0], 9, 0.004), (range(0, 121, 6), 120, 0.02)):
        views = [glance(scene[20:164, 20 + x : 276 + x]) for x in steps]
        assert camera_motion(views, [NOBODY] * len(views), PICTURE) == pytest.approx(far / SIZE, abs=near)


def test_people_and_empty_walls_say_nothing():
    """Somebody with a patterned shirt, who is most of the picture, walks through it."""
    scene, shirt = texture(144, 256), texture(130, 150, 1)
    frames, boxes = [], []
    for x in range(0, 40, 4):
        frame = scene.copy()
        frame[10:140, x + 20 : x + 170] = shirt
        frames.append(glance(frame))
        boxes.append(np.array([[x + 20, 10, x + 170, 140]]) * PICTURE[0] / SIZE)
    assert camera_motion(frames, boxes, PICTURE) == pytest.approx(0, abs=0.005)
    wall = [glance(np.full((144, 256, 3), 90, np.uint8))] * 5
    assert camera_motion(wall, [NOBODY] * 5, PICTURE) is None
