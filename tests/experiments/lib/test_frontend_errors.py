import dataclasses

import numpy as np
import pytest

from experiments.lib.frontend_errors import EstimateAndTruth, measure, size_ratio

VIEWS, FRAMES = 4, 40


@pytest.fixture
def perfect() -> EstimateAndTruth:
    """Two people who stand still, upright and 1.7 m tall or so, 5 m before four cameras, seen without any error."""
    rng = np.random.default_rng(0)
    person = rng.uniform(-0.3, 0.3, (17, 3)) + np.array([0, 0, 5])
    person[:, 1] += np.linspace(-0.8, 0.8, 17)
    points = np.broadcast_to(person, (VIEWS, 2, FRAMES, 17, 3))
    pixels = 1000 * points[..., :2] / points[..., 2:]
    ones = np.ones((VIEWS, 2, FRAMES))
    return EstimateAndTruth(
        estimate=points, truth=points, guess=pixels, found=pixels, true=pixels, height=340 * ones,
        confidence=np.ones((VIEWS, 2, FRAMES, 17)) - 0.05, visibility=np.ones((VIEWS, 2, FRAMES, 24)),
        clear=np.ones((VIEWS, 2, FRAMES, 24)), R_world_camera=np.tile(np.eye(3), (VIEWS, 1, 1)),
    )  # fmt: skip


def test_who_sees_perfectly_errs_nowhere(perfect):
    found = measure(perfect)
    doubts = {name for name in found if "doubt" in name} | {"unsure_keypoints", "hidden_bones_mm"}
    assert all(abs(value) < 1e-6 for name, value in found.items() if name not in doubts)
    np.testing.assert_allclose(found["doubt_clear"], 0.05, rtol=1e-6)


def test_bones_too_long_are_a_matter_of_scale_and_not_of_direction(perfect):
    large = dataclasses.replace(perfect, estimate=perfect.estimate * 1.1)
    np.testing.assert_allclose(size_ratio(large), 1.1, rtol=1e-6)
    found = measure(large)
    np.testing.assert_allclose(found["scale_percent"], 100 * np.log(1.1), rtol=1e-3)
    assert found["thigh_along_mm"] < 1e-6 and found["depth_beyond_scale_percent"] < 1e-6


def test_errors_of_depth_and_of_time_are_told_apart(perfect):
    estimate = np.array(perfect.estimate)
    estimate[..., [15, 16], 2] += 0.05  # both ankles
    still = measure(dataclasses.replace(perfect, estimate=estimate))
    assert still["shin_along_mm"] > 5 * still["shin_across_mm"] and still["velocity_error"] < 1e-6
    trembling = np.array(perfect.estimate)
    trembling[0, :, ::2, 5:11, 0] += 0.01
    moved = measure(dataclasses.replace(perfect, estimate=trembling))
    assert moved["velocity_error"] > 0.05 and moved["jitter"] > 100


def test_keypoints_are_judged_in_body_heights_by_their_confidence(perfect):
    found = np.array(perfect.found)
    found[..., 5:17, 0] += 3.4
    result = measure(dataclasses.replace(perfect, found=found))
    np.testing.assert_allclose([result["sure_keypoints"], result["residual"]], 10.0, rtol=1e-6)
