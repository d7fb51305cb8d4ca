"""Faults of inputs are tested where users make them: in test_cli."""

import dataclasses
import shutil

import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body.io import load_body
from sm_jax.errors import UserError
from sm_jax.perception.frames import probe
from sm_jax.perception.observation_file import save_observation
from sm_jax.pipeline.observe import input_path
from sm_jax.pipeline.observe import observe as look
from sm_jax.pipeline.observed_clip import ObservedClip, as_clip
from tests.motion.motions import front_camera, observe, random_motion
from tests.perception.videos import shades, write_video

BODY = load_body("open-low")
seen = observe(random_motion(), front_camera(), jnp.full((2, 12, 23, 2), 5.0))
seen = dataclasses.replace(
    seen,
    frame_index=np.arange(0, 48, 4),
    camera=dataclasses.replace(seen.camera, image_size=np.array([64.0, 48.0])),
)


@pytest.fixture
def greys(tmp_path):
    """A video whose frame n is of grey 20 + 4 n."""
    return probe(write_video(tmp_path / "greys.mp4", shades(48), [i / 60 for i in range(48)]))


def levels(observed, frames):
    pictures = observed.pictures
    assert pictures is not None
    return [float(image[:, :32].mean()) for image in pictures(np.array(frames))]


def test_a_saved_observation_of_no_video_has_no_pictures(tmp_path):
    save_observation(tmp_path / "seen.npz", seen)
    found = look(tmp_path / "seen.npz")
    assert found.video is None and found.pictures is None and found.body.name == "open-low"
    found.save(tmp_path / "again.npz")
    np.testing.assert_allclose(look(str(tmp_path / "again.npz")).observation.keypoints, seen.keypoints)


def test_pictures_are_those_of_the_observation_s_frames(greys):
    observed = ObservedClip(observation=seen, body=BODY, video=greys, focal_is_heuristic=True)
    assert observed.focal == 1000
    np.testing.assert_allclose(levels(observed, [0, 3, 11]), [20, 20 + 48, 20 + 176], atol=4)


def test_a_saved_observation_finds_its_video_again(tmp_path, greys, caplog):
    """Where it lay, or beside the file that was moved with it; one that is gone or another is told."""
    path = tmp_path / "seen.npz"
    save_observation(path, seen, greys, focal_is_heuristic=True)

    def opened(place=path):
        observed = look(place, body=BODY)
        assert observed.video is not None and observed.focal_is_heuristic
        np.testing.assert_array_equal(observed.video.times, greys.times)
        return observed

    np.testing.assert_allclose(levels(opened(), [11]), 20 + 176, atol=4)
    (tmp_path / "moved").mkdir()
    for file in (path, greys.path):
        shutil.move(file, tmp_path / "moved" / file.name)
    moved = tmp_path / "moved" / "seen.npz"
    np.testing.assert_allclose(levels(opened(moved), [11]), 20 + 176, atol=4)
    assert not caplog.records
    write_video(tmp_path / "moved" / "greys.mp4", shades(48), [i / 50 for i in range(48)])
    assert opened(moved).pictures is None and "gone or has changed" in caplog.records.pop().getMessage()
    (tmp_path / "moved" / "greys.mp4").unlink()
    assert opened(moved).pictures is None and "gone or has changed" in caplog.records.pop().getMessage()


def test_inputs_are_known_by_name_before_anything_is_loaded(tmp_path):
    (tmp_path / "frames").mkdir()
    for name, focal, words in (
        ("gone.mp4", None, "no such file"),
        ("frames/%04d.png", None, "no such file"),
        ("seen.npz", -1.0, "focal length -1.0: must be"),
    ):
        (tmp_path / "seen.npz").touch()
        with pytest.raises(UserError, match=words):
            input_path(str(tmp_path / name), focal)
    (tmp_path / "frames" / "0001.png").touch()
    assert input_path(str(tmp_path / "frames" / "%04d.png"), None).name == "%04d.png"


def test_what_was_seen_is_taken_in_every_way_it_may_be_said(tmp_path):
    save_observation(tmp_path / "seen.npz", seen)
    clip = as_clip(seen)
    assert clip.observation is seen and clip.body is as_clip(str(tmp_path / "seen.npz")).body
    assert as_clip(clip) is clip and as_clip(clip, "open-low") is clip
    assert as_clip(seen, BODY).body is BODY
    with pytest.raises(UserError, match="on the body open-low: observe it again"):
        as_clip(clip, "open-full")
