"""The errors of a monocular estimator of SMPL motion, correlated in time and growing with occlusion."""

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, NEXT_JOINT, PARENTS
from sm_jax.data.simulator.error_model import ErrorModel, PlacementErrors, RotationErrors
from sm_jax.data.simulator.gross_errors import ObservedPose
from sm_jax.data.simulator.limbs import reach
from sm_jax.data.simulator.noise import normal, process
from sm_jax.geometry import safe
from sm_jax.geometry.camera import to_camera
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose, rotate, transpose
from sm_jax.types import Array, Camera, Motion

# Joint that ends each joint's bone (its own parent's bone, continued, at the ends of limbs); the pelvis' is the trunk.
_END = np.array((JOINTS.index("spine3"), *NEXT_JOINT[1:]))
_BASE = np.array([PARENTS[j] if _END[j] == j else j for j in range(24)])
_PARENTS = np.array(PARENTS)
_TOGETHER = np.array([0 if name.startswith("spine") else j for j, name in enumerate(JOINTS)])  # the trunk errs as one
_FORESHORTENED = 0.6  # sine of the angle to the picture plane from which on the picture shows a bone's depth
_SLOW, _FAST, _TREMBLE = 30.0, 6.0, 2.0  # frames over which the parts of an error keep their value
_BLUR = 3.0  # frames over which a smooth fit spreads what a hidden joint does to it


def estimate_motion(
    key: Array,
    body: smpl.Body,
    betas: Array,
    shown: ObservedPose,
    certainty: Array,
    camera: Camera,
    quality: Array,
    errors: ErrorModel,
) -> Motion:
    """A plausible initial estimate [P, T] of what is shown.

    betas: [P, N] true ones of each person.  certainty: [P, T, J] in [0, 1] of what was seen of each joint.
    quality: [P] by which the errors of rotations, and of a place over time, are larger or smaller.
    """
    at_rotation, at_place, at_clip = jax.random.split(key, 3)
    hidden = _blurred(_smoothstep((0.6 - jnp.minimum(certainty, certainty[:, :, _END])) / 0.4))
    place = errors.placement
    clip_noise = normal(at_clip, (max(len(JOINTS), betas.shape[-1] + 2), 2))[: betas.shape[-1] + 2]
    found = place.own_shape * betas + place.shape * clip_noise[2:].T
    steady = jnp.exp(place.shared * clip_noise[0, :1] + place.own * clip_noise[1])
    size = (steady * trunk_and_leg(body, found))[:, None] / shown.trunk_and_leg
    pelvis = _place(at_place, shown.joints[:, :, 0], size, camera, hidden[..., 0], quality, place)
    R = _rotations(at_rotation, shown, camera, quality, hidden, errors.rotation)
    rest = smpl.rest_joints(body, found)[:, None]
    _, joints = smpl.forward_kinematics(_local(R), rest, pelvis)
    drawn = errors.rotation.drawn * (1.0 - hidden)
    local = _local(reach(R, joints, _towards_rays(joints, shown.joints, drawn, camera)))
    return Motion(global_orient=local[:, :, 0], body_pose=local[:, :, 1:], pelvis=pelvis, betas=found)


def trunk_and_leg(body: smpl.Body, betas: Array) -> jax.Array:
    """Length [P] from ankle to neck along the bones."""
    rest = smpl.rest_joints(body, betas)
    chain = np.array([7, 4, 1, 0, 3, 6, 9, 12])
    return safe.norm(rest[:, chain[1:]] - rest[:, chain[:-1]]).sum(axis=-1)


def _rotations(
    key: Array, shown: ObservedPose, camera: Camera, quality: Array, hidden: Array, errors: RotationErrors
) -> jax.Array:
    """Rotations [P, T, J, 3, 3] in the world whose bones err mostly along the line of sight. hidden: [P, T, J]."""
    parts = ((errors.slow, _SLOW), (errors.fast, _FAST), (errors.tremble, _TREMBLE))
    noise = process(key, (*hidden.shape, 3), parts)[:, :, _TOGETHER]
    position = -rotate(transpose(camera.R), camera.t)
    sight = safe.normalise(shown.joints - position[None, :, None])
    bone = safe.normalise(shown.joints[:, :, _END] - shown.joints[:, :, _BASE])
    towards = safe.normalise(jnp.cross(bone, sight))  # turning about it moves the bone's end along the line of sight
    axes = (towards, jnp.cross(towards, bone), bone)
    depth, plane, twist, unseen = (
        bones.by_joint()[None, None] for bones in (errors.depth, errors.plane, errors.twist, errors.hidden)
    )
    # A bone that points at the camera is short in the picture, and would not be if it were turned: that is noticed.
    sine = jnp.sum(bone * sight, axis=-1)
    depth = depth * _FORESHORTENED * jax.lax.rsqrt(_FORESHORTENED**2 + jnp.square(sine))
    turn = jnp.zeros_like(bone)
    for i, (axis, seen) in enumerate(zip(axes, (depth, plane, twist), strict=True)):
        size = seen * (1.0 - hidden) + unseen * hidden
        turn = turn + (quality[:, None, None] * size * noise[..., i])[..., None] * axis
    return compose(axis_angle_to_matrix(turn), shown.R_world_joint)


def _local(R: Array) -> jax.Array:
    """Rotations [P, T, J, 3, 3] in the world to parent-relative ones."""
    return jnp.concatenate([R[:, :, :1], compose(transpose(R[:, :, _PARENTS[1:]]), R[:, :, 1:])], axis=2)


def _towards_rays(joints: Array, shown: Array, share: Array, camera: Camera) -> jax.Array:
    """Joints [P, T, J, 3] moved, at their depth, a share [P, T, J] of the way to where the picture shows them."""
    here, there = to_camera(camera, joints), to_camera(camera, shown)
    depth = here[..., 2:] / jnp.maximum(there[..., 2:], 0.1)
    moved = here + share[..., None] * (there * depth - here)
    return rotate(transpose(camera.R)[None, :, None], moved - camera.t[None, :, None])


def _place(
    key: Array, pelvis: Array, size: Array, camera: Camera, hidden: Array, quality: Array, errors: PlacementErrors
) -> jax.Array:
    """Pelvis [P, T, 3] misplaced, mostly along the ray. size: [P, T] factor of the depth.  hidden: [P, T].  quality:
    [P]."""
    at_depth, at_offset = jax.random.split(key)
    wander = process(at_depth, pelvis.shape[:2], ((errors.drift, _SLOW), (errors.shake, _FAST)))
    worse = quality[:, None] * (1.0 + 2.0 * hidden)
    depth = size * jnp.exp(worse * wander)
    offset = process(at_offset, pelvis.shape, ((errors.across, _SLOW), (0.2 * errors.across, _FAST)))
    placed = to_camera(camera, pelvis[:, :, None])[:, :, 0] * depth[..., None]
    placed = placed + (quality[:, None] * (1.0 + 4.0 * hidden))[..., None] * offset
    return rotate(transpose(camera.R)[None], placed - camera.t[None])


def _blurred(x: Array) -> jax.Array:
    """x [P, T, J] averaged over a few frames around."""
    lag = np.subtract.outer(np.arange(x.shape[1]), np.arange(x.shape[1])) / _BLUR
    weight = np.exp(-0.5 * lag**2)
    weight = (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)
    return jnp.einsum("ts,psj->ptj", weight, x, precision="highest")


def _smoothstep(x: Array) -> jax.Array:
    x = jnp.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)
