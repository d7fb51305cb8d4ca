"""The field's data sets under their protocols, on miniatures."""

import dataclasses
import pathlib
import subprocess
import sys
from typing import Any

import jax
import numpy as np
import pytest

from sm_jax.body.io import load_body
from sm_jax.body.regressors import HALPE
from sm_jax.data.schema import PairRecording, View
from sm_jax.data.sources.datasets import DATASETS
from sm_jax.errors import UserError
from sm_jax.evaluation.benchmarks.datasets import (
    USES,
    DatasetQuestion,
    RecordingScore,
    chosen_frames,
    dataset_cases,
    people_order,
    simulated_score,
)
from sm_jax.evaluation.evaluate import EvaluationConfig, evaluate_dataset
from sm_jax.evaluation.peers import PEERS
from sm_jax.fitting.mocap.refit import motion_on, refit
from sm_jax.motion.frames import map_frames
from sm_jax.perception.observation_file import save_observation
from sm_jax.synthetic.build import build
from sm_jax.synthetic.recorded import Chi3d, Harmony4d, Hi4d, InterHuman, InterX, ThreeDpw
from sm_jax.types import Motion, Observation
from tests.data import miniatures
from tests.evaluation.test_protocols import ERRORS
from tests.helpers import cached_asset

ROOT = pathlib.Path(__file__).parents[3]
BODY = load_body("open-low")


def seen_as_it_was(recording: PairRecording, motion: Motion, frames: np.ndarray | None = None) -> Observation:
    """What a perfect front-end sees in the first camera: the motion in the camera's world, keypoints in the boxes."""
    pictures = recording.pictures[0]
    at = np.arange(len(recording.frames)) if frames is None else frames
    middle = 0.5 * (pictures.boxes[..., :2] + pictures.boxes[..., 2:])[:, at]
    camera = dataclasses.replace(pictures.camera, R=pictures.camera.R[at], t=pictures.camera.t[at])
    return Observation(
        keypoints=np.repeat(middle[:, :, None], 23, axis=2).astype(np.float32),
        keypoint_confidence=np.ones((2, len(at), 23), np.float32),
        motion=map_frames(motion, lambda x: np.asarray(x)[:, at]),
        visibility=np.ones((2, len(at), 24), np.float32),
        camera=camera,
        fps=np.array(30.0, np.float32),
        frame_index=at.astype(np.int32),
        frame_mask=np.ones(len(at), np.float32),
    )


def swapped(seen: Observation) -> Observation:
    motion = jax.tree.map(lambda x: x[::-1], seen.motion)
    return dataclasses.replace(seen, keypoints=seen.keypoints[::-1], motion=motion)


@pytest.fixture(scope="module")
def bodies(tmp_path_factory):
    return miniatures.write_bodies(tmp_path_factory.mktemp("bodies"), "SMPLX_NEUTRAL", "SMPL_NEUTRAL")


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    found = {name: tmp_path_factory.mktemp(name) for name in ("hi4d", "chi3d", "3dpw", "harmony4d")}
    miniatures.write_hi4d(found["hi4d"], "04", seen_by=1)
    miniatures.write_chi3d(found["chi3d"])
    miniatures.write_threedpw(found["3dpw"])
    miniatures.write_harmony4d(found["harmony4d"])
    return found


def asked(roots, bodies, protocol, dataset, **more) -> tuple[DatasetQuestion, PairRecording]:
    options: dict[str, Any] = {"body": BODY, "bodies": bodies} | more
    question = DatasetQuestion(dataset=dataset, root=roots[dataset], protocol=protocol, **options)
    (found,) = DATASETS[dataset].find(roots[dataset], bodies)
    return question, found.read()


@pytest.mark.parametrize(
    ("protocol", "dataset"),
    [("closeint", "hi4d"), ("closeint", "3dpw"), ("buddi", "hi4d"), ("buddi", "chi3d"), ("prompthmr", "chi3d")],
)
def test_the_truth_scores_zero_whatever_the_order_of_the_people_seen(roots, bodies, protocol, dataset):
    question, recording = asked(roots, bodies, protocol, dataset)
    seen = seen_as_it_was(recording, motion_on(BODY, recording.landmarks))
    for observation in (seen, swapped(seen)):
        score = RecordingScore(question, None, recording, recording.pictures[0].name, observation)
        row = score(observation.motion)
        assert all(row[error] == pytest.approx(0, abs=1e-2) for error in ERRORS[protocol]), row


