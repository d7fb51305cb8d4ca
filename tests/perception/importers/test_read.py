"""Every tool's file, made exactly in its layout, gives back the people that it was made of."""

import contextlib
import itertools
import json
from typing import Any

import numpy as np
import pytest

from experiments.lib.pickled import write_joblib, write_torch
from experiments.lib.tool_files import SMPL_PELVIS, SMPLX_PELVIS
from sm_jax.assets.pickles import read_pickled
from sm_jax.body.skeleton import KEYPOINTS as POINTS
from sm_jax.errors import UserError
from sm_jax.perception.importers.read import read_estimate
from tests.perception.importers import people as made
from tests.perception.importers.hostile import run_on_load
from tests.perception.importers.people import FRAMES, K, People

MOTIONS = {
    "PHALP": made.phalp,
    "GVHMR": made.gvhmr,
    "GEM": made.gem,
    "WHAM": made.wham,
    "ROMP": made.romp,
    "ROMP, frames": made.romp_frames,
    "TRAM": made.tram,
    "PromptHMR": made.prompthmr,
    "SLAHMR": made.slahmr,
    "CoMotion": made.comotion,
}
KEYPOINTS = {"AlphaPose": (made.alphapose, 17), "MMPose": (made.mmpose, 21), "OpenPose": (made.openpose, 21)}


@pytest.mark.parametrize("tool", MOTIONS)
def test_motion_is_what_was_written(tmp_path, tool):
    people = People()
    estimate = read_estimate(MOTIONS[tool](tmp_path, people))
    assert estimate.tool == tool.split(",")[0] and len(estimate.tracks) == 2
    camera = estimate.camera
    if camera is None and estimate.camera_of is not None:
        camera = estimate.camera_of(*made.SIZE)
    rest = SMPLX_PELVIS if estimate.family == "smplx" else SMPL_PELVIS
    for p, track in enumerate(estimate.tracks):
        assert track.rotations is not None and track.trans is not None
        np.testing.assert_array_equal(track.frames, np.arange(FRAMES))
        np.testing.assert_allclose(track.rotations[:, :22], people.rotations[p][:, :22], atol=1e-5)
        pelvis = track.trans + track.axes @ rest
        scale = 1.0 if camera is None or camera.is_real else camera.K[0, 0] / made.FOCAL
        np.testing.assert_allclose(pelvis, people.pelvis[p] * [1, 1, scale], atol=2e-3)
    if camera is not None and camera.is_real and tool != "WHAM":
        np.testing.assert_allclose(camera.K, K)
        assert estimate.image_size == pytest.approx(made.SIZE)


@pytest.mark.parametrize("tool", KEYPOINTS)
def test_keypoints_are_what_was_written(tmp_path, tool):
    write, count = KEYPOINTS[tool]
    people = People()
    estimate = read_estimate(write(tmp_path, people))
    pixels = people.pixels()
    tracks = sorted(estimate.tracks, key=lambda track: np.mean(np.asarray(track.keypoints)[0, :, 0]))
    for p, track in enumerate(tracks):
        assert track.keypoints is not None and track.keypoint_confidence is not None
        np.testing.assert_array_equal(track.frames, np.arange(FRAMES))
        seen = track.keypoint_confidence > 0
        np.testing.assert_allclose(track.keypoints[seen], pixels[p][seen], atol=1e-3)
        assert (seen.sum(axis=1) == count - (tool == "OpenPose" and p == 0)).all()


# of the layouts with a point for each part: where some points stand in the tools' own lists
LAYOUTS = {
    18: {"nose": 0, "right_wrist": 4, "left_shoulder": 5, "right_hip": 8, "left_ankle": 13, "left_ear": 17},
    133: {"nose": 0, "left_shoulder": 5, "left_toe": 17, "right_heel": 22, "left_hand": 91 + 9, "right_hand": 112 + 9},
    136: {"nose": 0, "left_shoulder": 5, "left_toe": 20, "right_heel": 25, "left_hand": 94 + 9, "right_hand": 115 + 9},
}


@pytest.mark.parametrize("count", LAYOUTS)
def test_larger_lists_of_keypoints_are_read_in_their_order(tmp_path, count):
    """Every point stands at its own number, the second person 500 px aside."""
    rows = []
    for p, frame in itertools.product((0, 1), range(3)):
        flat = np.stack([np.arange(count) + 500.0 * p, np.arange(count), np.full(count, 0.9)], axis=1)
        row = {"image_id": f"{frame}.jpg", "keypoints": flat.ravel().tolist(), "score": 2.0, "idx": p}
        rows.append(row)
    (tmp_path / "alphapose-results.json").write_text(json.dumps(rows))
    for p, track in enumerate(read_estimate([tmp_path / "alphapose-results.json"]).tracks):
        for name, place in LAYOUTS[count].items():
            point = np.asarray(track.keypoints)[:, POINTS.index(name)]
            np.testing.assert_array_equal(point, np.tile([place + 500.0 * p, place], (3, 1)))


def test_amass_files_are_one_world_only_where_that_is_said(tmp_path):
    paths, people = made.amass(tmp_path, People()), People()
    with pytest.raises(UserError, match="--from amass"):
        read_estimate(paths)
    estimate = read_estimate(paths, "amass")
    for p, track in enumerate(estimate.tracks):
        assert track.trans is not None
        np.testing.assert_allclose(track.trans + SMPL_PELVIS, people.pelvis[p] @ made.R_camera_world, atol=1e-6)
    assert estimate.fps == 30.0 and estimate.camera is None
    np.testing.assert_array_equal(estimate.up, [0, 0, 1])


