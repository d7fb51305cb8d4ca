"""3D joints of any skeleton, with or without the rotations of its bones, to SMPL motion on a given body.

Two skeletons never agree: joint centres and proportions differ. So limbs follow the measured *directions*, feet and
hands the measured positions, trunk, head and feet the measured rotations where they are known, and what nothing
determines stays near the rest pose.
"""

import dataclasses
from collections.abc import Mapping
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, PARENTS
from sm_jax.data.schema import LandmarkMotion
from sm_jax.errors import UserError
from sm_jax.fitting.joint_limits import beyond_range
from sm_jax.fitting.mocap.initial_pose import HINGE_JOINTS, initial_motion, out_of_plane
from sm_jax.fitting.solver import levenberg_marquardt
from sm_jax.fitting.tangent import retract, zero_step
from sm_jax.geometry import safe
from sm_jax.types import Array, Motion

# Which landmark stands for which SMPL joint, and which bone turns with it.


_SIDES = ("left", "right")
# The joint -> landmarks that stand for it together, the best set first. A toe's landmark lies before SMPL's foot joint,
# which is at the toes' roots.
_POSITIONS: dict[str, tuple[dict[str, float], ...]] = {
    "pelvis": ({"left_hip": 0.5, "right_hip": 0.5}, {"pelvis": 1.0}),
    "neck": ({"neck": 1.0},),
    "head": ({"head": 1.0},),
    **{f"{side}_{name}": ({f"{side}_{name}": 1.0},) for side in _SIDES
       for name in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist", "hand")},
    **{f"{side}_foot": ({f"{side}_foot": 1.0}, {f"{side}_ankle": 0.2, f"{side}_toe": 0.8}) for side in _SIDES},
}  # fmt: skip
_ORIENTATIONS = {
    "pelvis": "pelvis", "spine3": "chest", "neck": "neck", "head": "head",
    **{f"{side}_{name}": f"{side}_{name}" for side in _SIDES
       for name in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")},
}  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class Correspondence:
    """From a figure's landmarks to SMPL's joints. Joints that are not named are unknown.

    positions: SMPL joint -> {landmark: share}, shares summing to one.
    orientations: SMPL joint -> landmark whose bone turns with that joint.
    """

    positions: Mapping[str, Mapping[str, float]]
    orientations: Mapping[str, str]


def by_name(landmarks: LandmarkMotion) -> Correspondence:
    """The correspondence of landmarks named like SMPL's joints, or `chest`, `left_toe`; others are passed over."""
    names = set(landmarks.names)
    positions = {}
    for joint, choices in _POSITIONS.items():
        found = next((shares for shares in choices if names >= set(shares)), None)
        if found is not None:
            positions[joint] = found
    turning = {} if landmarks.orientations is None else _ORIENTATIONS
    return Correspondence(positions=positions, orientations={j: name for j, name in turning.items() if name in names})


_LIMBS = tuple((PARENTS[child], child) for child in (4, 7, 10, 5, 8, 11, 18, 20, 22, 19, 21, 23))
LINES = (*_LIMBS, (2, 1), (17, 16), (0, 12))
_BONES = (*_LIMBS[:2], *_LIMBS[3:5], *_LIMBS[6:8], *_LIMBS[9:11], (0, 12))  # whose lengths tell the shape

_POSITION = dict.fromkeys(JOINTS, 0.1) | dict.fromkeys(
    (f"{side}_{end}" for side in ("left", "right") for end in ("ankle", "foot", "wrist", "hand")), 0.6
)
_ROTATION = dict.fromkeys(JOINTS, 0.03) | {
    "pelvis": 0.1,
    "spine3": 0.1,
    "head": 0.2,
    "left_ankle": 0.2,
    "right_ankle": 0.2,
}
_REST = dict.fromkeys(JOINTS, 0.02) | dict.fromkeys(
    (f"{side}_{end}" for side in ("left", "right") for end in ("collar", "foot", "hand")), 0.1
)
_DIRECTION, _ACCELERATION, _RANGE, _HINGE = 0.3, 0.1, 0.3, 0.1


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Targets:
    """What is known of each SMPL joint. joints: [P, T, 24, 3] in the world.  joint_weight: [P, T, 24] in [0, 1].
    R_world_joint: [P, T, 24, 3, 3].  rotation_weight: [P, T, 24] in [0, 1], zero where a rotation is unknown."""

    joints: Array
    joint_weight: Array
    R_world_joint: Array
    rotation_weight: Array


def targets(landmarks: LandmarkMotion, correspondence: Correspondence) -> Targets:
    """Landmarks to joints. Raises UserError for a landmark that is not there, or has no orientation."""
    asked = {name for shares in correspondence.positions.values() for name in shares}
    if unknown := (asked | set(correspondence.orientations.values())) - set(landmarks.names):
        raise UserError(f"{landmarks.name}: no landmark named {', '.join(sorted(unknown))}; correct the correspondence")
    shares = np.zeros((24, len(landmarks.names)), np.float32)
    for joint, parts in correspondence.positions.items():
        for name, share in parts.items():
            shares[JOINTS.index(joint), landmarks.names.index(name)] = share
    R, R_weight = _orientations(landmarks, correspondence)
    positions = _filled(landmarks)
    known = np.where(shares > 0, landmarks.weight[:, :, None, :], 1.0).min(axis=-1) * (shares.sum(axis=-1) > 0)
    return Targets(
        joints=np.einsum("jn,ptnc->ptjc", shares, positions).astype(np.float32),
        joint_weight=known.astype(np.float32),
        R_world_joint=R,
        rotation_weight=R_weight,
    )


def _filled(landmarks: LandmarkMotion) -> np.ndarray:
    """Positions [P, T, N, 3], interpolated where they have no weight, zero where they never have."""
    filled, frames = np.array(landmarks.positions, np.float32), np.arange(landmarks.positions.shape[1])
    for p, n in np.argwhere((landmarks.weight == 0).any(axis=1)):
        seen = np.flatnonzero(landmarks.weight[p, :, n])
        for axis in range(3):
            filled[p, :, n, axis] = np.interp(frames, seen, filled[p, seen, n, axis]) if len(seen) else 0.0
    return filled


def _orientations(landmarks: LandmarkMotion, correspondence: Correspondence) -> tuple[np.ndarray, np.ndarray]:
    """R_world_joint [P, T, 24, 3, 3] and its weight [P, T, 24], of joints whose bone's turn is known."""
    shape = landmarks.positions.shape[:2]
    R, weight = np.tile(np.eye(3, dtype=np.float32), (*shape, 24, 1, 1)), np.zeros((*shape, 24), np.float32)
    if correspondence.orientations and landmarks.orientations is None:
        raise UserError(f"{landmarks.name}: positions only; give a correspondence without orientations")
    for joint, name in correspondence.orientations.items():
        j, n = JOINTS.index(joint), landmarks.names.index(name)
        R[:, :, j], weight[:, :, j] = landmarks.orientations[:, :, n], landmarks.weight[:, :, n]  # pyrefly: ignore[unsupported-operation]
    return R, weight


def estimate_betas(body: smpl.Body, target: Targets) -> jax.Array:
    """Betas [P, N] whose limbs and trunk are as long as the targets', in the median of the frames that show them, under
    a standard prior."""
    a, b = np.array(_BONES).T
    joints, weight = np.asarray(target.joints), np.asarray(target.joint_weight)
    shown = (weight[:, :, a] > 0.5) & (weight[:, :, b] > 0.5)
    lengths = np.linalg.norm(joints[:, :, b] - joints[:, :, a], axis=-1)
    known = np.any(shown, axis=1)
    measured = [[np.median(lengths[p, shown[p, :, i], i]) if known[p, i] else 0.0 for i in range(len(a))]
                for p in range(len(joints))]  # fmt: skip
    return _betas_of_lengths(body, np.array(measured, np.float32), known)


@jax.jit
def _betas_of_lengths(body: smpl.Body, measured: Array, known: Array) -> jax.Array:
    ends = np.array(_BONES)

    def residuals(betas):
        rest = smpl.rest_joints(body, betas)
        own = safe.norm(rest[:, ends[:, 1]] - rest[:, ends[:, 0]])
        # A length is known to about 3 cm, since joint centres differ between skeletons; betas have unit variance.
        return jnp.where(known, (own - measured) / 0.03, 0.0), betas

    start = jnp.zeros((measured.shape[0], body.joint_shapedirs.shape[-1]))
    return levenberg_marquardt(residuals, jnp.add, start, start, iterations=10, cg_steps=20)[0]


@partial(jax.jit, static_argnames=("iterations", "cg_steps"))
def fit(
    body: smpl.Body, target: Targets, betas: Array, iterations: int = 6, cg_steps: int = 15
) -> tuple[Motion, Array]:
    """Motion [P, T] on the body with the given betas [P, N], and the cost before each iteration and at the end.

    Frames are solved together, tied by a small penalty on joint acceleration.
    """
    start = initial_motion(
        body, target.joints, target.joint_weight, target.R_world_joint, target.rotation_weight, betas
    )

    def move(motion, step):
        return retract(motion, dataclasses.replace(step, betas=jnp.zeros_like(step.betas)))

    return levenberg_marquardt(
        partial(_residuals, body, target), move, start, zero_step(start), iterations=iterations, cg_steps=cg_steps
    )


def _residuals(body: smpl.Body, target: Targets, motion: Motion) -> tuple[Array, ...]:
    posed = smpl.pose(body, motion)
    table = lambda weights: jnp.array([weights[name] for name in JOINTS])  # noqa: E731
    position_weight = target.joint_weight * table(_POSITION)[None, None]
    rotation_weight = target.rotation_weight * table(_ROTATION)[None, None]
    a, b = np.array(LINES).T
    line = safe.normalise(posed.joints[:, :, b] - posed.joints[:, :, a])
    measured = safe.normalise(target.joints[:, :, b] - target.joints[:, :, a])
    line_weight = _DIRECTION * target.joint_weight[:, :, a] * target.joint_weight[:, :, b]
    identity = jnp.eye(3)[None, None, None]
    return (
        position_weight[..., None] * (posed.joints - target.joints),
        line_weight[..., None] * (line - measured),
        rotation_weight[..., None, None] * (posed.R_world_joint - target.R_world_joint),
        table(_REST)[None, None, 1:, None, None] * (motion.body_pose - identity),
        _ACCELERATION * jnp.diff(posed.joints, n=2, axis=1),
        _RANGE * beyond_range(motion.body_pose),
        _HINGE * (1.0 - target.rotation_weight[:, :, HINGE_JOINTS]) * out_of_plane(motion, posed.rest_joints),
    )
