"""people.glb: played by the rules of glTF alone, it shows our vertices; the Khronos validator has nothing to say."""

import dataclasses
import json
import os
import pathlib
import shutil
import struct
import subprocess

import numpy as np
import pytest

from sm_jax.body.io import terms_of
from sm_jax.body.skeleton import JOINTS
from sm_jax.export import mesh
from sm_jax.export.amass import save_amass
from sm_jax.export.glb import R_CAMERA_GLTF, R_GLTF_WORLD, save_glb
from sm_jax.export.npz import save_motion

COMPONENTS = {5126: np.float32, 5125: np.uint32, 5121: np.uint8}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}
VALIDATE = """
const validator = require('gltf-validator');
const bytes = new Uint8Array(require('fs').readFileSync(process.argv[1]));
validator.validateBytes(bytes).then(report => console.log(JSON.stringify(report.issues)));
"""


class Player:
    """As much of a glTF viewer as it takes to place a skinned vertex, from the file's bytes."""

    def __init__(self, path):
        raw = path.read_bytes()
        magic, version, length, size, kind = struct.unpack_from("<4sIII4s", raw)
        assert (magic, version, length, kind) == (b"glTF", 2, len(raw), b"JSON")
        self.document = json.loads(raw[20 : 20 + size])
        self.blob = raw[20 + size + 8 :]
        self.nodes, self.animation = self.document["nodes"], self.document["animations"][0]
        self.parent = {c: n for n, node in enumerate(self.nodes) for c in node.get("children", [])}
        self.names = [node["name"] for node in self.nodes]

    def array(self, number):
        accessor = self.document["accessors"][number]
        offset = self.document["bufferViews"][accessor["bufferView"]].get("byteOffset", 0)
        count = accessor["count"] * WIDTHS[accessor["type"]]
        flat = np.frombuffer(self.blob, COMPONENTS[accessor["componentType"]], count, offset)
        return flat.reshape(accessor["count"], -1)

    def channels(self):
        """Node, path, times and values of every animated thing."""
        for channel in self.animation["channels"]:
            sampler, target = self.animation["samplers"][channel["sampler"]], channel["target"]
            yield target["node"], target["path"], self.array(sampler["input"])[:, 0], self.array(sampler["output"])

    def local(self, node, frame):
        """Matrix of a node from its own fields, and from the animation unless frame is None."""
        values = {path: self.nodes[node][path] for path in ("translation", "rotation")}
        if frame is not None:
            values |= {path: outputs[frame] for target, path, _, outputs in self.channels() if target == node}
        matrix = np.eye(4)
        x, y, z, w = np.asarray(values["rotation"], np.float64)
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        matrix[:3, :3] = np.eye(3) + 2 * w * cross + 2 * cross @ cross
        matrix[:3, 3] = values["translation"]
        return matrix

    def world(self, node, frame):
        matrix = self.local(node, frame)
        return self.world(self.parent[node], frame) @ matrix if node in self.parent else matrix

    def vertices(self, person, frame):
        node = self.nodes[self.names.index(f"person{person}")]
        skin = self.document["skins"][node["skin"]]
        attributes = self.document["meshes"][node["mesh"]]["primitives"][0]["attributes"]
        inverse_bind = self.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        moves = np.stack([self.world(joint, frame) for joint in skin["joints"]]) @ inverse_bind
        weights, joints = self.array(attributes["WEIGHTS_0"]), self.array(attributes["JOINTS_0"]).astype(int)
        blended = np.einsum("vk,vkij->vij", weights, moves[joints])
        rest = self.array(attributes["POSITION"])
        return np.einsum("vij,vj->vi", blended[:, :3, :3], rest) + blended[:, :3, 3]


@pytest.fixture(scope="module")
def path(body, content, tmp_path_factory):
    path = tmp_path_factory.mktemp("glb") / "people.glb"
    save_glb(path, body, content)
    return path


@pytest.mark.parametrize("person", [0, 1])
def test_a_viewer_shows_our_vertices(path, body, content, person):
    player = Player(path)
    ours = mesh.posed_vertices(body, content)[person] @ R_GLTF_WORLD.T
    np.testing.assert_allclose(player.vertices(person, 5), ours[5], atol=2e-5)
    np.testing.assert_allclose(player.vertices(person, None), ours[0], atol=2e-5, err_msg="at rest: the first frame")