def test_ghosts_of_phalp_are_not_people(tmp_path):
    missing = range(10, 20)
    estimate = read_estimate(made.phalp(tmp_path, People(), missing))
    np.testing.assert_array_equal(estimate.tracks[1].frames, [f for f in range(FRAMES) if f not in missing])


def test_two_cameras_are_no_pair(tmp_path):
    paths = made.gvhmr(tmp_path, People())
    monkey = np.tile(K * [[2], [2], [1]], (FRAMES, 1, 1)).astype(np.float32)
    incam = {"body_pose": np.zeros((FRAMES, 63)), "betas": np.zeros((FRAMES, 10))}
    incam |= {key: np.zeros((FRAMES, 3)) for key in ("global_orient", "transl")}
    write_torch(paths[1], {"smpl_params_incam": incam, "K_fullimg": monkey})
    with pytest.raises(UserError, match="K_fullimg. differ"):
        read_estimate(paths)


def test_romp_without_tracking_says_so(tmp_path):
    record = made.romp_record(People(), 0)
    del record["track_ids"]
    np.savez(tmp_path / "00.npz", results=np.array(record, object))
    with pytest.raises(UserError, match="-t"):
        read_estimate([tmp_path / "00.npz"])


def test_frames_in_which_romp_found_nobody_are_gaps(tmp_path):
    (folder,) = made.romp_frames(tmp_path, People(frames=5))
    for frame, nobody in ((2, {}), (3, None)):
        np.savez(folder / f"{frame:08d}.npz", results=np.array(nobody, object))
    for track in read_estimate([folder]).tracks:
        np.testing.assert_array_equal(track.frames, [0, 1, 4])


def test_frame_numbers_are_not_believed(tmp_path):
    (path,) = made.alphapose(tmp_path, People(frames=3))
    path.write_text(path.read_text().replace('"2.jpg"', '"200000000000.jpg"'))
    with pytest.raises(UserError, match="cannot be"):
        read_estimate([path])


def test_another_layout_is_named(tmp_path):
    incam = {"body_pose": np.zeros((5, 69), np.float32)}
    write_torch(tmp_path / "a.pt", {"smpl_params_incam": incam, "K_fullimg": np.zeros((5, 3, 3))})
    with pytest.raises(UserError, match=r"a\.pt.*smpl_params_incam\.body_pose.*\(5, 69\).*\(any, 63\)"):
        read_estimate([tmp_path / "a.pt"])
    write_joblib(tmp_path / "b.pkl", {"something": 1})
    with pytest.raises(UserError, match="of no tool"):
        read_estimate([tmp_path / "b.pkl"])
    with pytest.raises(UserError, match="not as wham"):
        read_estimate(made.phalp(tmp_path, People(frames=3)), "wham")


def save_object(path, value):
    np.save(path, np.array(value, object), allow_pickle=True)


def save_results(path, value):
    arrays: dict[str, Any] = {name: np.array(part, object) for name, part in value.items()}
    np.savez(path, **arrays)


# how each tool's files that may hold pickles are written, and which of them is the first
PICKLED = {
    "PHALP": (write_joblib, ""),
    "WHAM": (write_joblib, ""),
    "PromptHMR": (write_joblib, ""),
    "GVHMR": (write_torch, ""),
    "GEM": (write_torch, ""),
    "CoMotion": (write_torch, ""),
    "TRAM": (save_object, "hps/hps_track_0.npy"),
    "ROMP": (save_results, ""),
    "ROMP, frames": (save_results, "00000003.npz"),
    "SLAHMR": (save_results, ""),
    "AMASS": (save_results, ""),
}


@pytest.mark.parametrize("tool", PICKLED)
def test_a_hostile_value_in_a_tools_own_file_is_refused_and_nothing_executed(tmp_path, tool):
    write, inside = PICKLED[tool]
    paths = made.amass(tmp_path, People(5)) if tool == "AMASS" else MOTIONS[tool](tmp_path, People(5))
    path, hostile = paths[0] / inside if inside else paths[0], run_on_load(tmp_path / "executed")
    if path.suffix in (".npy", ".npz"):
        with np.load(path, allow_pickle=True) if path.suffix == ".npz" else contextlib.nullcontext() as file:
            content = {name: file[name] for name in file.files} if file else np.load(path, allow_pickle=True).item()
    else:
        content = read_pickled(path)
    read_estimate(paths, "amass" if tool == "AMASS" else "auto")  # as it was, it can be read
    write(path, {**content, "hostile": hostile})
    with pytest.raises(UserError, match=rf"{path.name} was refused"):
        read_estimate(paths, "amass" if tool == "AMASS" else "auto")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("content", ["[", "{}", "[]", "[{}]", '{"people": 3}', '[{"image_id": 3}]', "[" * 10_000])
def test_odd_json_is_a_users_error(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(UserError, match=r"x\.json"):
        read_estimate([tmp_path / "x.json"])


def test_keypoints_of_an_unknown_number_are_told(tmp_path):
    person = {"pose_keypoints_2d": [0.0] * 3 * 21}
    (tmp_path / "clip_000_keypoints.json").write_text(json.dumps({"people": [person]}))
    with pytest.raises(UserError, match="expected one of 17"):
        read_estimate([tmp_path / "clip_000_keypoints.json"])
