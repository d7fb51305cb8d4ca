import dataclasses
import os
import pathlib
import re

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import JOINTS
from sm_jax.data.sources import bvh_pair
from sm_jax.errors import UserError
from sm_jax.export.bvh import save_bvh
from sm_jax.export.npz import motion_file
from sm_jax.types import Camera, Motion
from tests.data.rigs import CONVENTIONS, UNNAMED, bvh_text, rig

N_FRAMES = 25
HANDSHAKE = os.environ.get("SM_JAX_CMU_PAIR_DIR", "")
Y_UP_TO_Z_UP = Rotation.from_euler("x", 90, degrees=True).as_matrix()


def write(path, convention="mixamo", unit=1.0, world=None, fps=30.0, n_frames=N_FRAMES, away=0.0, names=None):
    """A figure that walks along x and turns its root, an arm and a knee. world: rotation of the whole file."""
    rigged = rig(CONVENTIONS.get(convention, UNNAMED))
    t = np.arange(n_frames) / fps
    root = np.stack([t, 1.0 + 0.02 * np.sin(5 * t), away + 0 * t], axis=1)
    around = lambda z, x, y: np.stack([z * t, x * t, y * t], axis=1)  # noqa: E731
    turns = {"pelvis": around(5, -10, 60), "left_shoulder": around(-80, 10, 20), "right_knee": around(0, 40, 0)}
    if world is not None:
        root, rigged = root @ world.T, (*rigged[:2], rigged[2] @ world.T, rigged[3])
        for name, angles in turns.items():
            R = world @ Rotation.from_euler("ZXY", angles, degrees=True).as_matrix() @ world.T
            turns[name] = Rotation.from_matrix(R).as_euler("ZXY", degrees=True)
    turns = {rigged[3][name]: angles for name, angles in turns.items()}
    path.write_text(bvh_text(rigged[0], rigged[1], rigged[2] / unit, root / unit, turns, fps))
    return path


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    return bvh_pair.read(write(folder / "a.bvh"), write(folder / "b.bvh", away=1.0))[0]


def assert_same(landmarks, plain, atol=1e-4):
    names = [name for name in plain.names if name in landmarks.names and not name.endswith(("toe", "foot"))]
    i, j = ([x.names.index(name) for name in names] for x in (landmarks, plain))
    np.testing.assert_allclose(landmarks.positions[:, :, i], plain.positions[:, :, j], atol=atol)
    np.testing.assert_allclose(landmarks.orientations[:, :, i], plain.orientations[:, :, j], atol=atol)


def test_world_is_z_up_in_metres_on_the_floor(plain):
    assert (plain.fps, plain.split, plain.positions.shape[:2]) == (30.0, "test", (2, N_FRAMES))
    np.testing.assert_allclose(plain.positions[0, 0, 0], [0, 0, 1.0], atol=0.01)
    assert np.median(plain.positions[..., 2].min(axis=(0, 2))) == pytest.approx(0.0)
    np.testing.assert_allclose(
        plain.positions[1] - plain.positions[0], np.tile([0, -1.0, 0], (N_FRAMES, 22, 1)), atol=1e-6
    )
    R = Rotation.from_euler("ZXY", [5 * 0.8, -10 * 0.8, 60 * 0.8], degrees=True).as_matrix()
    np.testing.assert_allclose(plain.orientations[0, -1, 0], Y_UP_TO_Z_UP @ R, atol=1e-5)
    assert (plain.weight == 1).all()


@pytest.mark.parametrize("convention", ["xsens", "biped", "rigify", "acclaim", "smpl", "unnamed"])
def test_rigs_are_understood(convention, plain, tmp_path):
    pair = [write(tmp_path / f"{i}.bvh", convention, away=i) for i in (0, 1)]
    assert_same(bvh_pair.read(*pair)[0], plain)


@pytest.mark.parametrize(("unit", "word"), [(0.01, "centimetres"), (0.0254, "inches"), (0.0254 / 0.45, "CMU's unit")])
def test_units_are_recognised_by_limbs(unit, word, plain, tmp_path):
    landmarks, report = bvh_pair.read(
        write(tmp_path / "a.bvh", unit=unit), write(tmp_path / "b.bvh", unit=unit, away=1)
    )
    assert_same(landmarks, plain)
    assert report.scale == unit and f"The unit is {word}" in report.text()


