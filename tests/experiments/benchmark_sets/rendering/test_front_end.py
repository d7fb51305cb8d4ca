import dataclasses

import numpy as np
import pytest

from experiments.benchmark_sets.rendering.front_end import (
    benchmark_scores,
    match_people,
    observe_video,
    true_keypoints,
)
from experiments.lib.frontend_errors import swap_people
from sm_jax.data.schema import View
from sm_jax.motion.frames import map_frames
from sm_jax.perception.observation_file import save_observation

AMOUNTS = ("little", "much")


def test_true_keypoints_are_those_of_a_perfect_observer(body, dance, seen):
    np.testing.assert_allclose(true_keypoints(body, dance.motion, seen.camera), seen.keypoints, atol=1e-2)


def test_people_are_put_in_the_order_of_the_truth(seen):
    for observed in (seen, swap_people(seen)):
        np.testing.assert_array_equal(match_people(observed, seen.keypoints).keypoints, seen.keypoints)


def test_what_was_seen_before_is_not_looked_at_again(body, dance, seen, tmp_path):
    save_observation(tmp_path / "a.npz", swap_people(seen))
    view = observe_video(tmp_path / "a.mp4", body, dance.motion, seen.camera)
    assert view.observation is not None
    np.testing.assert_allclose(view.observation.keypoints, seen.keypoints, atol=1 / 32)
    assert (np.asarray(view.observation.keypoints) * 16 % 1 == 0).all()
    np.testing.assert_allclose(view.observation.motion.pelvis, dance.motion.pelvis, atol=2e-4)


def test_a_refused_video_stays_a_view_and_its_reason_is_kept(body, dance, seen, tmp_path):
    (tmp_path / "a.mp4").write_text("no video")
    assert observe_video(tmp_path / "a.mp4", body, dance.motion, seen.camera).observation is None
    assert "a.mp4" in (tmp_path / "a.txt").read_text()


def test_another_number_of_frames_is_an_error(body, dance, seen, tmp_path):
    frames = seen.frame_index[:-1]
    short = type(seen)(**{**vars(seen), "frame_index": np.append(frames, frames[-1])})
    save_observation(tmp_path / "a.npz", short)
    with pytest.raises(ValueError, match="not every one once"):
        observe_video(tmp_path / "a.mp4", body, dance.motion, seen.camera)


def scores(body, dance, seen, **changes):
    views = (View(camera=seen.camera, observation=dataclasses.replace(seen, **changes)), View(camera=seen.camera))
    return benchmark_scores(body, [dataclasses.replace(dance, views=views)], AMOUNTS)


def test_who_sees_perfectly_errs_nowhere_and_refusals_are_counted(body, dance, seen):
    found = scores(body, dance, seen)
    assert found["videos"] == 2 and found["refused"] == [f"{dance.name}_much"] and "much" not in found
    one = found["all"]
    assert max(one["joint_error_mm"], one["sure_keypoints"], one["scale_percent"], one["thigh_along_mm"]) < 0.1
    assert one["jitter"] == pytest.approx(one["true_jitter"], rel=1e-3) and 20 < one["jitter"] < 500
    assert one["hidden"] > 0 and one["share_of_sure_keypoints"] == 1


def test_errors_are_in_millimetres_and_in_thousandths_of_a_height(body, dance, seen):
    keypoints = seen.keypoints + np.array([5 * 0.017 * 500 / 5, 0])  # 17 mm and five times that at 5 m
    found = scores(body, dance, seen, keypoints=keypoints.astype(np.float32))["all"]
    assert found["sure_keypoints"] == pytest.approx(50, rel=0.1)
    later = map_frames(dance.motion, lambda x: np.roll(x, 1, axis=1))
    assert scores(body, dance, seen, motion=later)["all"]["joint_error_mm"] > 5