def test_the_truth_scores_zero_in_the_world_without_pictures(roots, bodies):
    question, recording = asked(roots, bodies, "world", "harmony4d")
    sequence, _ = refit(BODY, recording.landmarks, "harmony4d")
    hi4d = asked(roots, bodies, "closeint", "hi4d")[1]
    frames = np.arange(20)[: sequence.motion.pelvis.shape[1]]
    seen = seen_as_it_was(hi4d, sequence.motion, frames)
    short = dataclasses.replace(sequence, motion=map_frames(sequence.motion, lambda x: x[:, : len(frames)]))
    row = simulated_score(question, short, View(camera=seen.camera, observation=seen))(short.motion)
    assert all(row[error] == pytest.approx(0, abs=1e-2) for error in ERRORS["world"]), row


def test_with_a_licensed_body_and_a_regressor_the_truth_is_the_files_own_mesh(roots, bodies, tmp_path):
    """The miniature's people are played on their own SMPL file: nothing is off; a centimetre aside is a centimetre."""
    body, rng = load_body(bodies / "SMPL_NEUTRAL.npz"), np.random.default_rng(0)
    weights, x = np.zeros((26, 6890)), np.asarray(body.v_template)[:, 0]
    for row, name in zip(weights, HALPE, strict=True):
        side = x > 0.05 if name.startswith("left") else x < -0.05 if name.startswith("right") else np.abs(x) < 0.05
        row[rng.choice(np.flatnonzero(side), 5, replace=False)] = 0.2
    np.save(tmp_path / "halpe.npy", weights)
    more = {"body": body, "regressor": tmp_path / "halpe.npy"}
    question, recording = asked(roots, bodies, "closeint", "hi4d", **more)
    people = miniatures.two_people(20)
    R = miniatures.Rotation.from_rotvec(people.vectors.reshape(-1, 3)).as_matrix().reshape(2, 20, 24, 3, 3)
    motion = Motion(
        global_orient=R[:, :, 0].astype(np.float32), body_pose=R[:, :, 1:].astype(np.float32),
        pelvis=people.joints[:, :, 0].astype(np.float32), betas=people.betas.astype(np.float32),
    )  # fmt: skip
    seen = seen_as_it_was(recording, motion)
    score = RecordingScore(question, question.joints(), recording, recording.pictures[0].name, seen)
    row = score(motion)
    assert all(row[error] == pytest.approx(0, abs=1e-2) for error in ERRORS["closeint"]), row
    moved = dataclasses.replace(motion, pelvis=motion.pelvis + np.array([[[0.0]], [[0.01]]], np.float32))
    assert score(moved)["mpjpe_mm"] == pytest.approx(0, abs=1e-2) and 0.5 < score(moved)["interaction_mm"] < 18
    with pytest.raises(UserError, match="has shape"):
        asked(roots, bodies, "buddi", "hi4d", **more)[0].joints()


def test_frames_are_those_of_the_protocol(roots, bodies):
    for (protocol, dataset), wanted in {
        ("closeint", "hi4d"): list(range(20)),
        ("buddi", "hi4d"): [0, 5, 10, 15],
        ("buddi", "chi3d"): [17],
    }.items():
        question, recording = asked(roots, bodies, protocol, dataset)
        index = np.arange(len(recording.frames))
        assert chosen_frames(question.use(), recording, index).tolist() == wanted
    question, recording = asked(roots, bodies, "buddi", "chi3d")
    assert chosen_frames(question.use(), recording, np.array([0, 15, 18, 30])).tolist() == [2]


def test_people_are_told_apart_by_their_boxes():
    boxes = np.array([[[0.0, 0, 100, 200]] * 3, [[90.0, 0, 200, 200]] * 3])
    keypoints = np.tile(np.array([150.0, 95.0])[:, None, None, None], (1, 3, 23, 2)) * [1.0, 0.5]
    keypoints[1, 0] = [10.0, 20.0]
    others: dict[str, Any] = dict.fromkeys(("motion", "visibility", "camera", "fps", "frame_index", "frame_mask"))
    seen = Observation(keypoints=keypoints, keypoint_confidence=np.ones((2, 3, 23)), **others)
    assert people_order(seen, boxes) == [1, 0]
    assert people_order(dataclasses.replace(seen, keypoints=keypoints[::-1]), boxes) == [0, 1]


def test_what_cannot_be_asked_is_said(roots, bodies):
    with pytest.raises(UserError, match="closeint is no protocol of CHI3D: name one of buddi, prompthmr, world"):
        asked(roots, bodies, "closeint", "chi3d")[0].use()
    with pytest.raises(UserError, match="no recording of hi4d's split val there"):
        dataset_cases(asked(roots, bodies, "buddi", "hi4d", split="val")[0])
    with pytest.raises(UserError, match="world takes SMPL's own joints: give no regressor"):
        asked(roots, bodies, "world", "hi4d", regressor=pathlib.Path("x.npy"))[0].joints()


