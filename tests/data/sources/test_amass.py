import dataclasses

import jax
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import FOOT_JOINTS
from sm_jax.data.sources import amass, cmu, salsa
from sm_jax.errors import UserError
from sm_jax.export.amass import save_amass
from sm_jax.export.npz import motion_file
from sm_jax.motion.foot_contact import foot_contact
from sm_jax.types import Camera, Motion

N_FRAMES = 40
play = jax.jit(smpl.pose)
UPRIGHT = Rotation.from_euler("x", 90, degrees=True).as_matrix()


@pytest.fixture(scope="module")
def body():
    return load_body("open-low")


@pytest.fixture(scope="module")
def content(body):
    """Two people of different stature who stand on z = 0, turn and bend a little."""
    rng = np.random.default_rng(0)
    angles = np.linspace(0, 1, N_FRAMES)[:, None, None] * rng.normal(0, 0.15, (2, 1, 24, 3))
    turns = Rotation.from_rotvec(angles.reshape(-1, 3)).as_matrix().reshape(2, N_FRAMES, 24, 3, 3)
    turns[:, :, 0], turns[:, :, 22:] = UPRIGHT @ turns[:, :, 0], np.eye(3)
    betas = np.zeros((2, 10), np.float32)
    betas[:, 0] = 0.8, -0.7
    pelvis = np.tile(np.array([[0.0, 0, 1], [0.2, 0.9, 1]])[:, None], (1, N_FRAMES, 1))
    motion = Motion(global_orient=turns[:, :, 0], body_pose=turns[:, :, 1:], pelvis=pelvis, betas=betas)
    joints = np.asarray(play(body, motion).joints)[:, :, FOOT_JOINTS, 2]
    lowest = (joints - np.asarray(smpl.foot_clearance(body, betas))[:, None]).min(axis=-1)
    pelvis[..., 2] -= lowest
    camera = Camera(
        K=np.eye(3), R=np.tile(np.eye(3), (N_FRAMES, 1, 1)), t=np.zeros((N_FRAMES, 3)), image_size=np.ones(2)
    )
    return motion_file(
        body, dataclasses.replace(motion, pelvis=pelvis), camera, fps=60.0, frame_index=np.arange(N_FRAMES),
        visibility=np.ones((2, N_FRAMES, 24)), infilled=np.zeros((2, N_FRAMES, 24), bool),
        spread=np.zeros((2, N_FRAMES, 24)), provenance={},
    )  # fmt: skip


@pytest.fixture(scope="module")
def paths(content, tmp_path_factory):
    return save_amass(tmp_path_factory.mktemp("export"), content)


def rewrite(path, target, drop=(), **entries):
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files if key not in drop}
    np.savez(target, **(arrays | entries))
    return target


def test_our_own_export_comes_back_as_a_pair(paths, content):
    (sequence,) = amass.read_pair(*paths, texts=("Two people stand.",), name="ours")
    assert (sequence.name, sequence.source, sequence.body, sequence.fps) == ("ours", "amass", "open-low", 30.0)
    assert sequence.present.all() and sequence.texts == ("Two people stand.",)
    np.testing.assert_allclose(sequence.motion.global_orient, content.motion.global_orient[:, ::2], atol=1e-5)
    np.testing.assert_allclose(sequence.motion.body_pose, content.motion.body_pose[:, ::2], atol=1e-3)
    moved = sequence.motion.pelvis - content.motion.pelvis[:, ::2]
    np.testing.assert_allclose(moved[..., :2], 0, atol=1e-5)
    np.testing.assert_allclose(moved[..., 2], moved[0, 0, 2], atol=1e-5)
    assert all(leaf.dtype == np.float32 for leaf in vars(sequence.motion).values())


def test_statures_are_told_by_how_high_pelvises_stand(paths, content):
    (sequence,) = amass.read_pair(*paths)
    np.testing.assert_allclose(sequence.motion.betas[:, 0], content.motion.betas[:, 0], atol=0.1)
    assert not sequence.motion.betas[:, 1:].any()


