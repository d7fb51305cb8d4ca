import dataclasses

import numpy as np

from experiments.benchmark_sets.rendering.sheet import draw_keypoints


def test_only_bones_that_are_sure_are_drawn(seen):
    image = np.zeros((480, 640, 3), np.uint8)
    assert draw_keypoints(image, seen, 0).any()
    unsure = dataclasses.replace(seen, keypoint_confidence=0 * seen.keypoint_confidence)
    assert not draw_keypoints(image, unsure, 0).any()
