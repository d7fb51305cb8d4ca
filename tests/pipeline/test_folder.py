"""From an input to a folder: on a saved observation with the shipped weights, and on the real clip."""

import dataclasses
import functools
import json

import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.export.npz import load_motion
from sm_jax.geometry.camera import project_points
from sm_jax.motion.resample import resample
from sm_jax.perception.observation_file import save_observation
from sm_jax.pipeline import folder
from sm_jax.sampling.sample import Settings
from sm_jax.text.describers import rules
from tests.helpers import cached_asset
from tests.motion.motions import front_camera, observe, random_motion

FILES = {"motion.npz", "people.glb", "overlay.mp4", "summary.json", "observation.npz"}
reconstruct = functools.partial(
    folder.reconstruct_to_folder,
    describer=rules.describe,
    body_name="open-low",
    focal=None,
    seed=0,
    settings=Settings(),
)


@pytest.fixture
def observation(tmp_path):
    cached_asset("minilm")
    body, camera = load_body("open-low"), front_camera(40)
    motion = resample(random_motion(frames=4), jnp.linspace(0.0, 3.0, 40))
    pixels, _ = project_points(camera, smpl.keypoints(body, smpl.pose(body, motion)))
    seen = observe(motion, camera, pixels)
    seen = dataclasses.replace(seen, visibility=jnp.asarray(seen.visibility).at[1, 10:20].set(0.0))
    save_observation(tmp_path / "seen.npz", seen)
    return tmp_path / "seen.npz"


def test_an_observation_becomes_a_folder(observation, tmp_path):
    out = tmp_path / "out"
    reconstruct(str(observation), out, overwrite=False)
    assert {path.name for path in out.iterdir()} >= FILES
    motion = load_motion(out / "motion.npz")
    assert motion.joints.shape == (2, 40, 24, 3) and motion.infilled[1, 12].all() and not motion.infilled[0].any()
    summary = json.loads((out / "summary.json").read_text())
    assert set(summary["energies"]["before"]) == set(summary["energies"]["after"])
    assert not list(tmp_path.glob(".out*"))


def test_a_failure_leaves_the_old_folder(observation, tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    (out / "precious.txt").write_text("mine")

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(folder, "save_glb", full)
    with pytest.raises(OSError, match="disk full"):
        reconstruct(str(observation), out, overwrite=True)
    assert [path.name for path in out.iterdir()] == ["precious.txt"]
    assert not list(tmp_path.glob(".out*"))


def test_the_sample_clip(tmp_path):
    """Video to files: both bodies near their keypoints, at the video's own rate."""
    for name in ("movenet-multipose", "blazepose-heavy", "sample-clip", "minilm"):
        cached_asset(name)
    out = tmp_path / "out"
    reconstruct("sample:cam01", out, overwrite=False)
    motion = load_motion(out / "motion.npz")
    assert motion.fps == pytest.approx(60, abs=0.5) and 97 <= motion.joints.shape[1] <= 100
    summary = json.loads((out / "summary.json").read_text())
    assert summary["energies"]["after"]["penetration"] <= summary["energies"]["before"]["penetration"] + 1e-3
    with np.load(out / "observation.npz") as seen:
        keypoints, confidence = seen["keypoints"], seen["keypoint_confidence"]
    camera = motion.camera
    half = dataclasses.replace(camera, R=camera.R[::2], t=camera.t[::2])
    wrists, joints = [9, 10, 15, 16], [20, 21, 7, 8]
    pixels, _ = project_points(half, motion.joints[:, ::2][:, :, joints])
    n_frames = min(pixels.shape[1], keypoints.shape[1])
    error = np.linalg.norm(pixels[:, :n_frames] - keypoints[:, :n_frames][:, :, wrists], axis=-1)
    assert np.median(error[confidence[:, :n_frames][:, :, wrists] > 0.5]) < 40  # of 1,920 pixels in height
