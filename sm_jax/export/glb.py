"""`people.glb`: both people skinned and animated in one glTF 2.0 scene, with the camera. glTF is y up, metres."""

import json
import pathlib

import numpy as np

from sm_jax import __version__
from sm_jax.assets.files import replacing
from sm_jax.body import smpl
from sm_jax.body.io import terms_of
from sm_jax.body.skeleton import JOINTS, PARENTS
from sm_jax.errors import UserError
from sm_jax.export import mesh
from sm_jax.export.npz import MotionFile
from sm_jax.geometry import rotations
from sm_jax.motion.frames import map_on_host
from sm_jax.types import Array, Camera

try:
    import pygltflib as gltf
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[export]'") from error

R_GLTF_WORLD = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float32)  # z up to y up
R_CAMERA_GLTF = np.diag([1, -1, -1]).astype(np.float32)  # glTF's cameras look along -z with y up


class _Scene:
    """A glTF document and its one binary buffer, filled accessor by accessor."""

    def __init__(self, provenance: dict, terms: str):
        asset = gltf.Asset(
            version="2.0", generator=f"sm_jax {__version__}", copyright=terms, extras={"provenance": provenance}
        )
        self.roots: list[int] = []
        self.document = gltf.GLTF2(scene=0, scenes=[gltf.Scene(name="people", nodes=self.roots)], asset=asset)
        self.blob = bytearray()

    def accessor(self, array: Array, kind: str, target: int | None = None, bounds: bool = False) -> int:
        """Append an array, one row an element; returns the accessor's number. Views start on multiples of 4 bytes."""
        array = np.ascontiguousarray(array)
        component = {"float32": gltf.FLOAT, "uint32": gltf.UNSIGNED_INT, "uint8": gltf.UNSIGNED_BYTE}[array.dtype.name]
        raw = array.tobytes()
        view = gltf.BufferView(buffer=0, byteOffset=len(self.blob), byteLength=len(raw), target=target)
        self.document.bufferViews.append(view)
        self.blob += raw + bytes(-len(raw) % 4)
        accessor = gltf.Accessor(
            bufferView=len(self.document.bufferViews) - 1, componentType=component, count=len(array), type=kind
        )
        if bounds:
            accessor.min, accessor.max = (np.atleast_1d(m).tolist() for m in (array.min(0), array.max(0)))
        self.document.accessors.append(accessor)
        return len(self.document.accessors) - 1

    def node(self, node: gltf.Node, root: bool = False) -> int:
        self.document.nodes.append(node)
        if root:
            self.roots.append(len(self.document.nodes) - 1)
        return len(self.document.nodes) - 1

    def bytes(self) -> bytes:
        self.document.buffers = [gltf.Buffer(byteLength=len(self.blob))]
        self.document.set_binary_blob(bytes(self.blob))
        return b"".join(self.document.save_to_bytes())


def save_glb(path: str | pathlib.Path, body: smpl.Body, content: MotionFile) -> None:
    """Write both people, their animation and the camera as binary glTF, whole or not at all.

    Skinning is linear with 4 joints a vertex; pose blend shapes of a licensed body are not part of the format and
    are left out. Raises UserError if the path cannot be written.
    """
    scene = _Scene(json.loads(json.dumps(content.provenance)), terms_of(body.name))
    times = (content.time - content.time[0]).astype(np.float32)
    time = scene.accessor(times, gltf.SCALAR, bounds=True)
    animation = gltf.Animation(name="motion", samplers=[], channels=[])
    shared = _shared_geometry(scene, body)
    for person in range(len(content.rest_joints)):
        _add_person(scene, animation, time, shared, body, content, person)
    _add_camera(scene, animation, time, content.camera)
    scene.document.animations.append(animation)
    with replacing(path) as temporary:
        temporary.write_bytes(scene.bytes())


def _shared_geometry(scene: _Scene, body: smpl.Body) -> dict[str, int]:
    """Accessors that the two people have in common: faces, skinning joints and weights."""
    joints, weights = mesh.strongest_joints(body.weights)
    return {
        "indices": scene.accessor(np.asarray(body.faces, np.uint32).ravel(), gltf.SCALAR, gltf.ELEMENT_ARRAY_BUFFER),
        "JOINTS_0": scene.accessor(joints.astype(np.uint8), gltf.VEC4, gltf.ARRAY_BUFFER),
        "WEIGHTS_0": scene.accessor(weights.astype(np.float32), gltf.VEC4, gltf.ARRAY_BUFFER),
    }


