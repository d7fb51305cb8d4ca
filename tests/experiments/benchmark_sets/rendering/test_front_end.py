import numpy as np
import pytest

from experiments.benchmark_sets.rendering import front_end
from experiments.studies.simulator_fit.clips import swapped
from sm_jax.perception.observation_file import save_observation


def test_true_keypoints_are_those_of_a_perfect_observer(body, dance, seen):
    np.testing.assert_allclose(front_end.true_keypoints(body, dance.motion, seen.camera), seen.keypoints, atol=1e-2)


def test_people_are_put_in_the_order_of_the_truth(seen):
    for observed in (seen, swapped(seen)):
        np.testing.assert_array_equal(front_end.matched(observed, seen.keypoints).keypoints, seen.keypoints)


def test_what_was_seen_before_is_not_looked_at_again(body, dance, seen, tmp_path):
    save_observation(tmp_path / "a.npz", swapped(seen))
    view = front_end.view(tmp_path / "a.mp4", body, dance.motion, seen.camera)
    assert view.observation is not None
    np.testing.assert_allclose(view.observation.keypoints, seen.keypoints, atol=1 / 32)
    assert (np.asarray(view.observation.keypoints) * 16 % 1 == 0).all()
    np.testing.assert_allclose(view.observation.motion.pelvis, dance.motion.pelvis, atol=2e-4)


def test_a_refused_video_stays_a_view_and_its_reason_is_kept(body, dance, seen, tmp_path):
    (tmp_path / "a.mp4").write_text("no video")
    assert front_end.view(tmp_path / "a.mp4", body, dance.motion, seen.camera).observation is None
    assert "a.mp4" in (tmp_path / "a.txt").read_text()


def test_another_number_of_frames_is_an_error(body, dance, seen, tmp_path):
    frames = seen.frame_index[:-1]
    short = type(seen)(**{**vars(seen), "frame_index": np.append(frames, frames[-1])})
    save_observation(tmp_path / "a.npz", short)
    with pytest.raises(ValueError, match="not every one once"):
        front_end.view(tmp_path / "a.mp4", body, dance.motion, seen.camera)
