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
        ({"mapping": {"left_knee": "x"}}, "neither file has a joint x"),
        ({"up": "north"}, "--up north"),
        ({"scale": -1.0}, "--scale -1.0"),
        ({"fps": 0.0}, "--fps 0.0"),
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