def test_strange_units_make_ordinary_people_unless_given(plain, tmp_path):
    pair = [write(tmp_path / f"{i}.bvh", unit=1.4, away=i) for i in (0, 1)]
    _, report = bvh_pair.read(*pair)
    assert report.statures == pytest.approx((1.70, 1.70)) and "No usual unit" in report.text()
    assert_same(bvh_pair.read(*pair, scale=1.4)[0], plain)


@pytest.mark.parametrize("up", ["z", "x", "-y"])
def test_any_axis_may_point_up(up, plain, tmp_path):
    world = {"z": Y_UP_TO_Z_UP, "x": Rotation.from_euler("z", -90, degrees=True).as_matrix(),
             "-y": Rotation.from_euler("x", 180, degrees=True).as_matrix()}[up]  # fmt: skip
    pair = [write(tmp_path / f"{i}.bvh", world=world, away=i) for i in (0, 1)]
    landmarks, report = bvh_pair.read(*pair)
    assert report.up == up
    heading = landmarks.positions[0, -1, 0] - landmarks.positions[0, 0, 0]
    turned = Rotation.from_rotvec([0, 0, -np.arctan2(heading[1], heading[0])]).as_matrix()
    np.testing.assert_allclose(landmarks.positions @ turned.T, plain.positions, atol=1e-4)
    np.testing.assert_allclose(turned @ landmarks.orientations, plain.orientations, atol=1e-4)


def test_rates_are_of_the_header_or_given(plain, tmp_path):
    pair = [write(tmp_path / f"{i}.bvh", fps=120.0, n_frames=97, away=i) for i in (0, 1)]
    assert_same(bvh_pair.read(*pair)[0], plain)
    assert bvh_pair.read(*pair, fps=60.0)[0].positions.shape[1] == 49


def test_the_longer_file_is_cut(plain, tmp_path):
    pair = [write(tmp_path / "a.bvh"), write(tmp_path / "b.bvh", n_frames=40, away=1)]
    landmarks, report = bvh_pair.read(*pair)
    assert_same(landmarks, plain)
    assert "0.83 s and 1.33 s: cut to the shorter" in report.text()


def test_a_leap_out_of_the_first_pose_is_left_out(plain, tmp_path):
    pair = [write(tmp_path / f"{i}.bvh", away=i) for i in (0, 1)]
    text = pair[1].read_text().splitlines()
    at = next(i for i, line in enumerate(text) if line.startswith("Frame Time"))
    posed = "9 9 9 " + " ".join(["0"] * (len(text[at + 1].split()) - 3))
    pair[1].write_text("\n".join([*text[: at + 1], posed, *text[at + 2 :]]))
    landmarks, report = bvh_pair.read(*pair)
    assert "The first 1 frames jump" in report.text()
    np.testing.assert_allclose(landmarks.positions[..., :2], plain.positions[:, 1:, :, :2], atol=1e-4)


def test_the_users_mapping_goes_before(tmp_path):
    pair = [write(tmp_path / f"{i}.bvh", away=i) for i in (0, 1)]
    _, report = bvh_pair.read(*pair, mapping={"left_hand": "mixamorig:LeftHandThumb1"})
    assert report.maps[0].joints["left_hand"] == "mixamorig:LeftHandThumb1"
    assert "mixamorig:LeftHandThumb1  (given) | mixamorig:LeftHandThumb1  (given)" in report.text()


def test_what_is_missing_has_no_weight(tmp_path):
    pair = [write(tmp_path / f"{i}.bvh", "daz", away=i) for i in (0, 1)]
    for path in pair:  # feet that end in the ankle
        path.write_text(re.sub(r"(End Site\n{\nOFFSET) -?0\.01 -0\.07 .*", r"\1 0 0 0", path.read_text()))
    landmarks, report = bvh_pair.read(*pair)
    assert report.maps[0].joints["left_toe"] is None and "left_toe       <- MISSING | MISSING" in report.text()
    toes = [name.endswith("toe") for name in landmarks.names]
    assert not landmarks.weight[:, :, toes].any() and landmarks.weight[:, :, np.invert(toes)].all()
    assert np.isfinite(landmarks.positions).all()


