"""From an input to a folder: of a saved observation, and of a real clip, with the shipped weights in few steps."""

import dataclasses
import functools
import json
import pathlib
import shutil
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import JOINTS, KEYPOINTS
from sm_jax.errors import UserError
from sm_jax.export.folder import files_in
from sm_jax.export.npz import load_motion
from sm_jax.geometry.camera import project_points
from sm_jax.motion.frames import slice_observation
from sm_jax.motion.resample import resample
from sm_jax.perception.frames import probe, read_frames
from sm_jax.perception.fusion import FusedKeypoints, at_rate
from sm_jax.perception.landmarks import SINGLE, landmarker_asset
from sm_jax.perception.observation_file import load_observation, load_source, save_observation
from sm_jax.perception.video import Video, nearest_frames, steady_rate
from sm_jax.pipeline import folder
from sm_jax.pipeline.measures import MEASURES
from sm_jax.pipeline.observe import FPS
from sm_jax.pipeline.observed_clip import ObservedClip
from sm_jax.pipeline.reconstruct import Reconstruction, source_rows
from sm_jax.pipeline.result import load_result
from sm_jax.sampling.sample import Settings
from sm_jax.text.describers import from_user, rules
from tests.helpers import cached_asset
from tests.motion.motions import front_camera, observe, random_motion
from tests.perception.videos import shades, write_video

