"""The joints that evaluation protocols measure: LSP 14, H36M 17 and its 14, COCO 17, Halpe 26.

Two sources. A *regressor*, a matrix from vertices to joints, read from a file that the user has: the published ones
(`J_regressor_h36m.npy` and others) were trained on licensed data and are not ours to ship. And joints *derived* from
the joints and landmark vertices of any body of ours: no file, no mesh, but not the same points.

What is derived is SMPL's own skeleton. Its hips, neck and head differ from those marked in LSP and H36M by up to
several centimetres, so that an error measured on derived joints compares with another one measured on derived joints
of the same body, not with published numbers. Name the source next to every number.
"""

import dataclasses
import pathlib
import zipfile

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.assets.arrays import Unreadable, read_npy, read_npz
from sm_jax.body import skeleton, smpl
from sm_jax.errors import UserError
from sm_jax.geometry import safe
from sm_jax.types import Array

# The order of the 14 joints of CloseInt, BUDDI and PromptHMR, too ("J14": there the head is H36M's).
LSP = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "right_wrist", "right_elbow",
    "right_shoulder", "left_shoulder", "left_elbow", "left_wrist", "neck", "head_top",
)  # fmt: skip
# "neck" is what H36M calls thorax, at the base of the neck; "nose" what it calls neck or jaw.
H36M = (
    "pelvis", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "spine", "neck", "nose",
    "head_top", "left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist",
)  # fmt: skip
COCO = skeleton.KEYPOINTS[:17]
HALPE = (
    *COCO, "head_top", "neck", "pelvis", "left_toe", "right_toe", "left_small_toe", "right_small_toe", "left_heel",
    "right_heel",
)  # fmt: skip

_HEAD, _SPINE = skeleton.JOINTS.index("head"), skeleton.JOINTS.index("spine2")
_TRUNK = np.array([skeleton.JOINTS.index("pelvis"), skeleton.JOINTS.index("neck")])


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Regressor:
    """Joints as weighted means of vertices. weights: [N, V], rows sum to one."""

    names: tuple[str, ...] = dataclasses.field(metadata={"static": True})
    weights: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class DerivedJoints:
    """Points that ride on SMPL joints. joint: the N joints that carry them.

    template: [N, 3] and shapedirs: [N, 3, B], their rest positions.
    """

    names: tuple[str, ...] = dataclasses.field(metadata={"static": True})
    joint: tuple[int, ...] = dataclasses.field(metadata={"static": True})
    template: Array
    shapedirs: Array


def read_regressor(path: str | pathlib.Path, names: tuple[str, ...], body: smpl.Body) -> Regressor:
    """Regressor from a file (.npy, or an .npz that holds one array) of [N, V] numbers, N `names`, V vertices of `body`.

    Left and right are put right on the body's T-pose: files of H36M exist with either leg first (SPIN's has the left
    one, H36M itself the right one) and nothing in them tells. Raises UserError for a file that does not fit.
    """
    weights = _read(pathlib.Path(path).expanduser())
    template = np.asarray(body.v_template)
    if weights.shape != (len(names), len(template)):
        raise UserError(
            f"Regressor {path} has shape {weights.shape}; {len(names)} joints of body '{body.name}' "
            f"take {(len(names), len(template))}."
        )
    if not np.isfinite(weights).all() or np.abs(weights.sum(axis=1) - 1).max() > 0.01:
        raise UserError(f"Regressor {path}: its rows do not sum to one, so it is no regressor of joints.")
    side = weights @ template[:, 0]
    for left, name in enumerate(names):
        if name.startswith("left_"):
            right = names.index("right_" + name.removeprefix("left_"))
            if side[left] < side[right]:
                weights[[left, right]] = weights[[right, left]]
    return Regressor(names=names, weights=jnp.asarray(weights))


def select(regressor: Regressor, names: tuple[str, ...]) -> Regressor:
    """The joints `names` of a regressor, in that order: `select(h36m, LSP)` is the field's H36M-14."""
    return Regressor(names=names, weights=regressor.weights[np.array([regressor.names.index(name) for name in names])])


def regress(regressor: Regressor, vertices: Array) -> jax.Array:
    """Joints [..., N, 3] of vertices [..., V, 3]."""
    return safe.einsum("nv,...vc->...nc", regressor.weights, vertices)


def derive(body: smpl.Body, names: tuple[str, ...]) -> DerivedJoints:
    """Joints `names` of a body without a regressor. Call it once, outside of compiled code.

    Face, heels and toes are the body's keypoint vertices, `head_top` its highest vertex, `spine` (H36M) rides on spine2
    half way from pelvis to neck, all others are SMPL joints of that name. Small toes have no source. Raises UserError
    for a name without one.
    """
    return DerivedJoints(
        names=names,
        joint=tuple(_joint(name) for name in names),
        template=jnp.stack([_rest(body, name)[0] for name in names]),
        shapedirs=jnp.stack([_rest(body, name)[1] for name in names]),
    )


def posed_joints(derived: DerivedJoints, posed: smpl.Posed) -> jax.Array:
    """Derived joints [..., P, T, N, 3] in the world."""
    rest = smpl.shaped(derived.template, derived.shapedirs, posed.betas)
    return smpl.attached(posed, rest, derived.joint)


def _read(path: pathlib.Path) -> np.ndarray:
    if not path.is_file():
        raise UserError(f"Regressor {path} not found.")
    try:
        arrays = [*read_npz(path).values()] if zipfile.is_zipfile(path) else [read_npy(path)]
    except Unreadable as error:
        raise UserError(f"Regressor {path} is damaged or no .npy or .npz file of numbers ({error}).") from error
    if len(arrays) != 1 or arrays[0].dtype.kind not in "fiu":
        raise UserError(f"Regressor {path} holds {len(arrays)} arrays: one, of numbers, is needed.")
    return arrays[0].astype(np.float32)


def _joint(name: str) -> int:
    if name in skeleton.KEYPOINTS:
        return skeleton.KEYPOINT_JOINTS[skeleton.KEYPOINTS.index(name)]
    if name in skeleton.JOINTS:
        return skeleton.JOINTS.index(name)
    named = {"head_top": _HEAD, "spine": _SPINE}
    if name not in named:
        raise UserError(f"Joint '{name}' cannot be derived from a body: read a regressor that has it.")
    return named[name]


def _rest(body: smpl.Body, name: str) -> tuple[Array, Array]:
    """Rest position [3] and its change with betas [3, B]."""
    if name in skeleton.KEYPOINTS:
        index = skeleton.KEYPOINTS.index(name)
        return body.keypoint_template[index], body.keypoint_shapedirs[index]
    if name == "head_top":
        top = int(np.argmax(np.asarray(body.v_template)[:, 1]))
        return body.v_template[top], body.shapedirs[top]
    if name == "spine":
        return jnp.mean(body.joint_template[_TRUNK], axis=0), jnp.mean(body.joint_shapedirs[_TRUNK], axis=0)
    index = _joint(name)
    return body.joint_template[index], body.joint_shapedirs[index]