@pytest.mark.parametrize("person", [0, 1])
def test_trimesh_finds_our_joints(path, content, person):
    """Where its nodes stand at rest, which is the first frame."""
    trimesh = pytest.importorskip("trimesh", reason="trimesh, which reads the file back, is not installed")
    graph = trimesh.load_scene(path).graph
    joints = np.stack([graph.get(f"person{person}_{name}")[0][:3, 3] for name in JOINTS])
    np.testing.assert_allclose(joints, content.joints[person, 0] @ R_GLTF_WORLD.T, atol=1e-4)


def test_upright_and_timed(path, content):
    player = Player(path)
    assert player.vertices(0, 0)[:, 1].max() > 1.5 and abs(player.vertices(0, 0)[:, 2]).max() < 1.2, "y is up"
    for _, _, times, values in player.channels():
        np.testing.assert_allclose(times, np.arange(7) / 25, rtol=1e-6)
        assert len(values) == 7
    assert {f"person1_{name}" for name in JOINTS} <= set(player.names)
    assert player.document["asset"]["extras"]["provenance"] == content.provenance
    assert player.document["asset"]["copyright"] == terms_of("open-low")


def test_a_licensed_body_is_named_in_every_file(body, content, tmp_path):
    licensed = dataclasses.replace(body, name="SMPL_FEMALE")
    content = dataclasses.replace(content, body="SMPL_FEMALE")
    save_glb(tmp_path / "people.glb", licensed, content)
    save_motion(tmp_path / "motion.npz", content)
    said = {Player(tmp_path / "people.glb").document["asset"]["copyright"]}
    for path in (tmp_path / "motion.npz", *save_amass(tmp_path, content)):
        with np.load(path) as file:
            said.add(str(file["body_terms"]))
    assert len(said) == 1 and "SMPL_FEMALE: a licensed body model" in said.pop()


def test_uneven_frames_keep_their_times(body, uneven, tmp_path):
    save_glb(tmp_path / "people.glb", body, uneven)
    for _, _, times, _ in Player(tmp_path / "people.glb").channels():
        np.testing.assert_allclose(times, uneven.time - 3, atol=1e-6)


def test_the_camera_sees_what_ours_sees(path, content):
    player = Player(path)
    world = player.world(player.names.index("camera"), 0)
    point = content.joints[0, 0, 15] @ R_GLTF_WORLD.T
    seen = R_CAMERA_GLTF @ np.linalg.inv(world)[:3] @ np.append(point, 1)
    ours = content.camera.R[0] @ content.joints[0, 0, 15] + content.camera.t[0]
    np.testing.assert_allclose(seen, ours, atol=1e-5)


def test_quaternions_do_not_jump(path):
    rotations = [values for _, name, _, values in Player(path).channels() if name == "rotation"]
    assert len(rotations) == 2 * len(JOINTS)
    for q in rotations:
        assert ((q[1:] * q[:-1]).sum(-1) > 0).all()
        np.testing.assert_allclose(np.linalg.norm(q, axis=-1), 1, atol=1e-6)


def test_a_moving_camera_moves(body, content, tmp_path):
    moving = dataclasses.replace(content.camera, t=content.camera.t + np.arange(7)[:, None])
    save_glb(tmp_path / "moving.glb", body, dataclasses.replace(content, camera=moving))
    player = Player(tmp_path / "moving.glb")
    camera = player.names.index("camera")
    position = -moving.R[6].T @ moving.t[6]
    np.testing.assert_allclose(player.world(camera, 6)[:3, 3], R_GLTF_WORLD @ position, atol=1e-5)


def validator_folder() -> pathlib.Path | None:
    """The folder that holds the npm package gltf-validator: $NODE_PATH, or node_modules here or further up."""
    given = [pathlib.Path(folder) for folder in os.environ.get("NODE_PATH", "").split(os.pathsep) if folder]
    above = [folder / "node_modules" for folder in pathlib.Path(__file__).parents]
    return next((folder for folder in given + above if (folder / "gltf-validator").is_dir()), None)


def test_khronos_validator(path):
    node, folder = shutil.which("node"), validator_folder()
    if node is None or folder is None:
        pytest.skip("the Khronos validator is not here; install node, then: npm install gltf-validator")
    environment = {**os.environ, "NODE_PATH": str(folder)}
    run = subprocess.run([node, "-e", VALIDATE, str(path)], env=environment, capture_output=True, check=True)
    issues = json.loads(run.stdout)
    assert issues["numErrors"] == issues["numWarnings"] == 0, issues["messages"]