FILES = {"motion.npz", "people.glb", "overlay.mp4", "summary.json", "observation.npz"}
SETTINGS = Settings(steps=2, guidance_steps=1, final_guidance_steps=3, estimate_guidance_steps=2)
reconstruct = functools.partial(
    folder.reconstruct_to_folder,
    describer=rules.describe,
    body_name="open-low",
    focal=None,
    seed=0,
    settings=SETTINGS,
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


def with_video(observation, folder, rows, count):
    """The first rows of a saved observation as one of a video of so many frames at 60 a second."""
    seen = load_observation(observation)
    seen = dataclasses.replace(
        jax.tree.map(np.asarray, slice_observation(seen, slice(0, rows))),
        frame_index=np.minimum(2 * np.arange(rows), count - 1),
        camera=dataclasses.replace(slice_observation(seen, slice(0, rows)).camera, image_size=np.array([64.0, 48.0])),
    )
    video = probe(write_video(folder / f"{count}.mp4", shades(count), even(count, 60).tolist()))
    save_observation(folder / f"{count}.npz", seen, video)
    return folder / f"{count}.npz", video


def test_a_clip_of_another_length_compiles_nothing(observation, tmp_path, caplog):
    """From a saved observation to every file: of a process that has seen one clip, each program is there."""
    whole = load_observation(observation)
    for name, frames in (("first", 36), ("second", 31)):
        caplog.clear()
        with jax.log_compiles():
            save_observation(tmp_path / f"{name}.npz", slice_observation(whole, slice(frames)))
            reconstruct(str(tmp_path / f"{name}.npz"), tmp_path / name, overwrite=False)
            load_motion(tmp_path / name / "motion.npz")
        programs = {record.getMessage().split(" with ")[0] for record in caplog.records if "Compiling" in record.msg}
        assert (not programs) == (name == "second"), programs


def test_an_observation_becomes_a_folder(observation, tmp_path):
    """At its video's own 60 frames a second, over its pictures, though it was seen at 30."""
    path, video = with_video(observation, tmp_path, rows=40, count=79)
    out = tmp_path / "out"
    reconstruct(str(path), out, overwrite=False, report=True, command="sm-jax reconstruct seen.npz")
    assert {path.name for path in out.iterdir()} >= FILES | {"report.html"}
    motion = load_motion(out / "motion.npz")
    assert motion.joints.shape == (2, 79, 24, 3) and motion.infilled[1, 24].all() and not motion.infilled[0].any()
    np.testing.assert_array_equal(motion.frame_index, np.arange(79))
    np.testing.assert_allclose(motion.time, even(79, 60), atol=1e-3)
    np.testing.assert_allclose(probe(out / "overlay.mp4").times, motion.time, atol=1e-3)
    again = load_source(out / "observation.npz", load_observation(out / "observation.npz"))
    assert again is not None and again[0].path == video.path and motion.fps == 60
    summary = json.loads((out / "summary.json").read_text())
    assert set(summary["energies"]["before"]) == set(summary["energies"]["after"])
    assert summary["files"] == files_in(out)
    assert set(summary["measures"]) == set(MEASURES) and summary["measures"]["jitter"]["before"] > 0
    assert "sm-jax reconstruct seen.npz" in (out / "report.html").read_text(encoding="utf-8")
    assert not list(tmp_path.glob(".out*"))


def test_what_was_made_on_the_way_is_kept(observation, tmp_path):
    """Each as a motion of its own in the result's frames, none of them the result; of three hypotheses the other two,
    numbered as in the summary. Nobody goes back to the estimate, which would make all results one."""
    out, settings = tmp_path / "out", dataclasses.replace(SETTINGS, hypotheses=3, fall_back=False)
    reconstruct(str(observation), out, overwrite=False, settings=settings)
    found, summary = load_result(out), json.loads((out / "summary.json").read_text())
    stages = found.stages()
    assert list(stages) == ["infilled", "refined"] and len(found.hypotheses()) == 2
    totals = [each["total"] for each in summary["energies"]["hypotheses"]]
    assert {int(path.stem) for path in (out / "hypotheses").iterdir()} == {0, 1, 2} - {int(np.argmin(totals))}
    assert {"stages/infilled.npz", "stages/refined.npz"} < set(summary["files"])
    motions = [found.content, found.before(), *stages.values(), *found.hypotheses()]
    for number, one in enumerate(motions):
        for other in motions[:number]:
            assert 1e-3 < np.abs(one.joints - other.joints).max() < 2.0
    reconstruct(str(observation), out, overwrite=True)
    assert not (out / "hypotheses").exists()


def test_one_picture_becomes_a_folder(observation, tmp_path):
    path, _ = with_video(observation, tmp_path, rows=1, count=1)
    reconstruct(str(path), tmp_path / "out", overwrite=False)
    motion = load_motion(tmp_path / "out" / "motion.npz")
    assert motion.joints.shape == (2, 1, 24, 3) and probe(tmp_path / "out" / "overlay.mp4").frames == 1


def test_a_failure_leaves_the_old_folder(observation, tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    (out / "summary.json").write_text('{"provenance": {"sm_jax": "0"}, "files": ["summary.json", "old.txt"]}')
    (out / "old.txt").write_text("old")

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(Reconstruction, "save_glb", full)
    with pytest.raises(OSError, match="disk full"):
        reconstruct(str(observation), out, overwrite=True)
    assert sorted(path.name for path in out.iterdir()) == ["old.txt", "summary.json"]
    assert not list(tmp_path.glob(".out*"))


def test_contacts_are_said_and_can_be_left_out(observation, tmp_path, monkeypatch, caplog):
    class Stop(Exception):
        pass

    def stop(clip, description, **_):
        raise Stop(description)

    monkeypatch.setattr(folder, "reconstruct", stop)
    for contacts in (True, False):
        caplog.clear()
        with caplog.at_level("INFO", "sm_jax"), pytest.raises(Stop) as stopped:
            hands = from_user.describe_sentence("They hold hands.")
            reconstruct(str(observation), tmp_path / "out", describer=hands, overwrite=True, contacts=contacts)
        (description,) = stopped.value.args
        assert bool(description.contacts) == contacts and description.text == "They hold hands."
        assert "  person 0's hand – person 1's hand  90% sure, from your text" in caplog.text
        assert ("no contact is used" in caplog.text) != contacts


def arrays(path):
    with np.load(path) as file:
        return dict(file)


def test_an_interrupted_run_goes_on_with_the_same_result(observation, tmp_path, monkeypatch):
    """Interrupted after seeing, and after reconstructing; nothing is seen twice, and every number is the same."""
    saved, video = with_video(observation, tmp_path, rows=20, count=39)
    seen = ObservedClip(
        observation=load_observation(saved), body=load_body("open-low"), video=video, focal_is_heuristic=True
    )
    out, looked = tmp_path / "out", []
    monkeypatch.setattr(folder, "observe", lambda source, **_: looked.append(source) or seen)
    reconstruct(str(video.path), tmp_path / "whole", overwrite=False, resume=True)  # there is nothing to go on with yet

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    for stage, name in ((folder, "describe"), (Reconstruction, "save_glb")):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(stage, name, interrupt)
            reconstruct(str(video.path), out, overwrite=False, resume=True)
        assert sorted(path.name for path in out.iterdir()) == ["observation.npz", "summary.json"]
    with pytest.raises(UserError, match="go on with --resume"):
        reconstruct(str(video.path), out, overwrite=False)
    others: tuple[tuple[dict[str, Any], str], ...] = (
        ({"focal": 500.0}, "another focal"),
        ({"body_name": "open-full"}, "another body .open-low"),
    )
    for options, words in others:
        with pytest.raises(UserError, match=words):
            reconstruct(str(video.path), out, overwrite=False, resume=True, **options)
    reconstruct(str(video.path), out, overwrite=False, resume=True)
    assert len(looked) == 2 and not list(tmp_path.glob(".*"))
    assert (out / "observation.npz").read_bytes() == (tmp_path / "whole" / "observation.npz").read_bytes()
    names = {path.name for path in out.iterdir()}
    assert names >= FILES and names == {path.name for path in (tmp_path / "whole").iterdir()}
    found, expected = (arrays(place / "motion.npz") for place in (out, tmp_path / "whole"))
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value, err_msg=key)


def test_a_video_that_has_changed_is_not_gone_on_with(observation, tmp_path, monkeypatch):
    saved, video = with_video(observation, tmp_path, rows=20, count=39)
    seen = ObservedClip(observation=load_observation(saved), body=load_body("open-low"), video=video)
    monkeypatch.setattr(folder, "observe", lambda source, **_: seen)
    monkeypatch.setattr(folder, "describe", lambda *_, **__: pytest.fail("too late"))
    with pytest.raises(pytest.fail.Exception, match="too late"):
        reconstruct(str(video.path), tmp_path / "out", overwrite=False)
    write_video(video.path, shades(30), even(30, 60).tolist())
    with pytest.raises(UserError, match=r"39.mp4: is not what it was when .*observation.npz was written; begin anew"):
        reconstruct(str(video.path), tmp_path / "out", overwrite=False, resume=True)


def test_faults_are_found_before_anything_is_loaded(observation, tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "as_body", lambda _: pytest.fail("too late"))
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    shutil.copy(observation, theirs / "seen.npz")
    (theirs / "notes.txt").write_text("mine")
    (tmp_path / "file").touch()
    cases: tuple[tuple[pathlib.Path, pathlib.Path, str, dict[str, Any]], ...] = (
        (theirs / "seen.npz", theirs, "holds the input", {}),
        (observation, theirs, "holds notes.txt, which sm-jax did not write", {}),
        (observation, tmp_path / "file", "is a file", {}),
        (observation, tmp_path, "which sm-jax did not write|holds the input", {}),
        (tmp_path / "gone.mp4", tmp_path / "out", "no such file", {}),
        (observation, tmp_path / "out", "focal length", {"focal": -500.0}),
        (observation, tmp_path / "out", "hypotheses 0", {"settings": Settings(hypotheses=0)}),
        (observation, tmp_path / "out", "seed", {"seed": 2**70}),
    )
    for source, out, words, options in cases:
        with pytest.raises(UserError, match=words):
            reconstruct(str(source), out, overwrite=True, **options)
    assert sorted(path.name for path in theirs.iterdir()) == ["notes.txt", "seen.npz"]
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".*"))


