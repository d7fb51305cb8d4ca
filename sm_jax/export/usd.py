"""`people.usdc`: both people as UsdSkel characters on one time line, with the camera. z up, metres. Needs the extra
`usd`."""

import importlib
import json
import pathlib
from typing import Any

import numpy as np

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
    import pxr

    # by name: what a checker of types sees in these modules is empty
    Gf, Tf, Usd, UsdGeom, UsdSkel, Vt = (
        importlib.import_module(f"{pxr.__name__}.{name}") for name in ("Gf", "Tf", "Usd", "UsdGeom", "UsdSkel", "Vt")
    )
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[usd]'") from error

_R_CAMERA_USD = np.diag([1.0, -1.0, -1.0])  # USD's cameras look along -z with y up
_APERTURE = 36.0  # width of the film; only its proportion to the focal length counts


def save_usd(path: str | pathlib.Path, body: smpl.Body, content: MotionFile) -> None:
    """Write both people, skinned and animated, and the camera as binary USD, whole or not at all.

    A time code is a frame at the mean rate, and each frame stands at its own time. Skinning is linear with all of the
    body's weights; pose blend shapes of a licensed body are left out. Raises UserError if the path cannot be written.
    """
    stage = Usd.Stage.CreateInMemory()
    codes = np.round((content.time - content.time[0]) * content.fps, 3).tolist()
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    stage.SetTimeCodesPerSecond(content.fps)
    stage.SetFramesPerSecond(content.fps)
    stage.SetStartTimeCode(codes[0])
    stage.SetEndTimeCode(codes[-1])
    world = UsdGeom.Xform.Define(stage, "/World")
    stage.SetDefaultPrim(world.GetPrim())
    stage.GetRootLayer().customLayerData = {
        "body_terms": terms_of(body.name),
        "provenance": json.dumps(content.provenance),
    }
    for person in range(len(content.rest_joints)):
        _add_person(stage, codes, body, content, person)
    _add_camera(stage, codes, content.camera)
    with replacing(path) as temporary:
        try:
            stage.Export(str(temporary), addSourceFileComment=False)
        except Tf.ErrorException as error:
            raise UserError(f"cannot write {path}: {error}; check space and rights") from error


def _add_person(stage: Any, codes: list[float], body: smpl.Body, content: MotionFile, person: int) -> None:
    """Skeleton, animation and skin of one person below /World."""
    root = UsdSkel.Root.Define(stage, f"/World/person{person}")
    rest = np.asarray(content.rest_joints[person], np.float64)
    skeleton = UsdSkel.Skeleton.Define(stage, root.GetPath().AppendChild("skeleton"))
    skeleton.CreateJointsAttr(_joint_paths())
    skeleton.CreateBindTransformsAttr(_shifts(rest))
    skeleton.CreateRestTransformsAttr(_shifts(_from_parent(rest)))
    animation = _add_animation(stage, skeleton.GetPath().AppendChild("animation"), codes, content, person)
    UsdSkel.BindingAPI.Apply(skeleton.GetPrim()).CreateAnimationSourceRel().SetTargets([animation.GetPath()])
    skin = _add_skin(stage, root.GetPath().AppendChild("skin"), body, content, person)
    binding = UsdSkel.BindingAPI.Apply(skin.GetPrim())
    binding.CreateSkeletonRel().SetTargets([skeleton.GetPath()])
    count = int((np.asarray(body.weights) > 0).sum(axis=1).max())
    joints, weights = mesh.strongest_joints(body.weights, count)
    binding.CreateJointIndicesPrimvar(False, count).Set(Vt.IntArray(joints.ravel().tolist()))
    binding.CreateJointWeightsPrimvar(False, count).Set(Vt.FloatArray(weights.ravel().tolist()))
    extent, reach = root.CreateExtentAttr(), _reach(body, content, person)
    for now, code in zip(content.joints[person], codes, strict=True):
        extent.Set(_vectors(np.stack([now.min(0) - reach, now.max(0) + reach])), code)


def _add_animation(stage: Any, path: Any, codes: list[float], content: MotionFile, person: int) -> Any:
    """The joints' rotations from their parents, and the pelvis' way through the world."""
    animation = UsdSkel.Animation.Define(stage, path)
    animation.CreateJointsAttr(_joint_paths())
    animation.CreateScalesAttr(Vt.Vec3hArray(len(JOINTS), Gf.Vec3h(1, 1, 1)))
    rotated, moved = animation.CreateRotationsAttr(), animation.CreateTranslationsAttr()
    wxyz = _quaternions(content.motion.rotations[person])
    shifts = _from_parent(content.rest_joints[person])
    for t, code in enumerate(codes):
        shifts[0] = content.motion.pelvis[person, t]
        rotated.Set(Vt.QuatfArray([Gf.Quatf(*q) for q in wxyz[t].tolist()]), code)
        moved.Set(_vectors(shifts), code)
    return animation


