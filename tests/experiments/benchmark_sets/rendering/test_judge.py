import dataclasses

import numpy as np
import pytest

from experiments.benchmark_sets.rendering.front_end import benchmark_scores
from experiments.benchmark_sets.rendering.sheet import keypoints_over
from sm_jax.data.schema import View
from sm_jax.motion.frames import map_frames

AMOUNTS = ("little", "much")


def figures(body, dance, seen, **changes):
    views = (View(camera=seen.camera, observation=dataclasses.replace(seen, **changes)), View(camera=seen.camera))
    return benchmark_scores(body, [dataclasses.replace(dance, views=views)], AMOUNTS)


def test_who_sees_perfectly_errs_nowhere_and_refusals_are_counted(body, dance, seen):
    found = figures(body, dance, seen)
    assert found["videos"] == 2 and found["refused"] == [f"{dance.name}_much"] and "much" not in found
    one = found["all"]
    assert max(one["joint_error_mm"], one["sure_keypoints"], one["scale_percent"], one["thigh_along_mm"]) < 0.1
    assert one["jitter"] == pytest.approx(one["true_jitter"], rel=1e-3) and 20 < one["jitter"] < 500
    assert one["hidden"] > 0 and one["share_of_sure_keypoints"] == 1


def test_errors_are_in_millimetres_and_in_thousandths_of_a_height(body, dance, seen):
    keypoints = seen.keypoints + np.array([5 * 0.017 * 500 / 5, 0])  # 17 mm and five times that at 5 m
    found = figures(body, dance, seen, keypoints=keypoints.astype(np.float32))["all"]
    assert found["sure_keypoints"] == pytest.approx(50, rel=0.1)
    later = map_frames(dance.motion, lambda x: np.roll(x, 1, axis=1))
    assert figures(body, dance, seen, motion=later)["all"]["joint_error_mm"] > 5


def test_only_bones_that_are_sure_are_drawn(seen):
    image = np.zeros((480, 640, 3), np.uint8)
    assert keypoints_over(image, seen, 0).any()
    unsure = dataclasses.replace(seen, keypoint_confidence=0 * seen.keypoint_confidence)
    assert not keypoints_over(image, unsure, 0).any()
