"""The SMPL body as pure functions of a pytree of arrays: shape, pose, skin.

`pose` runs the kinematics once and never touches a vertex; keypoints, surface points and vertices are read off its
result, so a caller pays only for what it asks for. Formulas: Loper et al., "SMPL", SIGGRAPH Asia 2015.
"""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.body import skeleton
from sm_jax.geometry import rotations, safe
from sm_jax.types import Array, Motion


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class CapsuleModel:
    """Capsules (C of them) that approximate the skin, each rigid on one joint and linear in betas.

    joint: [C] int32.  start, end: [C, 3] ends of the axis in the rest pose.  radius: [C].
    start_shapedirs, end_shapedirs: [C, 3, N].  radius_shapedirs: [C, N].
    """

    joint: Array
    start: Array
    end: Array
    radius: Array
    start_shapedirs: Array
    end_shapedirs: Array
    radius_shapedirs: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class DistanceField:
    """Signed distance to the skin in the rest pose, tabulated in a box around each capsule's part, linear in betas.

    low, high: [C, 3] corners of the boxes.  low_shapedirs, high_shapedirs: [C, 3, N].
    distance: [C, n, n, n] metres at nodes evenly spread over each box.  distance_shapedirs: [C, n, n, n, N].
    """

    low: Array
    high: Array
    low_shapedirs: Array
    high_shapedirs: Array
    distance: Array
    distance_shapedirs: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Body:
    """One body model. Arrays only, so that it is an argument of compiled functions and never a baked-in constant.

    The rest pose is a T-pose, metres, y up, facing +z, left = +x.
    v_template: [V, 3].  shapedirs: [V, 3, N].  posedirs: [V, 3, 207] or None.  weights: [V, 24].  faces: [F, 3] int32.
    joint_template: [24, 3].  joint_shapedirs: [24, 3, N].
    keypoint_template: [K, 3] and keypoint_shapedirs: [K, 3, N], rest positions of `skeleton.KEYPOINTS`.
    surface_index: [S] int32 vertices that stand for the skin.  surface_region: [S] int32 into `SIDED_REGIONS`.
    """

    name: str = dataclasses.field(metadata={"static": True})
    v_template: Array
    shapedirs: Array
    posedirs: Array | None
    weights: Array
    faces: Array
    joint_template: Array
    joint_shapedirs: Array
    keypoint_template: Array
    keypoint_shapedirs: Array
    surface_index: Array
    surface_region: Array
    capsules: CapsuleModel
    distance_field: DistanceField


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Posed:
    """A motion played on a body. Leading axes [..., P, T].

    R_world_joint: [..., P, T, 24, 3, 3].  joints: [..., P, T, 24, 3] in the world.
    rest_joints: [..., P, 24, 3].  body_pose: [..., P, T, 23, 3, 3].  betas: [..., P, N].
    """

    R_world_joint: Array
    joints: Array
    rest_joints: Array
    body_pose: Array
    betas: Array


def shaped(template: Array, shapedirs: Array, betas: Array) -> jax.Array:
    """Rest positions [..., N_points, 3] of a template [N_points, 3] for betas [..., N]."""
    offsets = safe.einsum("vck,...k->...vc", shapedirs, betas)
    return jnp.reshape(template, (1,) * (offsets.ndim - 2) + template.shape) + offsets


def rest_joints(body: Body, betas: Array) -> jax.Array:
    """Joints [..., 24, 3] of the rest pose for betas [..., N]."""
    return shaped(body.joint_template, body.joint_shapedirs, betas)


def foot_clearance(body: Body, betas: Array) -> jax.Array:
    """Height [..., 4] in metres of `skeleton.FOOT_JOINTS` over the sole of a flat foot, for betas [..., N]."""
    lowest = jnp.min(shaped(body.v_template, body.shapedirs, betas)[..., 1], axis=-1)
    return rest_joints(body, betas)[..., np.array(skeleton.FOOT_JOINTS), 1] - lowest[..., None]