def test_every_use_and_every_peer_is_of_a_protocol_and_a_data_set():
    assert set(PEERS) <= set(USES) and all(dataset in DATASETS for _, dataset in USES)
    assert all(row.source.endswith("second-hand") and row.numbers for rows in PEERS.values() for row in rows)


def test_one_command_prepares_and_one_leads_from_pictures_to_a_table_with_the_peers(roots, tmp_path, capsys):
    """What the front-end saw is on disk already, as after an interruption."""
    there = build(Hi4d(source_dir=roots["hi4d"]).recipe(), tmp_path / "data")
    assert there.name == "2.0.0" and there.parent.name == "hi4d" and not (tmp_path / "data/unfinished").exists()
    capsys.readouterr()
    (found,) = DATASETS["hi4d"].find(roots["hi4d"], None)
    recording, out = found.read(), tmp_path / "hi4d.json"
    seen = seen_as_it_was(recording, motion_on(BODY, recording.landmarks))
    (tmp_path / "hi4d.observations").mkdir()
    save_observation(tmp_path / "hi4d.observations" / "hi4d_pair04_hug00_4.npz", seen, None, focal_is_heuristic=False)
    question = EvaluationConfig(
        dataset="hi4d", root=roots["hi4d"], protocol="closeint", methods=("raw estimate", "slerp")
    )
    result = evaluate_dataset(question, out)
    found = result["benchmarks"]["hi4d, closeint-open"]
    assert found["summary"]["raw estimate"]["mpjpe_mm"]["mean"] < 0.1 and found["about"]["seen"] == "pictures"
    told = capsys.readouterr().out
    assert "### Hi4D, closeint-open" in told and "| CloseApp | 59.1 | 44.3 | 72.0 |" in told
    assert "second-hand" in told and "do not compare with them: joints are derived" in told and out.is_file()


# data set -> how a recording is written for training and one to evaluate on, its source, its protocol
WHOLE = {
    "hi4d": (miniatures.write_hi4d, ("00", "04"), {"n_frames": 64, "seen_by": 0}, Hi4d, "closeint"),
    "chi3d": (miniatures.write_chi3d, ("s02", "s03"), {"n_frames": 108, "seen_by": 0}, Chi3d, "world"),
    "3dpw": (miniatures.write_threedpw, ("train", "test"), {"n_frames": 64, "seen_by": 0}, ThreeDpw, "closeint"),
    "interhuman": (miniatures.write_interhuman, ("train", "test"), {"n_frames": 64}, InterHuman, "world"),
    "interx": (miniatures.write_interx, ("train", "test"), {"n_frames": 256}, InterX, "world"),
    "harmony4d": (miniatures.write_harmony4d, ("train", "test"), {"n_frames": 44}, Harmony4d, "world"),
}


def prepared(name: str, bodies: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    write, parts, values, source, _ = WHOLE[name]
    for part in parts:
        write(folder / "raw", part, **values)
    return build(source(source_dir=folder / "raw", bodies=bodies).recipe(), folder / "data")


def table_of(name: str, bodies: pathlib.Path, folder: pathlib.Path, **more) -> dict:
    question = EvaluationConfig(
        dataset=name, root=folder / "raw", bodies=bodies, protocol=WHOLE[name][-1], **more
    )  # fmt: skip
    (found,) = evaluate_dataset(question, folder / "table.json")["benchmarks"].values()
    return found


@pytest.mark.slow  # twenty steps of a training take a minute of compiling a data set
@pytest.mark.parametrize("name", WHOLE)
def test_a_miniature_is_prepared_trained_on_and_evaluated_in_a_table(name, bodies, tmp_path, capsys):
    cached_asset("minilm")
    models = miniatures.write_bodies(tmp_path / "bodies", "SMPLX_MALE", "SMPLX_FEMALE") if name == "interx" else bodies
    there, out = prepared(name, models, tmp_path), tmp_path / "run"
    steps = [
        "--steps",
        "20",
        "--data.sets",
        str(there),
        "salsa",
        "--data.shares",
        "1",
        "1",
        "--data.variants",
        "0",
        "0",
    ]
    command = [sys.executable, "experiments/1_train_infiller.py", "--out", str(out), "tiny", *steps]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = table_of(name, models, tmp_path, methods=("raw estimate", "networks"), infiller=out / "weights.npz")
    assert np.isfinite(next(iter(found["summary"]["networks"].values()))["mean"])
    assert f"### {DATASETS[name].title}" in capsys.readouterr().out