def _add_person(
    scene: _Scene,
    animation: gltf.Animation,
    time: int,
    shared: dict[str, int],
    body: smpl.Body,
    content: MotionFile,
    person: int,
) -> None:
    """Skeleton, skin, mesh and animation of one person; the nodes at rest show the first frame."""
    name, rest, motion = f"person{person}", content.rest_joints[person], content.motion
    pelvis = np.asarray(motion.pelvis[person]) @ R_GLTF_WORLD.T
    root = R_GLTF_WORLD @ np.asarray(motion.global_orient[person])
    local = np.concatenate([root[:, None], np.asarray(motion.body_pose[person])], axis=1)  # [T, 24, 3, 3]
    quaternions = _continuous_quaternions(local)
    first = len(scene.document.nodes)
    for joint, parent in enumerate(PARENTS):
        shift = pelvis[0] if parent < 0 else rest[joint] - rest[parent]
        children = [first + child for child, above in enumerate(PARENTS) if above == joint]
        node = gltf.Node(
            name=f"{name}_{JOINTS[joint]}",
            translation=shift.tolist(),
            rotation=quaternions[0, joint].tolist(),
            children=children,
        )
        _animate(scene, animation, time, scene.node(node, root=parent < 0), "rotation", quaternions[:, joint])
    _animate(scene, animation, time, first, "translation", pelvis.astype(np.float32))

    inverse_bind = np.tile(np.eye(4, dtype=np.float32), (len(JOINTS), 1, 1))
    inverse_bind[:, 3, :3] = -rest  # row-vector layout: glTF stores matrices column by column
    skin = gltf.Skin(
        name=name,
        joints=list(range(first, first + len(JOINTS))),
        skeleton=first,
        inverseBindMatrices=scene.accessor(inverse_bind.reshape(-1, 16), gltf.MAT4),
    )
    scene.document.skins.append(skin)
    scene.document.meshes.append(_mesh(scene, shared, body, content, person))
    scene.document.materials.append(_material(name, mesh.COLOURS[person]))
    scene.node(gltf.Node(name=name, mesh=person, skin=person), root=True)


def _mesh(scene: _Scene, shared: dict[str, int], body: smpl.Body, content: MotionFile, person: int) -> gltf.Mesh:
    vertices = mesh.rest_vertices(body, content.motion.betas[person]).astype(np.float32)
    attributes = gltf.Attributes(
        POSITION=scene.accessor(vertices, gltf.VEC3, gltf.ARRAY_BUFFER, bounds=True),
        NORMAL=scene.accessor(mesh.vertex_normals(vertices, body.faces), gltf.VEC3, gltf.ARRAY_BUFFER),
        JOINTS_0=shared["JOINTS_0"],
        WEIGHTS_0=shared["WEIGHTS_0"],
    )
    primitive = gltf.Primitive(attributes=attributes, indices=shared["indices"], material=person)
    return gltf.Mesh(name=f"person{person}", primitives=[primitive])


def _material(name: str, colour: Array) -> gltf.Material:
    linear = (np.asarray(colour) ** 2.2).tolist()  # glTF's factors are linear light
    surface = gltf.PbrMetallicRoughness(baseColorFactor=[*linear, 1.0], metallicFactor=0.0, roughnessFactor=0.8)
    return gltf.Material(name=name, pbrMetallicRoughness=surface, alphaCutoff=None)


def _add_camera(scene: _Scene, animation: gltf.Animation, time: int, camera: Camera) -> None:
    """The view of the input video. glTF has no principal point: an off-centre one is lost."""
    width, height = (float(size) for size in camera.image_size)
    perspective = gltf.Perspective(
        aspectRatio=width / height, yfov=float(2 * np.arctan(height / 2 / camera.K[1, 1])), znear=0.05, zfar=1000.0
    )
    scene.document.cameras.append(gltf.Camera(type="perspective", perspective=perspective, name="camera"))
    R_world_camera = np.swapaxes(camera.R, -1, -2)
    position = -np.einsum("tij,tj->ti", R_world_camera, camera.t) @ R_GLTF_WORLD.T
    quaternions = _continuous_quaternions(R_GLTF_WORLD @ R_world_camera @ R_CAMERA_GLTF)
    node = gltf.Node(name="camera", camera=0, translation=position[0].tolist(), rotation=quaternions[0].tolist())
    number = scene.node(node, root=True)
    if np.ptp(camera.R, axis=0).max() > 0 or np.ptp(camera.t, axis=0).max() > 0:
        _animate(scene, animation, time, number, "rotation", quaternions)
        _animate(scene, animation, time, number, "translation", position.astype(np.float32))


def _animate(scene: _Scene, animation: gltf.Animation, time: int, node: int, path: str, values: np.ndarray) -> None:
    kind = gltf.VEC4 if path == "rotation" else gltf.VEC3
    sampler = gltf.AnimationSampler(input=time, output=scene.accessor(values, kind), interpolation="LINEAR")
    animation.samplers.append(sampler)
    target = gltf.AnimationChannelTarget(node=node, path=path)
    animation.channels.append(gltf.AnimationChannel(sampler=len(animation.samplers) - 1, target=target))


def _continuous_quaternions(R: Array) -> np.ndarray:
    """Rotations [T, ..., 3, 3] as unit (x, y, z, w) [T, ..., 4] whose sign never jumps from frame to frame."""
    wxyz = map_on_host(rotations.matrix_to_quaternion, np.asarray(R, np.float32), 0).astype(np.float64)
    wxyz /= np.linalg.norm(wxyz, axis=-1, keepdims=True)
    agree = np.where((wxyz[1:] * wxyz[:-1]).sum(-1) < 0, -1.0, 1.0)
    sign = np.concatenate([np.ones_like(wxyz[:1, ..., 0]), np.cumprod(agree, axis=0)])
    return np.roll(wxyz * sign[..., None], -1, axis=-1).astype(np.float32)
