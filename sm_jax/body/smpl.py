"""The SMPL body as pure functions of a pytree of arrays: shape, pose, skin.

`pose` runs the kinematics once and never touches a vertex; keypoints, surface points and vertices are read off its
result, so a caller pays only for what it asks for. Formulas: Loper et al., "SMPL", SIGGRAPH Asia 2015.

Works in the dtype of its arguments: for bfloat16 cast body and motion alike (`jax.tree.map`).
"""

import dataclasses
from collections.abc import Sequence

import chex
import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.body import skeleton
from sm_jax.body.skinning import Skin, dense_skin, mesh_skin
from sm_jax.geometry import rotations, safe
from sm_jax.geometry.layout import batch_first, batch_last, compose_last, rotate_last
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
    v_template: [V, 3].  shapedirs: [V, 3, N].  weights: [V, 24].  faces: [F, 3] int32.
    joint_template: [24, 3].  joint_shapedirs: [24, 3, N].
    keypoint_template: [K, 3] and keypoint_shapedirs: [K, 3, N], rest positions of `skeleton.KEYPOINTS`.
    surface_index: [S] int32 vertices that stand for the skin.  surface_region: [S] int32 into `SIDED_REGIONS`.
    mesh, surface: all vertices, and those of `surface_index`, prepared for skinning (with the pose blend shapes).
    """

    name: str = dataclasses.field(metadata={"static": True})
    v_template: Array
    shapedirs: Array
    weights: Array
    faces: Array
    joint_template: Array
    joint_shapedirs: Array
    keypoint_template: Array
    keypoint_shapedirs: Array
    surface_index: Array
    surface_region: Array
    mesh: Skin
    surface: Skin
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
    chex.assert_axis_dimension(betas, -1, body.joint_shapedirs.shape[-1])
    return shaped(body.joint_template, body.joint_shapedirs, betas)


def foot_clearance(body: Body, betas: Array) -> jax.Array:
    """Height [..., 4] in metres of `skeleton.FOOT_JOINTS` over the sole of a flat foot, for betas [..., N]."""
    lowest = jnp.min(shaped(body.v_template, body.shapedirs, betas)[..., 1], axis=-1)
    return rest_joints(body, betas)[..., np.array(skeleton.FOOT_JOINTS), 1] - lowest[..., None]


def forward_kinematics(rotations_local: Array, rest: Array, pelvis: Array) -> tuple[jax.Array, jax.Array]:
    """Rotations and joints in the world, all joints of one tree level at a time, the batch as the last axis inside.

    rotations_local: [..., 24, 3, 3], the first one world from pelvis, the others parent-relative.
    rest: [..., 24, 3] rest joints.  pelvis: [..., 3] position of the pelvis in the world.
    Returns R_world_joint [..., 24, 3, 3] and joints [..., 24, 3]. Leading axes are of equal rank and broadcast.
    """
    chex.assert_shape([rotations_local, rest, pelvis], [(..., 24, 3, 3), (..., 24, 3), (..., 3)])
    lead = jnp.broadcast_shapes(rotations_local.shape[:-3], rest.shape[:-2], pelvis.shape[:-1])
    parents = np.array((0, *skeleton.PARENTS[1:]))
    # Split, not sliced: the gradient of a split is one concatenation.
    starts = [level[0] for level in skeleton.LEVELS[1:]]  # levels are runs of consecutive joints
    local = jnp.split(batch_last(rotations_local, lead, 3), starts)
    bones = jnp.split(batch_last(rest - rest[..., parents, :], lead, 2), starts)
    R, x = [local[0]], [batch_last(pelvis[..., None, :], lead, 2)]
    for depth in range(1, len(skeleton.LEVELS)):
        slot = parents[list(skeleton.LEVELS[depth])] - skeleton.LEVELS[depth - 1][0]
        R_parent, x_parent = R[-1][slot], x[-1][slot]
        R.append(compose_last(R_parent, local[depth]))
        x.append(x_parent + rotate_last(R_parent, bones[depth]))
    return batch_first(jnp.concatenate(R), lead), batch_first(jnp.concatenate(x), lead)


@jax.jit
def pose(body: Body, motion: Motion) -> Posed:
    """Play a motion [..., P, T] on the body: joints and their rotations, no vertices."""
    chex.assert_shape([motion.global_orient, motion.body_pose, motion.pelvis], [(..., 3, 3), (..., 23, 3, 3), (..., 3)])
    rest = rest_joints(body, motion.betas)
    local = motion.rotations
    R, joints = forward_kinematics(local, rest[..., None, :, :], motion.pelvis)
    return Posed(R_world_joint=R, joints=joints, rest_joints=rest, body_pose=motion.body_pose, betas=motion.betas)


def attached(posed: Posed, rest_points: Array, joint: Sequence[int] | Array) -> jax.Array:
    """World positions [..., P, T, M, 3] of rest points [..., P, M, 3] that ride rigidly on joints [M]."""
    joint = jnp.asarray(joint)
    offset = (rest_points - posed.rest_joints[..., joint, :])[..., None, :, :]
    return rotations.rotate(posed.R_world_joint[..., joint, :, :], offset) + posed.joints[..., joint, :]


@jax.jit
def keypoints(body: Body, posed: Posed) -> jax.Array:
    """World positions [..., P, T, K, 3] of `skeleton.KEYPOINTS`."""
    rest = shaped(body.keypoint_template, body.keypoint_shapedirs, posed.betas)
    return attached(posed, rest, skeleton.KEYPOINT_JOINTS)


@jax.jit
def surface_points(body: Body, posed: Posed) -> jax.Array:
    """World positions [..., P, T, S, 3] of the surface points."""
    lead = posed.joints.shape[:-2]
    return batch_first(dense_skin(body.surface, *_skin_inputs(body.surface, posed)), lead)


@jax.jit
def vertices(body: Body, posed: Posed) -> jax.Array:
    """World positions [..., P, T, V, 3] of all vertices. Reverse-mode differentiation in the motion only."""
    lead = posed.joints.shape[:-2]
    return batch_first(mesh_skin(body.mesh, *_skin_inputs(body.mesh, posed)), lead)


def _skin_inputs(skin: Skin, posed: Posed) -> tuple[jax.Array, jax.Array]:
    """Transforms [24, 3, 4, N] world from rest pose and features [M, N] of all N frames."""
    lead = posed.joints.shape[:-2]
    R, joints = batch_last(posed.R_world_joint, lead, 3), batch_last(posed.joints, lead, 2)
    rest = batch_last(posed.rest_joints[..., None, :, :], lead, 2)
    transforms = jnp.concatenate([R, (joints - rotate_last(R, rest))[:, :, None]], axis=2)

    betas = batch_last(posed.betas[..., None, :], lead, 1)
    parts = [betas, jnp.ones_like(betas[:1])]
    if skin.blend.shape[-1] > len(betas) + 1:  # the model has pose blend shapes
        identity = jnp.eye(3, dtype=R.dtype)[None, :, :, None]
        parts.insert(0, (batch_last(posed.body_pose, lead, 3) - identity).reshape(-1, R.shape[-1]))
    return transforms, jnp.concatenate(parts)