def _add_skin(stage: Any, path: Any, body: smpl.Body, content: MotionFile, person: int) -> Any:
    skin = UsdGeom.Mesh.Define(stage, path)
    vertices, faces = mesh.rest_vertices(body, content.motion.betas[person]), np.asarray(body.faces)
    skin.CreatePointsAttr(_vectors(vertices))
    skin.CreateFaceVertexCountsAttr(Vt.IntArray(len(faces), 3))
    skin.CreateFaceVertexIndicesAttr(Vt.IntArray(faces.ravel().tolist()))
    skin.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    skin.CreateNormalsAttr(_vectors(mesh.vertex_normals(vertices, faces)))
    skin.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    skin.CreateExtentAttr(_vectors(np.stack([vertices.min(0), vertices.max(0)])))
    linear = np.asarray(mesh.COLOURS[person]) ** 2.2  # display colours are linear light
    skin.CreateDisplayColorAttr([Gf.Vec3f(*linear.tolist())])
    return skin


def _add_camera(stage: Any, codes: list[float], camera: Camera) -> None:
    """The view of the input video, its principal point included."""
    lens = UsdGeom.Camera.Define(stage, "/World/camera")
    width, height = (float(side) for side in camera.image_size)
    K = np.asarray(camera.K, np.float64)
    film = _APERTURE / width, _APERTURE / width * K[0, 0] / K[1, 1]  # a pixel's width and height
    lens.CreateFocalLengthAttr(float(film[0] * K[0, 0]))
    lens.CreateHorizontalApertureAttr(_APERTURE)
    lens.CreateVerticalApertureAttr(float(film[1] * height))
    lens.CreateHorizontalApertureOffsetAttr(float(film[0] * (width / 2 - K[0, 2])))
    lens.CreateVerticalApertureOffsetAttr(float(film[1] * (K[1, 2] - height / 2)))
    lens.CreateClippingRangeAttr(Gf.Vec2f(0.05, 1000.0))
    R_world_camera = np.swapaxes(np.asarray(camera.R, np.float64), -1, -2)
    pose = np.tile(np.eye(4), (len(codes), 1, 1))  # row vectors: matrices stand transposed
    pose[:, :3, :3] = np.swapaxes(R_world_camera @ _R_CAMERA_USD, -1, -2)
    pose[:, 3, :3] = -np.einsum("tij,tj->ti", R_world_camera, camera.t)
    moves = lens.AddTransformOp()
    if np.ptp(pose, axis=0).max() == 0:
        moves.Set(Gf.Matrix4d(pose[0].tolist()))
        return
    for matrix, code in zip(pose, codes, strict=True):
        moves.Set(Gf.Matrix4d(matrix.tolist()), code)


def _joint_paths() -> Any:
    """Every joint's name after those of all above it."""
    paths: list[str] = []
    for name, parent in zip(JOINTS, PARENTS, strict=True):
        paths.append(name if parent < 0 else f"{paths[parent]}/{name}")
    return Vt.TokenArray(paths)


def _from_parent(rest: Array) -> np.ndarray:
    """Rest joints [J, 3] from their parents; the root from the origin."""
    return np.stack([joint - (rest[parent] if parent >= 0 else 0) for joint, parent in zip(rest, PARENTS, strict=True)])


def _shifts(vectors: np.ndarray) -> Any:
    return Vt.Matrix4dArray([Gf.Matrix4d().SetTranslate(Gf.Vec3d(*vector)) for vector in vectors.tolist()])


def _vectors(rows: Array) -> Any:
    return Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(rows, np.float32))


def _quaternions(R: Array) -> np.ndarray:
    """Rotations [T, ..., 3, 3] as unit (w, x, y, z)."""
    wxyz = map_on_host(rotations.matrix_to_quaternion, np.asarray(R, np.float32), 0).astype(np.float64)
    return wxyz / np.linalg.norm(wxyz, axis=-1, keepdims=True)


def _reach(body: smpl.Body, content: MotionFile, person: int) -> float:
    """How far the skin ever is from the nearest joint, metres: no farther than at rest from any that carries it."""
    vertices = mesh.rest_vertices(body, content.motion.betas[person])
    distance = np.linalg.norm(vertices[:, None] - np.asarray(content.rest_joints[person]), axis=-1)
    return float(distance[np.asarray(body.weights) > 0].max())
