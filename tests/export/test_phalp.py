"""people.pkl, read as users of PHALP and 4D-Humans read theirs, gives our joints."""

import dataclasses
import io
import pickle

import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.rest_pose import as_family, from_family, hips_apart
from sm_jax.body.skeleton import SMPL_REST_PELVIS
from sm_jax.export import mesh
from sm_jax.export.phalp import save_phalp
from sm_jax.types import Motion

# of every person in a frame
LISTS = ["tid", "bbox", "tracked_time", "smpl", "camera", "center", "scale", "size", "conf", "extra_data"]


class Old(pickle.Unpickler):
    """Unpickles what NumPy 1 can: none of its modules has a name that came with NumPy 2."""

    def find_class(self, module_name, global_name):
        assert not module_name.startswith("numpy._core"), module_name
        return super().find_class(module_name, global_name)


@pytest.fixture(scope="module")
def tilted(content):
    """The same people before a camera that is turned, and whose principal point is not the middle."""
    turn = np.array([[0.8, 0, 0.6], [0, 1, 0], [-0.6, 0, 0.8]])
    camera = dataclasses.replace(content.camera, R=turn @ content.camera.R, t=content.camera.t @ turn.T)
    return dataclasses.replace(content, camera=camera)


@pytest.fixture(scope="module")
def path(body, tilted, tmp_path_factory):
    path = tmp_path_factory.mktemp("phalp") / "people.pkl"
    save_phalp(path, body, tilted)
    return path


@pytest.fixture(scope="module")
def tracks(path):
    return Old(io.BytesIO(path.read_bytes())).load()


def joints_in_camera(body, content, tracks, person, focal):
    """[T, 24, 3] joints of a track in the camera's frame, posed on our body, whose limbs and hips are put where the
    mean SMPL body's are. focal: of the true camera."""
    entries = [frame["smpl"][person] for frame in tracks.values()]
    rotations = np.stack([np.concatenate([entry["global_orient"], entry["body_pose"]]) for entry in entries])
    rest = content.rest_joints[person]
    shift, rotations = rotations[:, 0] @ hips_apart("smpl", rest), from_family(rotations, "smpl", rest)
    pelvis = np.stack([frame["camera"][person] for frame in tracks.values()]) + SMPL_REST_PELVIS
    height, width = tracks["000011.jpg"]["size"][person]
    far = 5000 / 256 * max(width, height)
    pixels = pelvis[:, :2] / pelvis[:, 2:] * far + np.array([width, height]) / 2
    depth = pelvis[:, 2:] * focal / far
    pelvis = np.concatenate([(pixels - content.camera.K[:2, 2]) / focal * depth, depth], axis=1)
    rotations = jnp.asarray(rotations[None], jnp.float32)
    pelvis = jnp.asarray(pelvis + shift, jnp.float32)[None]
    betas = content.motion.betas[person, None]
    motion = Motion(global_orient=rotations[:, :, 0], body_pose=rotations[:, :, 1:], pelvis=pelvis, betas=betas)
    return np.asarray(smpl.pose(body, motion).joints)[0]


def seen_by_camera(content):
    """[P, T, 24, 3] our joints in the camera's frame."""
    return np.einsum("tij,ptkj->ptki", content.camera.R, content.joints) + content.camera.t[:, None]


@pytest.mark.parametrize("person", [0, 1])
def test_joints_come_back(body, tilted, tracks, person):
    joints = joints_in_camera(body, tilted, tracks, person, focal=300)
    np.testing.assert_allclose(joints, seen_by_camera(tilted)[person], atol=1e-4)
    for t, frame in enumerate(tracks.values()):
        extra = frame["extra_data"][person]
        pelvis = (extra["transl"] + SMPL_REST_PELVIS - extra["t_camera_world"]) @ extra["R_camera_world"]
        on_smpl = as_family(tilted.motion, "smpl", tilted.rest_joints)
        np.testing.assert_allclose(pelvis, on_smpl.pelvis[person, t], atol=1e-4)
        assert extra["focal_length"] == 300 and extra["seconds"] == pytest.approx(t / 25)