def even(count, fps):
    return np.arange(count) / fps


SLOW_THEN_FAST = np.append(even(10, 15), 10 / 15 + even(11, 60))


@pytest.mark.parametrize(
    "times",
    [even(64, 60), even(51, 120), even(53, 120), even(33, 240), even(64, 59.94), even(24, 24), even(7, 10), even(1, 30),
     even(2, 240), even(600, 29.97), np.round(even(30, 60), 3), SLOW_THEN_FAST,
     SLOW_THEN_FAST[-1] - SLOW_THEN_FAST[::-1]],
    ids=lambda times: f"{len(times)} in {times[-1]:.3f} s",
)  # fmt: skip
def test_one_row_for_each_source_frame_at_its_own_time(times):
    """From the frames that are looked at to the rows of the result: what moves steadily is where it was."""
    video = Video(path=pathlib.Path("v.mp4"), width=8, height=8, times=times, fps=steady_rate(times))
    index = nearest_frames(video.times, FPS)
    points = np.broadcast_to(times[index, None, None], (2, len(index), 23, 3)).astype(np.float32)
    seen = FusedKeypoints(points[..., :2], points[..., 0], points, points[..., 0, 0] >= 0, times[index], index)
    grid = at_rate(seen, FPS)
    rows, position = source_rows(video, grid.index, FPS)
    np.testing.assert_array_equal(rows, np.arange(len(times)))
    assert position[0] == 0 and position[-1] <= len(grid.times) - 1 + 1e-4
    found = np.interp(position, np.arange(len(grid.times)), grid.keypoints[0, :, 0, 0])
    np.testing.assert_allclose(found, times, atol=0.26 / FPS)  # a grid that ends beyond the last frame holds still


