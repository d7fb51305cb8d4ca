"""motion.npz: what goes in comes out, and what cannot be used is refused in one line."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.export.npz import load_motion, motion_file, save_motion, steady
from sm_jax.types import Motion


@pytest.fixture
def saved(content, tmp_path):
    save_motion(tmp_path / "motion.npz", content)
    return tmp_path / "motion.npz"


def test_round_trip(content, saved):
    loaded = load_motion(saved)
    for field in dataclasses.fields(Motion):
        np.testing.assert_allclose(getattr(loaded.motion, field.name), getattr(content.motion, field.name), atol=1e-6)
    for field in ("K", "R", "t", "image_size"):
        np.testing.assert_array_equal(getattr(loaded.camera, field), getattr(content.camera, field))
    for field in ("joints", "rest_joints", "time", "frame_index", "visibility", "infilled", "spread"):
        np.testing.assert_array_equal(getattr(loaded, field), getattr(content, field))
    assert (loaded.fps, loaded.body, loaded.provenance) == (content.fps, content.body, content.provenance)


def test_the_keys_mean_what_the_conventions_say(body, content, saved):
    """SMPL's own recipe, from the file's numbers alone, gives the file's joints."""
    with np.load(saved, allow_pickle=False) as data:
        assert data["poses"].shape == (2, 7, 72) and data["poses"].dtype == np.float32
        rest = np.asarray(smpl.rest_joints(body, data["betas"]))
        np.testing.assert_allclose(data["trans"] + rest[:, None, 0], data["joints"][:, :, 0], atol=1e-6)
        assert "z up" in str(data["conventions"]) and data["joint_names"][20] == "left_wrist"
    loaded = load_motion(saved)
    np.testing.assert_allclose(smpl.pose(body, loaded.motion).joints, content.joints, atol=1e-5)


def test_uneven_frames_become_a_steady_rate_for_formats_without_times(content, uneven):
    for time in (content.time, np.round(content.time, 2) + 5.0, content.time + np.linspace(0, 0.2 / content.fps, 7)):
        motion, fps = steady(dataclasses.replace(content, time=time))
        assert motion is content.motion and fps == content.fps
    motion, fps = steady(uneven)
    assert fps == 30 and motion.pelvis.shape == (2, 23, 3)  # 0, 1/30, … 22/30 s
    height = np.interp(3 + np.arange(23) / 30, uneven.time, content.motion.pelvis[0, :, 2])
    np.testing.assert_allclose(motion.pelvis[0, :, 2], height, atol=1e-5)


def test_a_motion_that_is_not_finite_is_refused(body, content):
    pelvis = content.motion.pelvis.copy()
    pelvis[1, 3, 2] = np.nan
    fields: dict[str, Any] = {f.name: getattr(content, f.name) for f in dataclasses.fields(content)}
    rest: dict[str, Any] = {
        name: fields[name] for name in ("fps", "frame_index", "visibility", "infilled", "spread", "provenance")
    }
    broken = dataclasses.replace(content.motion, pelvis=pelvis)
    with pytest.raises(UserError, match=r"pelvis .* not finite.*\(1, 3, 2\)"):
        motion_file(body, broken, content.camera, **rest)
    with pytest.raises(ValueError, match="time has shape"):
        motion_file(body, content.motion, content.camera, **rest, time=np.arange(3))
    with pytest.raises(ValueError, match="frame_index"):
        motion_file(body, content.motion, content.camera, **(rest | {"frame_index": np.arange(3)}))


def test_files_that_cannot_be_used(saved, tmp_path):
    with pytest.raises(UserError, match="no such file"):
        load_motion(tmp_path / "nowhere.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(UserError, match="not a motion"):
        load_motion(tmp_path / "text.npz")
    (tmp_path / "half.npz").write_bytes(saved.read_bytes()[:2000])
    with pytest.raises(UserError, match="not a motion"):
        load_motion(tmp_path / "half.npz")
    with np.load(saved) as data:
        arrays = dict(data)
    for change, message in (
        ({"trans": np.full_like(arrays["trans"], np.nan)}, "not finite"),
        ({"format": np.int32(99)}, "format 99"),
        ({"poses": arrays["poses"][..., :66]}, "damaged"),
        ({"trans": arrays["trans"][0, 0]}, "`trans` has shape"),
        ({"rest_joints": arrays["rest_joints"][0]}, "`rest_joints` has shape"),
        ({"camera_K": np.float32(3)}, "`camera_K` has shape"),
        ({"time": arrays["time"][::-1]}, "`fps` or `time`"),
        ({"time": 1e9 * arrays["time"]}, "`fps` or `time`"),  # `steady` would fill it with frames
        ({"fps": np.float64(0)}, "`fps` or `time`"),
        ({"fps": np.float64(1e9)}, "`fps` or `time`"),
        ({"fps": np.float64(np.nan)}, "fps holds 1 values"),
        ({"poses": 1e30 * np.ones_like(arrays["poses"])}, "are no person's"),
        ({"joints": arrays["joints"].astype(str)}, "`joints` holds no numbers"),
        ({"format": np.array("two")}, "`format` holds no numbers"),
        ({"provenance": np.array("[1]")}, "`provenance` is no JSON object"),
        ({"provenance": np.array("[" * 100_000)}, "damaged"),
    ):
        np.savez(tmp_path / "changed.npz", **(arrays | change))  # pyrefly: ignore[bad-argument-type]
        with pytest.raises(UserError, match=message):
            load_motion(tmp_path / "changed.npz")
    del arrays["camera_K"]
    np.savez(tmp_path / "lacking.npz", **arrays)
    with pytest.raises(UserError, match="camera_K"):
        load_motion(tmp_path / "lacking.npz")