def test_under_the_layouts_own_camera_a_pelvis_is_in_its_pixel(tilted, tracks):
    pelvis = np.stack([frame["camera"][1] for frame in tracks.values()]) + SMPL_REST_PELVIS
    on_smpl = as_family(tilted.motion, "smpl", tilted.rest_joints)
    truth = np.einsum("tij,tj->ti", tilted.camera.R, on_smpl.pelvis[1]) + tilted.camera.t
    ours = truth[:, :2] / truth[:, 2:] * 300 + np.array([120, 100])
    np.testing.assert_allclose(pelvis[:, :2] / pelvis[:, 2:] * 5000 / 256 * 240 + [120, 100], ours, atol=1e-2)


def test_layout(body, tilted, tracks):
    assert list(tracks) == [f"{number:06d}.jpg" for number in range(11, 18)]  # frame 10 of the video is its eleventh
    for number, frame in enumerate(tracks.values()):
        assert frame["time"] == 10 + number and frame["tid"] == frame["tracked_ids"] == [0, 1]
        assert {len(frame[name]) for name in LISTS} == {2} and frame["size"][0] == [200, 240]
        smpl_of = frame["smpl"][1]
        assert {name: array.shape for name, array in smpl_of.items()} == {
            "global_orient": (1, 3, 3), "body_pose": (23, 3, 3), "betas": (10,)
        }  # fmt: skip
        assert frame["camera"][0].shape == (3,) and not smpl_of["betas"].any()
    skin = mesh.posed_vertices(body, tilted)[1, 3] @ tilted.camera.R[3].T + tilted.camera.t[3]
    pixels = skin[:, :2] / skin[:, 2:] * 300 + np.array([120, 100])
    left, top, width, height = tracks["000014.jpg"]["bbox"][1]
    np.testing.assert_allclose([left, top, left + width, top + height], [*pixels.min(0), *pixels.max(0)], atol=1e-2)
    np.testing.assert_allclose(tracks["000014.jpg"]["center"][1], [left + width / 2, top + height / 2])
    assert tracks["000014.jpg"]["conf"][0] == pytest.approx(21 / 24) and tracks["000014.jpg"]["conf"][1] == 1


def test_a_person_whom_nobody_sees_is_not_detected(body, content, tmp_path):
    infilled = content.infilled.copy()
    infilled[1, 2:5] = True
    save_phalp(tmp_path / "people.pkl", body, dataclasses.replace(content, infilled=infilled))
    tracks = list(pickle.loads((tmp_path / "people.pkl").read_bytes()).values())
    assert [frame["tracked_time"] for frame in tracks[:6]] == [[0, 0], [0, 0], [0, 1], [0, 2], [0, 3], [0, 0]]
    assert tracks[3]["tracked_ids"] == [0] and tracks[3]["tid"] == [0, 1]
    assert len(tracks[3]["tracked_bbox"]) == 1 and len(tracks[3]["smpl"]) == 2


def test_a_licensed_body_keeps_its_shape(body, content, tmp_path):
    save_phalp(tmp_path / "people.pkl", body, dataclasses.replace(content, body="basicmodel_neutral"))
    frame = pickle.loads((tmp_path / "people.pkl").read_bytes())["000012.jpg"]
    np.testing.assert_array_equal(frame["smpl"][1]["betas"], content.motion.betas[1])
    pelvis = content.camera.R[1] @ content.motion.pelvis[1, 1] + content.camera.t[1]
    np.testing.assert_allclose(frame["extra_data"][1]["transl"] + content.rest_joints[1, 0], pelvis, atol=1e-5)


def test_joblib_reads_it(path):
    joblib = pytest.importorskip("joblib", reason="joblib, with which PHALP's users read, is not installed")
    tracks = joblib.load(path)
    assert tracks["000011.jpg"]["smpl"][0]["body_pose"].shape == (23, 3, 3)