def test_only_what_was_seen_has_rows():
    video = Video(path=pathlib.Path("v.mp4"), width=8, height=8, times=even(100, 60), fps=60.0)
    rows, position = source_rows(video, np.arange(20, 61, 2), FPS)
    np.testing.assert_array_equal(rows, np.arange(20, 61))
    np.testing.assert_allclose(position, np.arange(41) / 2, atol=1e-5)


# Pixels in the first frame of cam01 of shoulders, hips and knees, left before right, from triangulation over four
# views (reprojection within 10 px): the man at the left of the picture, then the woman.
FIRST_FRAME = np.array(
    [
        [[522, 496], [375, 491], [462, 734], [372, 728], [457, 930], [363, 899]],
        [[746, 1024], [940, 1037], [692, 1311], [791, 1276], [622, 1499], [733, 1466]],
    ]
)


@pytest.fixture(scope="module")
def sample_clip(tmp_path_factory):
    """The results of four tenths of a second of the real clip, from video to files."""
    for name in ("movenet-multipose", landmarker_asset(), SINGLE, "minilm"):
        cached_asset(name)
    folder, whole = tmp_path_factory.mktemp("clip"), cached_asset("sample-clip") / "cam01.mp4"
    images = [frame.image for frame, _ in zip(read_frames(probe(whole), 60.0), range(25), strict=False)]
    options = {"crf": "16", "preset": "ultrafast"}
    path = write_video(folder / "clip.mp4", images, even(25, 60).tolist(), options=options)
    reconstruct(str(path), folder / "out", overwrite=False)
    return folder / "out"


def test_both_people_of_the_sample_clip_are_seen(sample_clip):
    path = sample_clip / "observation.npz"
    seen = load_observation(path)
    source = load_source(path, seen)
    assert source is not None and source[1]  # the focal length is a guess
    assert seen.camera.K[0, 0] == pytest.approx(np.hypot(1088, 1920))
    assert seen.keypoints.shape == (2, 13, 23, 2) and seen.visibility.shape == (2, 13, 24) and seen.fps == 30
    body = [KEYPOINTS.index(f"{side}_{name}") for name in ("shoulder", "hip", "knee") for side in ("left", "right")]
    off = np.linalg.norm(seen.keypoints[:, 0, body] - FIRST_FRAME, axis=-1)
    assert off.max() < 60 and np.median(off) < 25  # a torso is 250 to 350 px long
    posed = smpl.pose(load_body("open-low"), seen.motion)
    pixels, _ = project_points(seen.camera, smpl.keypoints(load_body("open-low"), posed))
    sure = seen.keypoint_confidence > 0.5
    assert np.median(np.linalg.norm(np.asarray(pixels) - seen.keypoints, axis=-1)[sure]) < 12
    height = np.asarray(posed.joints)[..., 2]
    assert (height[..., JOINTS.index("head")] > 1.0).all() and np.abs(height[..., [10, 11]].min(axis=-1)).max() < 0.3
    apart = np.linalg.norm(seen.motion.pelvis[0] - seen.motion.pelvis[1], axis=-1)
    assert 0.8 < np.median(apart) < 2.5  # truly 1.6 m


def test_the_sample_clip_becomes_files(sample_clip):
    """Both bodies near their keypoints, at the video's own rate."""
    motion, seen = load_motion(sample_clip / "motion.npz"), load_observation(sample_clip / "observation.npz")
    assert motion.fps == pytest.approx(60, abs=0.01) and motion.joints.shape[1] == 25
    summary = json.loads((sample_clip / "summary.json").read_text())
    assert summary["energies"]["after"]["penetration"] <= summary["energies"]["before"]["penetration"] + 1e-3
    camera = motion.camera
    half = dataclasses.replace(camera, R=camera.R[::2], t=camera.t[::2])
    wrists, joints = [9, 10, 15, 16], [20, 21, 7, 8]
    pixels, _ = project_points(half, motion.joints[:, ::2][:, :, joints])
    error = np.linalg.norm(np.asarray(pixels) - seen.keypoints[:, :, wrists], axis=-1)
    assert np.median(error[seen.keypoint_confidence[:, :, wrists] > 0.5]) < 40  # of 1,920 pixels in height
