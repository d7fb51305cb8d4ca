"""The readers of the field's data sets, on miniatures in the documented layouts."""

import json
import pickle

import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import FOOT_JOINTS
from sm_jax.data.sources.datasets import DATASETS
from sm_jax.data.sources.recordings import FoundRecording
from sm_jax.errors import UserError
from sm_jax.fitting.mocap.refit import motion_on, refit, rest_skeleton
from sm_jax.motion.frames import pose_on_host
from tests.data import miniatures
from tests.data.miniatures import TwoPeople

WRITE = {
    "hi4d": miniatures.write_hi4d,
    "chi3d": miniatures.write_chi3d,
    "3dpw": miniatures.write_threedpw,
    "interhuman": miniatures.write_interhuman,
    "interx": miniatures.write_interx,
    "harmony4d": miniatures.write_harmony4d,
}
BODIES = ("SMPL_MALE", "SMPL_FEMALE", "SMPLX_NEUTRAL", "SMPLX_MALE", "SMPLX_FEMALE")
# name -> name of the recording, split, frames a second
KNOWN = {
    "hi4d": ("hi4d_pair00_hug00", "train", 30),
    "chi3d": ("chi3d_s03_Hug_1", "val", 50),
    "3dpw": ("3dpw_downtown_arguing_00", "test", 30),
    "interhuman": ("interhuman_17", "test", 30),
    "interx": ("interx_G000T000A000R000", "test", 120),
    "harmony4d": ("harmony4d_01_hugging_002_hugging", "test", 20),
}


@pytest.fixture(scope="module")
def bodies(tmp_path_factory):
    return miniatures.write_bodies(tmp_path_factory.mktemp("bodies"), *BODIES)


@pytest.fixture(scope="module")
def sets(tmp_path_factory, bodies) -> dict[str, tuple[TwoPeople, FoundRecording]]:
    found = {}
    for name, write in WRITE.items():
        root = tmp_path_factory.mktemp(name)
        people = write(root)
        (one,) = DATASETS[name].find(root, bodies)
        found[name] = people, one
    return found


@pytest.mark.parametrize("name", WRITE)
def test_joints_are_those_that_were_written_in_a_z_up_world(sets, name):
    people, found = sets[name]
    recording = found.read()
    motion = recording.landmarks
    assert (found.name, found.split, motion.fps) == KNOWN[name] and motion.name == found.name
    seen = motion.weight > 0
    known = people.joints[:, :, : motion.positions.shape[2]]
    np.testing.assert_allclose(motion.positions[seen], known[seen], atol=2e-5)
    if recording.meshes is not None:
        shown = recording.meshes()
        vertices = people.vertices if name != "3dpw" else miniatures.two_people(20).vertices
        np.testing.assert_allclose(shown[:, 0], vertices[:, 0], atol=2e-4)
    for pictures in recording.pictures:
        assert (np.diff(pictures.boxes.reshape(*pictures.boxes.shape[:2], 2, 2), axis=2) > 50).all()
        assert pictures.camera.R.shape[0] == motion.positions.shape[1]
        assert (pictures.boxes[..., :2] > 0).all() and (pictures.boxes[..., 2:] < pictures.camera.image_size).all()


def test_what_else_is_read(sets):
    read = {name: found.read() for name, (_, found) in sets.items()}
    assert [len(read[name].pictures) for name in WRITE] == [8, 4, 1, 0, 0, 0]
    assert read["hi4d"].annotated == (2, 3) and read["hi4d"].frames[0] == 11 and read["chi3d"].annotated == (17,)
    assert read["3dpw"].valid.sum() == 38 and not read["3dpw"].valid[1, 3:5].any()
    moved = read["harmony4d"].landmarks.positions[1]
    np.testing.assert_allclose(moved[6], 0.5 * (moved[5] + moved[7]), atol=1e-6)
    assert not read["harmony4d"].valid[1, 6] and (read["harmony4d"].landmarks.weight[1, 6] == 0).all()
    assert read["interx"].landmarks.texts == ("Two people hug each other.", "The first person leans in.")
    assert len(read["interhuman"].landmarks.texts) == 2 and len(read["hi4d"].pictures[0].files) == 20


@pytest.mark.parametrize("name", [name for name in WRITE if name != "interhuman"])
def test_people_are_refitted_to_within_a_centimetre(sets, name):
    """Of SMPL and SMPL-X alike: their betas and rest poses are not ours."""
    body, (_, found) = load_body("open-low"), sets[name]
    landmarks = found.read().landmarks
    joints = pose_on_host(body, motion_on(body, landmarks)).joints
    apart = 1e3 * np.linalg.norm(joints - landmarks.positions, axis=-1)[landmarks.weight > 0]
    assert apart.mean() < 10 and np.percentile(apart, 95) < 25