def test_our_own_export_comes_back(tmp_path):
    rng, body = np.random.default_rng(0), load_body("open-low")
    angles = np.linspace(0, 1, 20)[:, None, None] * rng.normal(0, 0.4, (2, 1, 24, 3))
    turns = Rotation.from_rotvec(angles.reshape(-1, 3)).as_matrix().reshape(2, 20, 24, 3, 3)
    turns[:, :, 0] = Y_UP_TO_Z_UP @ turns[:, :, 0]
    pelvis = np.array([[0.0, 0, 1], [0, 1, 1]])[:, None] + 0.01 * np.arange(20)[None, :, None]
    motion = Motion(global_orient=turns[:, :, 0], body_pose=turns[:, :, 1:], pelvis=pelvis, betas=np.zeros((2, 10)))
    camera = Camera(K=np.eye(3), R=np.tile(np.eye(3), (20, 1, 1)), t=np.zeros((20, 3)), image_size=np.array([9, 9]))
    content = motion_file(body, motion, camera, fps=30.0, frame_index=np.arange(20), visibility=np.ones((2, 20, 24)),
                          infilled=np.zeros((2, 20, 24), bool),
                          spread=np.zeros((2, 20, 24)), provenance={})  # fmt: skip
    landmarks, report = bvh_pair.read(*save_bvh(tmp_path, content), mapping={"chest": "spine3"})
    assert report.scale == 0.01
    assert landmarks.orientations is not None
    posed = smpl.pose(body, content.motion)
    for name, joint in {"pelvis": "pelvis", "left_wrist": "left_wrist", "right_foot": "right_foot", "head": "head",
                        "left_ankle": "left_ankle", "chest": "spine3"}.items():  # fmt: skip
        i, j = landmarks.names.index(name), JOINTS.index(joint)
        error = landmarks.positions[:, :, i] - np.asarray(posed.joints)[:, :, j]
        np.testing.assert_allclose(error - error[0, 0], 0, atol=1e-4)
        np.testing.assert_allclose(landmarks.orientations[:, :, i], np.asarray(posed.R_world_joint)[:, :, j], atol=1e-4)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mapping": {"left_nose": "x"}}, "--map left_nose=x: no such landmark"),
        ({"mapping": {"left_knee": "x"}}, r"no joint x in .*0.bvh or .*1.bvh"),
        ({"up": "north"}, "--up north"),
        ({"scale": -1.0}, "scale -1 and"),
        ({"fps": 0.0}, "and 0 frames a second"),
    ],
)
def test_wrong_options_are_named(options, words, tmp_path):
    pair = [write(tmp_path / f"{i}.bvh", away=i) for i in (0, 1)]
    with pytest.raises(UserError, match=words):
        bvh_pair.read(*pair, **options)


def test_files_in_different_units_are_refused(tmp_path):
    with pytest.raises(UserError, match="in different units"):
        bvh_pair.read(write(tmp_path / "a.bvh"), write(tmp_path / "b.bvh", unit=0.01))


def test_people_who_lie_do_not_tell_up(tmp_path):
    lying = Rotation.from_euler("x", 45, degrees=True).as_matrix()
    pair = [write(tmp_path / f"{i}.bvh", world=lying, away=i) for i in (0, 1)]
    with pytest.raises(UserError, match="give --up"):
        bvh_pair.read(*pair)
    landmarks, report = bvh_pair.read(*pair, up="y")
    assert landmarks.orientations is None and "no standing figure" in report.text()


def motion_builder(path, place, heading):
    """CMU's figure in cgspeed's conversion, still in a T-pose: the wrist bone of 12.5 cm is dropped."""
    convention = ("Hips LowerBack Spine1 Neck1 Head", "{}Shoulder {}Arm {}ForeArm {}Hand {}Thumb {}FingerBase",
                  "{}UpLeg {}Leg {}Foot {}ToeBase", "Left Right")  # fmt: skip
    names, parents, points, _ = rig(convention)
    for side, sign in (("Left", 1), ("Right", -1)):
        base = names.index(f"{side}FingerBase")
        points[base] = points[names.index(f"{side}Hand")]
        tip = names.index(f"{side}FingerBase_end")
        names[tip], points[tip] = f"{side}HandIndex1", points[base] + [0.04 * sign, 0, 0]
        names.append(f"{side}HandIndex1_end")
        parents.append(tip)
        points = np.concatenate([points, [points[tip] + [0.03 * sign, 0, 0]]])
    root = np.tile(np.array(place, float), (N_FRAMES, 1))
    turns = {"Hips": np.tile([0.0, 0.0, heading], (N_FRAMES, 1))}
    path.write_text(bvh_text(names, parents, points, root, turns, 30.0))
    return path


def gap(landmarks, name):
    """Distance [T] of the two people's landmarks."""
    i = landmarks.names.index(name)
    return np.linalg.norm(landmarks.positions[0, :, i] - landmarks.positions[1, :, i], axis=-1)


