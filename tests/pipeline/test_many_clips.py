"""Many clips into a folder each: what is a clip, what is done already, what fails, and what an interruption leaves."""

import dataclasses
import json
import shutil
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sm_jax.body.io import load_body
from sm_jax.cli.main import main
from sm_jax.errors import UserError
from sm_jax.export.folder import unfinished
from sm_jax.perception.observation_file import load_observation
from sm_jax.pipeline import folder, many_clips
from sm_jax.pipeline.many_clips import is_many, list_clips, reconstruct_to_folders
from sm_jax.pipeline.observed_clip import ObservedClip
from sm_jax.text.describers import rules
from tests.pipeline.test_folder import FILES, SETTINGS, arrays, observation, reconstruct, with_video

__all__ = ["observation"]
HOW: dict[str, Any] = {
    "describer": rules.describe,
    "body_name": "open-low",
    "focal": None,
    "settings": SETTINGS,
    "seed": 0,
}


def test_clips_are_files_folders_of_videos_and_lists(tmp_path):
    for name in ("a/x.mp4", "a/y.MOV", "a/.z.mp4", "a/notes.md", "b/x.mp4", "pictures/0.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "list.txt").write_text(f"# mine\n{tmp_path}/b/x.mp4\n\n  {tmp_path}/pictures \n")
    folder_of_videos, text, pictures = (str(tmp_path / name) for name in ("a", "list.txt", "pictures"))
    assert is_many([folder_of_videos]) and is_many([text]) and is_many(["x.mp4", "y.mp4"])
    assert not is_many([pictures]) and not is_many(["x.mp4"]) and not is_many(["a.pkl", "b.pkl"])
    found = list_clips([folder_of_videos, text, "sample:cam01"])
    assert list(found) == ["a_x.mp4", "y", "b_x.mp4", "pictures", "sample_cam01"]
    assert found["y"] == f"{tmp_path}/a/y.MOV" and found["pictures"] == pictures
    (tmp_path / "empty.txt").write_text("#\n")
    for sources, words in (
        ([str(tmp_path / "empty.txt")], "no clip there"),
        ([str(tmp_path / "gone.txt")], "no list of clips"),
        (["x.mp4", "x.mp4"], "x.mp4 is named 2 times"),
        (["p/q/x.mp4", "r/q/x.mp4"], "both be called q_x.mp4"),
    ):
        with pytest.raises(UserError, match=words):
            list_clips(sources)


def test_each_gets_its_folder_and_one_that_fails_stops_nobody(observation, tmp_path):
    """Two observations, one of them of a video, and two files that are none; then again with another one."""
    seen, _ = with_video(observation, tmp_path, rows=20, count=39)
    (tmp_path / "broken.npz").write_bytes(b"PK")
    (tmp_path / "empty.mp4").touch()
    sources = [str(tmp_path / name) for name in ("seen.npz", "broken.npz", "empty.mp4")]
    out = tmp_path / "out"
    outcomes = reconstruct_to_folders([*sources, str(seen)], out, workers=1, **HOW)
    assert [(one.name, one.state) for one in outcomes] == [
        ("seen", "made"), ("broken", "failed"), ("empty", "failed"), ("39", "made"),
    ]  # fmt: skip
    assert "broken.npz" in outcomes[1].reason and "empty.mp4" in outcomes[2].reason
    assert outcomes[0].seconds == pytest.approx(40 / 30) and 0 < outcomes[0].hidden < 0.2
    assert sorted(path.name for path in out.iterdir()) == ["39", "seen"]
    alone = tmp_path / "alone"
    reconstruct(str(seen), alone, overwrite=False)
    assert {path.name for path in (out / "39").iterdir()} == {path.name for path in alone.iterdir()} >= FILES
    found, expected = (arrays(place / "motion.npz") for place in (out / "39", alone))
    for key in expected.keys() - {"provenance"}:
        np.testing.assert_array_equal(found[key], expected[key], err_msg=key)
    shutil.copy(observation, tmp_path / "third.npz")
    before = (out / "seen" / "summary.json").read_bytes()
    again = reconstruct_to_folders([sources[0], str(tmp_path / "third.npz")], out, workers=1, shard=(1, 2), **HOW)
    assert [(one.name, one.state) for one in again] == [("seen", "there already")]
    assert (out / "seen" / "summary.json").read_bytes() == before and not (out / "third").exists()
    other = reconstruct_to_folders(sources[:1], out, **(HOW | {"seed": 1}))
    assert other[0].state == "failed" and "a result of other seed" in other[0].reason


def test_what_an_interrupted_run_saw_is_gone_on_from(observation, tmp_path, monkeypatch):
    saved, video = with_video(observation, tmp_path, rows=20, count=39)
    clip = ObservedClip(observation=load_observation(saved), body=load_body("open-low"), video=video)
    looked = []
    monkeypatch.setattr(folder, "observe", lambda source, **_: looked.append(source) or clip)
    how: dict[str, Any] = {"body_name": "open-low", "focal": None, "overwrite": False}
    for _ in range(2):
        found = folder.see_to_folder(str(video.path), tmp_path / "out", **how)
        assert len(looked) == 1 and unfinished(tmp_path / "out") is not None
        np.testing.assert_array_equal(found.observation.motion.pelvis, clip.observation.motion.pelvis)
    assert not list(tmp_path.glob(".out*"))


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["sm-jax", "reconstruct", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def test_the_command_line_says_what_failed(tmp_path, monkeypatch, capsys):
    clips = [str(tmp_path / name) for name in ("a.mp4", "b.mp4")]
    assert run(monkeypatch, *clips, "--out", str(tmp_path / "out"), "--shard", "3/2") == 2
    assert "--shard 3/2: the first number goes from 1 to the second" in capsys.readouterr().err
    assert run(monkeypatch, *clips, "--out", str(tmp_path / "out"), "--shard", "half") == 2
    assert "--shard half: give it as I/N" in capsys.readouterr().err
    assert run(monkeypatch, clips[0], "--out", str(tmp_path / "out"), "--workers", "2") == 2
    assert "--workers is for many clips" in capsys.readouterr().err
    assert run(monkeypatch, *clips, "--out", str(tmp_path / "out"), "--shard", "2/2", "--workers", "1") == 2
    said = capsys.readouterr()
    assert "b  failed" in said.out and "no such file" in said.out and "1 of 1 clips failed" in said.err
    assert not (tmp_path / "out").exists()


@dataclasses.dataclass(frozen=True)
class Clip:
    name: str
    body: Any = None
    contacts: tuple = ()


class Pool:
    """A process pool whose process dies of one clip, and once of the one beside it."""

    def __init__(self, *_, **__):
        self.broken = False

    def submit(self, work, job, *_):
        if self.broken:
            raise BrokenProcessPool
        future: Future[Any] = Future()
        tried.append(job.name)
        self.broken = job.name == "killer"
        if work.__name__ == "_write":
            job.out.mkdir(parents=True)
            people = [{"all": {"infilled": 0.0}}]
            (job.out / "summary.json").write_text(json.dumps({"frames": 1, "fps": 1.0, "people": people}))
            future.set_result(None)
        elif self.broken or (job.name == "beside" and tried.count("beside") == 1):
            future.set_exception(BrokenProcessPool())
        else:
            future.set_result(SimpleNamespace(clip=Clip(job.name), notes=[], seconds=0.0))
        return future

    def shutdown(self, **_):
        pass


tried: list[str] = []


def test_a_process_that_dies_takes_only_the_clip_that_killed_it(tmp_path, monkeypatch):
    """And of a batch, only the clip fails that cannot be sampled."""

    def sampled(clips, *_, **__):
        if any(clip.name == "poison" for clip in clips):
            raise ValueError("poison")
        return clips

    monkeypatch.setattr(many_clips, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(many_clips, "describe", lambda clip, **_: clip)
    monkeypatch.setattr(many_clips, "reconstruct_many", sampled)
    for name in ("beside", "killer", "poison", "other"):
        (tmp_path / f"{name}.mp4").touch()
    sources = [str(path) for path in sorted(tmp_path.glob("*.mp4"))]
    tried.clear()
    outcomes = reconstruct_to_folders(sources, tmp_path / "out", workers=1, batch=2, **HOW)
    states = {one.name: one.state for one in outcomes}
    assert states == {"beside": "made", "killer": "failed", "other": "made", "poison": "failed"}
    reasons = {one.name: one.reason for one in outcomes}
    assert "died twice" in reasons["killer"] and "ValueError: poison" in reasons["poison"]
    assert tried.count("killer") == 2


def test_every_shot_gets_its_folder(observation, tmp_path, monkeypatch, capsys):
    """Of three shots the second shows one person; a second call does nothing again."""
    saved, video = with_video(observation, tmp_path, rows=20, count=39)
    seen = ObservedClip(observation=load_observation(saved), body=load_body("open-low"), video=video)
    looked: list[int] = []

    def observe_shot(look, number, **_):
        looked.append(number)
        if number == 1:
            raise UserError("v.mp4: only one person was found")
        return seen

    monkeypatch.setattr(many_clips, "pull_detectors", lambda: None)
    monkeypatch.setattr(many_clips, "first_look", lambda path, **_: SimpleNamespace(shots=[0, 1, 2]))
    monkeypatch.setattr(folder, "observe_shot", observe_shot)
    out = tmp_path / "out"
    for again in (False, True):
        outcomes = many_clips.reconstruct_shots_to_folders(str(video.path), out, **HOW)
        states = ["there already" if again else "made", "failed", "there already" if again else "made"]
        assert [(one.name, one.state) for one in outcomes] == [
            (f"shot_{n + 1}", state) for n, state in enumerate(states)
        ]
    assert looked == [0, 1, 2, 1] and sorted(path.name for path in out.iterdir()) == ["shot_1", "shot_3"]
    assert {path.name for path in (out / "shot_3").iterdir()} >= FILES
    monkeypatch.setattr(many_clips, "first_look", lambda path, **_: SimpleNamespace(shots=[1]))
    looked.append(0)
    with pytest.raises(UserError, match="none of 1 shots can be reconstructed; the first: v.mp4: only one"):
        monkeypatch.setattr(folder, "observe_shot", lambda *_, **__: observe_shot(None, 1))
        many_clips.reconstruct_shots_to_folders(str(video.path), tmp_path / "none", **HOW)
    with pytest.raises(UserError, match="is of one shot; give no --shots"):
        many_clips.reconstruct_shots_to_folders(str(saved), tmp_path / "none", **HOW)
    for option in (["--shots"], ["--people", "1,2"]):
        assert run(monkeypatch, "a.mp4", "b.mp4", "--out", str(tmp_path / "x"), *option) == 2
        assert f"{option[0]} is for one clip" in capsys.readouterr().err