def test_both_people_stand_on_one_floor_and_the_residual_is_said(sets):
    people, found = sets["interx"]
    body = load_body("open-low")
    sequence, residual = refit(body, found.read().landmarks, "interx")
    assert sequence.motion.pelvis.shape == (2, 20, 3) and sequence.fps == 30 and sequence.present.all()
    apart = sequence.motion.pelvis[0] - sequence.motion.pelvis[1]
    np.testing.assert_allclose(apart, (people.joints[0] - people.joints[1])[::4, 0], atol=0.02)
    feet = pose_on_host(body, sequence.motion).joints[:, :, FOOT_JOINTS, 2]
    soles = feet - np.asarray(smpl.foot_clearance(body, sequence.motion.betas))[:, None]
    assert abs(np.median(soles.min(axis=(0, 2)))) < 0.03 and soles.min(axis=(1, 2)).max() > 0.001
    assert 0 < residual.mean < 10 and f"{residual.mean:.1f} mm in the mean" in residual.line()


def test_rotations_of_another_skeleton_are_refused():
    rng = np.random.default_rng(0)
    R = np.linalg.qr(rng.normal(size=(10, 24, 3, 3)))[0]
    with pytest.raises(UserError, match=r"x: the bone to \w+ varies by \d+ mm, expected 30 at most"):
        rest_skeleton(R, np.tile(rng.normal(size=(24, 3)), (10, 1, 1)), "x")


def test_hi4d_splits(tmp_path):
    for pair in ("02", "03", "14"):
        miniatures.write_hi4d(tmp_path, pair, n_frames=2, seen_by=0)
    find = DATASETS["hi4d"].find
    assert [found.split for found in find(tmp_path, None)] == ["train", "val", "test"]
    np.savez(tmp_path / "train_val_test_split.npz", train=["14"], val=["03"], test=["02"])
    assert [found.split for found in find(tmp_path, None)] == ["test", "val", "train"]
    assert not find(tmp_path, None)[0].read().pictures


def _without(path, key):
    with np.load(path, allow_pickle=True) as file:
        arrays = {name: file[name] for name in file.files if name != key}
    np.savez(path, **arrays)


def _changed_json(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def spoil_hi4d(root):
    _without(root / "pair00/hug00/smpl/000013.npz", "joints_3d")
    return r"000013.npz: `joints_3d` is missing \(there are betas, "


def spoil_chi3d(root):
    _changed_json(root / "train/s03/smplx/Hug 1.json", lambda c: c.update(transl=np.zeros((2, 31, 2)).tolist()))
    return r"Hug 1.json: `transl` has shape \(2, 31, 2\), expected \(2, any, 3\)"


def spoil_threedpw(root):
    path = root / "sequenceFiles/test/downtown_arguing_00.pkl"
    content = pickle.loads(path.read_bytes())
    path.write_bytes(pickle.dumps(content | {"campose_valid": content["campose_valid"][:1]}))
    return r"downtown_arguing_00.pkl: `campose_valid` has 1 entries, expected one for each of two people"


def spoil_interhuman(root):
    np.save(root / "motions_processed/person2/17.npy", np.zeros((20, 262)))
    return r"17.npy: its array has shape \(20, 262\), expected \(any, 492\)"


def spoil_interx(root):
    path = root / "motions/G000T000A000R000/P2.npz"
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["gender"] = np.array("unknown")
    np.savez(path, **arrays)
    return r"P2.npz: `gender` is 'unknown', expected one of male, female, neutral"


def spoil_harmony4d(root):
    path = root / "test/01_hugging/002_hugging/processed_data/smpl/00004.npy"
    content = np.load(path, allow_pickle=True).item()
    content["aria03"] = content["aria01"]
    np.save(path, content, allow_pickle=True)
    return r"smpl: people aria01, aria02, aria03, expected two"


SPOIL = {
    "hi4d": spoil_hi4d,
    "chi3d": spoil_chi3d,
    "3dpw": spoil_threedpw,
    "interhuman": spoil_interhuman,
    "interx": spoil_interx,
    "harmony4d": spoil_harmony4d,
}


@pytest.mark.parametrize("name", WRITE)
def test_a_file_that_deviates_is_named_with_what_was_expected_and_found(tmp_path, bodies, name):
    WRITE[name](tmp_path)
    message = SPOIL[name](tmp_path)
    (found,) = DATASETS[name].find(tmp_path, bodies)
    with pytest.raises(UserError, match=message):
        found.read()


@pytest.mark.parametrize("name", WRITE)
def test_an_empty_folder_is_named(tmp_path, bodies, name):
    with pytest.raises(UserError, match=str(tmp_path)):
        DATASETS[name].find(tmp_path, bodies)


def test_a_body_model_that_is_missing_is_named(tmp_path):
    miniatures.write_chi3d(tmp_path, n_frames=2)
    with pytest.raises(UserError, match="CHI3D needs the body model SMPLX_NEUTRAL.npz or .pkl, not given: name its"):
        DATASETS["chi3d"].find(tmp_path, None)


class Hostile:
    def __reduce__(self):
        return print, ("executed",)


def test_a_hostile_pickle_is_refused_and_nothing_of_it_runs(tmp_path, bodies, capsys):
    miniatures.write_threedpw(tmp_path)
    path = tmp_path / "sequenceFiles/test/downtown_arguing_00.pkl"
    path.write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(UserError, match="wants to load builtins.print"):
        DATASETS["3dpw"].find(tmp_path, bodies)
    assert "executed" not in capsys.readouterr().out