def test_hands_meet_where_the_conversion_dropped_the_wrist_bone(tmp_path):
    pair = [motion_builder(tmp_path / "a.bvh", (0, 1, 0), 0.0),
            motion_builder(tmp_path / "b.bvh", (1.81, 1, -0.04), 180.0)]  # fmt: skip
    landmarks, report = bvh_pair.read(*pair, scale=1.0)
    assert gap(landmarks, "left_hand").max() < 0.001
    np.testing.assert_allclose(gap(landmarks, "left_wrist"), 2 * 0.07, atol=1e-3)
    np.testing.assert_allclose(gap(landmarks, "left_elbow"), 2 * (0.07 + 0.375), atol=1e-3)
    assert report.maps[0].joints["right_wrist"] == "RightFingerBase"
    assert "wrist bone that cgspeed's conversion drops is put back" in report.text()


@pytest.mark.skipif(not HANDSHAKE, reason="SM_JAX_CMU_PAIR_DIR names no folder with CMU's 18_01.bvh and 19_01.bvh")
def test_the_recorded_handshake_is_one():
    """135 of 304 frames at 120 fps, so a third of a hundred at 30."""
    first, second = (pathlib.Path(HANDSHAKE) / f"{id}.bvh" for id in ("18_01", "19_01"))
    landmarks, _ = bvh_pair.read(first, second)
    assert (gap(landmarks, "right_hand") < 0.1).sum() >= 33
    every, _ = bvh_pair.read(first, second, fps=30.0)  # each frame as one of ours
    assert (gap(every, "right_hand") < 0.1).sum() >= 130


def test_one_file_is_a_single_person(plain, tmp_path):
    landmarks, report = bvh_pair.read_single(write(tmp_path / "a.bvh"), split="val")
    assert (landmarks.name, landmarks.split, landmarks.positions.shape[0]) == ("a", "val", 1)
    np.testing.assert_allclose(landmarks.positions[0], plain.positions[0], atol=1e-6)
    np.testing.assert_allclose(np.asarray(landmarks.orientations), plain.orientations[:1], atol=1e-6)
    assert len(report.maps) == len(report.statures) == 1 and "left_knee" in report.text()
    assert bvh_pair.fault(landmarks, report) is None


@pytest.mark.parametrize(
    ("tilt", "rate", "options", "words"),
    [
        (0, 100.0, {"fps": 2000.0}, "hands reach"),
        (0, 300.0, {"scale": 3.0}, "a stature of"),
        (60, 300.0, {"up": "y"}, "the body leans by 5"),
    ],
)
def test_faults_of_a_single_person_are_named(tilt, rate, options, words, tmp_path):
    world = Rotation.from_euler("x", tilt, degrees=True).as_matrix()
    landmarks, report = bvh_pair.read_single(write(tmp_path / "a.bvh", world=world, n_frames=400, fps=rate), **options)
    assert words in str(bvh_pair.fault(landmarks, report))


def test_a_floor_that_is_never_come_back_to_is_a_fault(tmp_path):
    path = write(tmp_path / "a.bvh", n_frames=60)
    landmarks, report = bvh_pair.read_single(path)
    climbing = np.linspace(0, 3, 60)[None, :, None, None] * np.array([0, 0, 1])
    climbed = dataclasses.replace(landmarks, positions=landmarks.positions + climbing)
    assert "feet are on one floor in" in str(bvh_pair.fault(climbed, report))


def test_what_rings_after_the_first_pose_is_left_out(tmp_path):
    """Hands jump into the take, and come to rest within the next frames."""
    path = write(tmp_path / "a.bvh", n_frames=40)
    text = path.read_text().splitlines()
    at = next(i for i, line in enumerate(text) if line.startswith("Frame Time"))
    for frame, off in enumerate((9.0, 1.25, 1.0, 0.75, 0.5, 0.25)):
        values = text[at + 1 + frame].split()
        text[at + 1 + frame] = " ".join([str(float(values[0]) + off), *values[1:]])
    path.write_text("\n".join(text))
    _, report = bvh_pair.read_single(path)
    assert "The first 6 frames jump" in report.text()


@pytest.mark.parametrize("fps", [1e-9, 1e9])
def test_a_rate_that_no_recording_has_is_refused_before_anything_is_made_of_it(tmp_path, fps):
    path = write(tmp_path / "a.bvh", n_frames=4)
    path.write_text(re.sub("Frame Time: .*", f"Frame Time: {1 / fps}", path.read_text()))
    with pytest.raises(UserError, match="give --scale above zero and --fps from 1 to 2000"):
        bvh_pair.read_single(path)
    assert bvh_pair.read_single(path, fps=30.0)[0].fps == 30.0