def test_a_licensed_body_wears_the_files_betas(paths, body, tmp_path):
    betas, licensed = np.linspace(-1, 1, 16), dataclasses.replace(body, name="smpl_neutral")
    (sequence,) = amass.read_file(rewrite(paths[0], tmp_path / "a.npz", betas=betas), licensed)
    np.testing.assert_allclose(sequence.motion.betas[0], betas[:10], atol=1e-6)
    assert sequence.body == "smpl_neutral"
    rest = np.asarray(smpl.rest_joints(body, sequence.motion.betas))[0, 0]
    moved = sequence.motion.pelvis[0] - amass.read_recording(paths[0]).trans
    np.testing.assert_allclose(moved[:, :2], np.tile(rest[:2], (len(moved), 1)), atol=1e-5)


def test_a_single_person_has_an_absent_partner_aside(paths, body):
    (sequence,) = amass.read_file(paths[0])
    np.testing.assert_array_equal(sequence.present, [True, False])
    between = sequence.motion.pelvis[1] - sequence.motion.pelvis[0]
    np.testing.assert_allclose(between, np.tile([1.0, 0, 0], (N_FRAMES // 2, 1)), atol=1e-5)
    clearance = np.asarray(smpl.foot_clearance(body, sequence.motion.betas))
    feet = np.asarray(play(body, sequence.motion).joints)[:, :, FOOT_JOINTS, 2] - clearance[:, None]
    assert np.median(feet[0].min(axis=-1)) == pytest.approx(0.0, abs=1e-4)
    assert sequence.foot_contact.shape == (2, N_FRAMES // 2, 4)
    joints = np.asarray(play(body, sequence.motion).joints)
    np.testing.assert_allclose(
        sequence.foot_contact, foot_contact(joints, 30.0, clearance[:, 2:].mean(axis=-1)), atol=1e-4
    )
    assert sequence.foot_contact[0].max() > 0.5


def test_a_floor_far_from_zero_gives_no_stature(paths, tmp_path):
    with np.load(paths[0]) as file:
        trans = file["trans"] + [0, 0, 5.0]
    (sequence,) = amass.read_file(rewrite(paths[0], tmp_path / "a.npz", trans=trans))
    assert not sequence.motion.betas.any()
    assert sequence.motion.pelvis[0, 0, 2] < 1.2


def test_long_recordings_are_cut(paths, monkeypatch):
    monkeypatch.setattr(amass, "PIECE", 0.25)
    pieces = amass.read_file(paths[0], name="long")
    assert [piece.name for piece in pieces] == ["long_0", "long_1", "long_2"]
    assert sum(piece.motion.pelvis.shape[1] for piece in pieces) == N_FRAMES // 2


@pytest.mark.parametrize("gender", ["male", b"male", np.array("male", object), np.array([b"female"])])
def test_the_gender_is_no_hurdle_in_any_form(gender, paths, tmp_path):
    amass.read_recording(rewrite(paths[0], tmp_path / "a.npz", gender=gender))


def test_the_keys_of_smplx_are_understood(paths, tmp_path):
    with np.load(paths[0]) as file:
        poses = file["poses"]
    new = {"root_orient": poses[:, :3], "pose_body": poses[:, 3:66], "mocap_frame_rate": np.float32(60)}
    target = rewrite(paths[0], tmp_path / "a.npz", drop=("poses", "mocap_framerate"), **new)
    one, other = amass.read_recording(paths[0]), amass.read_recording(target)
    np.testing.assert_allclose(one.rotations, other.rotations)


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("AMASS/KIT/3/kick_poses.npz", "train"),
        ("AMASS/HumanEva/S1/Walking_poses.npz", "val"),
        ("amass/SSM_synced/20160330/a_poses.npz", "test"),
        ("AMASS/CMU/60/60_13_poses.npz", "test"),
        ("AMASS/CMU/19/19_01_poses.npz", "val"),
        ("AMASS/CMU/01/01_01_poses.npz", "train"),
    ],
)
def test_splits_are_the_official_ones_and_leak_no_pair(path, split, tmp_path):
    assert amass.split_of(tmp_path / path) == split
    assert salsa.split_of(13) == "test" and cmu.trials()[0].split == "val"


def test_a_folder_is_read_past_damaged_files(paths, tmp_path, caplog):
    good = tmp_path / "HumanEva" / "S1"
    good.mkdir(parents=True)
    rewrite(paths[0], good / "walk_poses.npz")
    (good / "torn.npz").write_bytes(paths[0].read_bytes()[:500])
    np.savez(good / "shape.npz", betas=np.zeros(16))
    np.savez(good / "ragged.npz", root_orient=np.zeros((9, 3)), pose_body=np.zeros((8, 63)), trans=np.zeros((9, 3)),
             mocap_frame_rate=30)  # fmt: skip
    (sequence,) = amass.read(tmp_path)
    assert (sequence.name, sequence.split) == ("amass_HumanEva_S1_walk_poses", "val")
    told = caplog.messages
    assert len(told) == 3 and "ragged.npz: root_orient and pose_body are of 9 and 8 frames" in told[0]
    assert "torn.npz" in told[1] and told[2] == "2 of 3 recordings were left out, see above"


def test_of_several_pairs_a_bad_one_is_left_out(paths, tmp_path, caplog):
    (tmp_path / "torn.npz").write_bytes(paths[0].read_bytes()[:500])
    pair = (paths[0], paths[1])
    found = list(amass.read_pairs([pair, (paths[0], tmp_path / "torn.npz"), pair]))
    assert len(found) == 2 and "1 of 3 recordings were left out" in caplog.text


@pytest.mark.parametrize("joints", [22, 24, 52, 55])
def test_joints_may_have_an_axis_of_their_own(paths, tmp_path, joints):
    with np.load(paths[0]) as file:
        poses = np.concatenate([file["poses"], np.zeros((N_FRAMES, 9))], axis=1)[:, : 3 * joints]
    whole = rewrite(paths[0], tmp_path / "a.npz", poses=poses.reshape(N_FRAMES, joints, 3))
    parts = {"root_orient": poses[:, :3], "pose_body": poses[:, 3:66].reshape(N_FRAMES, 21, 3)}
    apart = rewrite(paths[0], tmp_path / "b.npz", drop=("poses",), **parts)
    true = amass.read_recording(paths[0]).rotations
    for path in (whole, apart):
        np.testing.assert_allclose(amass.read_recording(path).rotations, true, atol=1e-6)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"poses": np.zeros((5, 30))}, "are no motion"),
        ({"trans": np.zeros((3, 3))}, "are no motion"),
        ({"poses": np.array([{}], object)}, "damaged file"),
        ({"poses": np.full((N_FRAMES, 156), np.nan)}, "not finite"),
        ({"poses": np.full((N_FRAMES, 156), "x")}, "damaged file"),
        ({"mocap_framerate": np.float64(0)}, "frame rate"),
        ({"mocap_framerate": np.zeros(3)}, "frame rate"),
        ({"poses": np.zeros((2, 156)), "trans": np.zeros((2, 3))}, "too short"),
        ({"poses": np.zeros((N_FRAMES, 52, 3, 3))}, "not vectors or places by frame"),
        ({"poses": np.zeros(156)}, "not vectors or places by frame"),
        ({"poses": np.zeros((0, 156))}, "not vectors or places by frame"),
        ({"trans": np.float64(1)}, "not vectors or places by frame"),
        ({"poses": np.full((N_FRAMES, 156), 1e300)}, "no person's motion"),
        ({"trans": np.full((N_FRAMES, 3), 1e30)}, "no person's motion"),
    ],
)
def test_damage_is_one_line(entries, words, paths, tmp_path):
    with pytest.raises(UserError, match=words) as caught:
        amass.read_recording(rewrite(paths[0], tmp_path / "bad.npz", **entries))
    assert "\n" not in str(caught.value) and "bad.npz" in str(caught.value)


def test_what_is_no_amass_file_is_named(tmp_path):
    np.save(tmp_path / "array.npz.npy", np.zeros(3))
    (tmp_path / "array.npz.npy").rename(tmp_path / "array.npz")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    (tmp_path / "text.npz").write_text("hello")
    for name, words in (
        ("array", "no .npz file"),
        ("other", "not an AMASS"),
        ("text", "damaged"),
        ("none", "no such file"),
    ):
        with pytest.raises(UserError, match=words):
            amass.read_recording(tmp_path / f"{name}.npz")
    with pytest.raises(UserError, match="no AMASS"):
        amass.find(tmp_path / "empty")