def forward_kinematics(rotations_local: Array, rest: Array, pelvis: Array) -> tuple[jax.Array, jax.Array]:
    """Rotations and joints in the world, all joints of one tree level at a time.

    rotations_local: [..., 24, 3, 3], the first one world from pelvis, the others parent-relative.
    rest: [..., 24, 3] rest joints.  pelvis: [..., 3] position of the pelvis in the world.
    Returns R_world_joint [..., 24, 3, 3] and joints [..., 24, 3]. Leading axes are of equal rank and broadcast.
    """
    parents = np.array(skeleton.PARENTS)
    levels_R, levels_x = [rotations_local[..., :1, :, :]], [pelvis[..., None, :]]
    for above, level in zip(skeleton.LEVELS[:-1], skeleton.LEVELS[1:], strict=True):
        joints = np.array(level)
        slot = parents[joints] - above[0]  # levels are runs of consecutive joints
        R_parent, x_parent = levels_R[-1][..., slot, :, :], levels_x[-1][..., slot, :]
        bone = rest[..., joints, :] - rest[..., parents[joints], :]
        levels_R.append(rotations.compose(R_parent, rotations_local[..., joints, :, :]))
        levels_x.append(x_parent + rotations.rotate(R_parent, bone))
    return jnp.concatenate(levels_R, axis=-3), jnp.concatenate(levels_x, axis=-2)


def pose(body: Body, motion: Motion) -> Posed:
    """Play a motion [..., P, T] on the body: joints and their rotations, no vertices."""
    rest = rest_joints(body, motion.betas)
    local = jnp.concatenate([motion.global_orient[..., None, :, :], motion.body_pose], axis=-3)
    R, joints = forward_kinematics(local, rest[..., None, :, :], motion.pelvis)
    return Posed(R_world_joint=R, joints=joints, rest_joints=rest, body_pose=motion.body_pose, betas=motion.betas)


def attached(posed: Posed, rest_points: Array, joint: Sequence[int] | Array) -> jax.Array:
    """World positions [..., P, T, M, 3] of rest points [..., P, M, 3] that ride rigidly on joints [M]."""
    joint = jnp.asarray(joint)
    offset = (rest_points - posed.rest_joints[..., joint, :])[..., None, :, :]
    return rotations.rotate(posed.R_world_joint[..., joint, :, :], offset) + posed.joints[..., joint, :]


def keypoints(body: Body, posed: Posed) -> jax.Array:
    """World positions [..., P, T, K, 3] of `skeleton.KEYPOINTS`."""
    rest = shaped(body.keypoint_template, body.keypoint_shapedirs, posed.betas)
    return attached(posed, rest, skeleton.KEYPOINT_JOINTS)


def surface_points(body: Body, posed: Posed) -> jax.Array:
    """World positions [..., P, T, S, 3] of the surface points."""
    index = body.surface_index
    posedirs = None if body.posedirs is None else body.posedirs[index]
    return _skin(posed, body.v_template[index], body.shapedirs[index], posedirs, body.weights[index])


def vertices(body: Body, posed: Posed) -> jax.Array:
    """World positions [..., P, T, V, 3] of all vertices."""
    return _skin(posed, body.v_template, body.shapedirs, body.posedirs, body.weights)


def _skin(posed: Posed, template: Array, shapedirs: Array, posedirs: Array | None, weights: Array) -> jax.Array:
    """Linear blend skinning with pose blend shapes, [..., P, T, V, 3]."""
    rest = shaped(template, shapedirs, posed.betas)[..., None, :, :]
    if posedirs is not None:
        identity = jnp.broadcast_to(jnp.eye(3, dtype=posed.body_pose.dtype), posed.body_pose.shape)
        feature = (posed.body_pose - identity).reshape(*posed.body_pose.shape[:-3], -1)
        rest = rest + safe.einsum("vck,...k->...vc", posedirs, feature)
    R = posed.R_world_joint
    t = posed.joints - rotations.rotate(R, posed.rest_joints[..., None, :, :])
    transforms = jnp.concatenate([R, t[..., None]], axis=-1).reshape(*R.shape[:-2], 12)
    blended = safe.einsum("vj,...jm->...vm", weights, transforms)
    blended = blended.reshape(*blended.shape[:-1], 3, 4)
    return rotations.rotate(blended[..., :3], rest) + blended[..., 3]
