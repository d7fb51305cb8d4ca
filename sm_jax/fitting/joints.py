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
from sm_jax.data.schema import Landmarks
from sm_jax.errors import UserError
from sm_jax.fitting.chart import retract, rotations, zero_step
from sm_jax.fitting.solver import levenberg_marquardt
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import compose, nearest_rotation, transpose
from sm_jax.types import Array, Motion

_LIMBS = tuple((PARENTS[child], child) for child in (4, 7, 10, 5, 8, 11, 18, 20, 22, 19, 21, 23))
LINES = (*_LIMBS, (2, 1), (17, 16), (0, 12))
_TRUNK = (1, 2, 12, 16, 17)

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
_DIRECTION, _ACCELERATION = 0.3, 0.1


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Targets:
    """What is known of each SMPL joint. joints: [P, T, 24, 3] in the world.  joint_weight: [P, T, 24] in [0, 1].
    R_world_joint: [P, T, 24, 3, 3].  rotation_weight: [P, T, 24] in [0, 1], zero where a rotation is unknown."""

    joints: Array
    joint_weight: Array
    R_world_joint: Array
    rotation_weight: Array


def targets(
    landmarks: Landmarks, positions: Mapping[str, Mapping[str, float]], orientations: Mapping[str, str]
) -> Targets:
    """Landmarks to joints by name.

    positions: SMPL joint -> {landmark: share}, shares summing to one.  orientations: SMPL joint -> landmark whose bone
    turns with that joint. Joints not named are unknown. Raises UserError for a landmark that is not there.
    """
    asked = {name for shares in positions.values() for name in shares} | set(orientations.values())
    if unknown := asked - set(landmarks.names):
        raise UserError(f"{landmarks.name}: no landmark named {', '.join(sorted(unknown))}; correct the correspondence")
    shares = np.zeros((24, len(landmarks.names)), np.float32)
    for joint, parts in positions.items():
        for name, share in parts.items():
            shares[JOINTS.index(joint), landmarks.names.index(name)] = share
    joint_index = [JOINTS.index(joint) for joint in orientations]
    source = [landmarks.names.index(name) for name in orientations.values()]
    shape = landmarks.positions.shape[:2]
    R, R_weight = np.tile(np.eye(3, dtype=np.float32), (*shape, 24, 1, 1)), np.zeros((*shape, 24), np.float32)
    R[:, :, joint_index], R_weight[:, :, joint_index] = (
        landmarks.orientations[:, :, source],
        landmarks.weight[:, :, source],
    )
    known = np.where(shares > 0, landmarks.weight[:, :, None, :], 1.0).min(axis=-1) * (shares.sum(axis=-1) > 0)
    return Targets(
        joints=np.einsum("jn,ptnc->ptjc", shares, landmarks.positions).astype(np.float32),
        joint_weight=known.astype(np.float32),
        R_world_joint=R,
        rotation_weight=R_weight,
    )


@jax.jit
def estimate_betas(body: smpl.Body, target: Targets) -> jax.Array:
    """Betas [P, N] whose limbs and trunk are as long as the targets' median over the frames, under a standard prior."""
    ends = np.array([*_LIMBS[:2], *_LIMBS[3:5], *_LIMBS[6:8], *_LIMBS[9:11], (0, 12)])
    lengths = safe.norm(target.joints[:, :, ends[:, 1]] - target.joints[:, :, ends[:, 0]])
    known = (target.joint_weight[:, :, ends].min(axis=-1) > 0.5).all(axis=1)
    measured = jnp.median(lengths, axis=1)

    def residuals(betas):
        rest = smpl.rest_joints(body, betas)
        own = safe.norm(rest[:, ends[:, 1]] - rest[:, ends[:, 0]])
        # A length is known to about 3 cm, since joint centres differ between skeletons; betas have unit variance.
        return jnp.where(known, (own - measured) / 0.03, 0.0), betas

    start = jnp.zeros((target.joints.shape[0], body.joint_shapedirs.shape[-1]))
    return levenberg_marquardt(residuals, jnp.add, start, start, iterations=10, cg_steps=20)[0]


def initial_motion(body: smpl.Body, target: Targets, betas: Array) -> Motion:
    """A first guess: known rotations as they are, unknown ones like the parent's, the root from the trunk's joints."""
    rest = smpl.rest_joints(body, betas)
    weight = target.joint_weight[:, :, _TRUNK, None]
    centred = lambda x, w: x - jnp.sum(w * x, axis=-2, keepdims=True) / jnp.maximum(jnp.sum(w, -2, keepdims=True), 1e-6)  # noqa: E731
    measured = centred(target.joints[:, :, _TRUNK], weight)
    own = centred(jnp.broadcast_to(rest[:, None, _TRUNK], measured.shape), weight)
    trunk = nearest_rotation(safe.einsum("ptni,ptnj->ptij", weight * measured, own))
    world = []
    for joint, parent in enumerate(PARENTS):
        known = target.rotation_weight[:, :, joint, None, None] > 0.0
        world.append(jnp.where(known, target.R_world_joint[:, :, joint], trunk if parent < 0 else world[parent]))
    local = jnp.stack([compose(transpose(world[p]), world[j]) for j, p in enumerate(PARENTS) if p >= 0], axis=2)
    hips = target.joints[:, :, 1:3].mean(axis=2)
    return Motion(global_orient=world[0], body_pose=local, pelvis=hips, betas=betas)


@partial(jax.jit, static_argnames=("iterations", "cg_steps"))
def fit(
    body: smpl.Body, target: Targets, betas: Array, iterations: int = 6, cg_steps: int = 15
) -> tuple[Motion, Array]:
    """Motion [P, T] on the body with the given betas [P, N], and the cost before each iteration and at the end.

    Frames are solved together, tied by a small penalty on joint acceleration.
    """
    start = initial_motion(body, target, betas)

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
        table(_REST)[None, None, 1:, None, None] * (rotations(motion)[:, :, 1:] - identity),
        _ACCELERATION * jnp.diff(posed.joints, n=2, axis=1),
    )
