"""Limbs out of the other's body: the deepest points of each person, and planes of the other's skin to keep them behind.

Found once, then cheap: while a solver moves the people a little, points and planes ride on their joints.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jax.tree_util import register_dataclass

from sm_jax.body import smpl
from sm_jax.body.sdf import nearest_part, pose_field, signed_distance
from sm_jax.body.skeleton import JOINTS, SIDED_REGIONS
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import rotate, transpose
from sm_jax.types import Array

_HANDS = tuple(SIDED_REGIONS.index(f"{side}_hand") for side in ("left", "right"))
_WRIST = JOINTS.index("left_wrist")  # the joints from here on are the hand's


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Planes:
    """The K points of each person that are deepest in the other, or nearest, and the other's skin there.

    joint: [P, T, K] int and point: [P, T, K, 3] in its frame.  other_joint: [P, T, K] of the other person, and in its
    frame origin: [P, T, K, 3] and normal: [P, T, K, 3], outwards.
    """

    joint: Array
    point: Array
    other_joint: Array
    origin: Array
    normal: Array


def separating_planes(body: smpl.Body, posed: smpl.Posed, count: int) -> Planes:
    """Of two posed people [P, T]. Hands in hands are let be: they hold each other."""
    points = smpl.surface_points(body, posed)
    field = jax.tree.map(lambda x: x[::-1], pose_field(body, posed))
    distance, pull = jax.vjp(lambda x: signed_distance(x, field), points)
    (gradient,) = pull(jnp.ones_like(distance))
    part = nearest_part(points, field.start, field.end, field.radius)
    other = jnp.asarray(body.capsules.joint)[part]
    in_hand = jnp.isin(body.surface_region, jnp.array(_HANDS))[None, None] & (other >= _WRIST)
    nearest, index = jax.lax.top_k(-jnp.where(in_hand, jnp.inf, distance), count)

    take = lambda x: jnp.take_along_axis(x, index if x.ndim == 3 else index[..., None], axis=2)  # noqa: E731
    normal = safe.normalise(take(gradient))
    point = take(points)
    joint = jnp.argmax(jnp.asarray(body.weights)[body.surface_index], axis=1)[index]
    other = take(other)
    inside = jnp.where(jnp.isfinite(nearest), nearest, -1.0)
    R_other, x_other = (_of_joints(x[::-1], other) for x in (posed.R_world_joint, posed.joints))
    R, x = (_of_joints(x, joint) for x in (posed.R_world_joint, posed.joints))
    return Planes(
        joint=joint,
        point=rotate(transpose(R), point - x),
        other_joint=other,
        origin=rotate(transpose(R_other), point + inside[..., None] * normal - x_other),
        normal=rotate(transpose(R_other), normal),
    )


def depths(planes: Planes, posed: smpl.Posed) -> jax.Array:
    """Depth [P, T, K] in metres of the points behind the planes, negative in front."""
    R, x = (_of_joints(x, planes.joint) for x in (posed.R_world_joint, posed.joints))
    R_other, x_other = (_of_joints(x[::-1], planes.other_joint) for x in (posed.R_world_joint, posed.joints))
    point = rotate(R, planes.point) + x
    origin = rotate(R_other, planes.origin) + x_other
    return jnp.sum(rotate(R_other, planes.normal) * (origin - point), axis=-1)


def _of_joints(x: Array, joint: Array) -> jax.Array:
    """Entries [P, T, K, ...] of x [P, T, 24, ...] at joints [P, T, K]."""
    index = joint.reshape(*joint.shape, *(1,) * (x.ndim - 3))
    return jnp.take_along_axis(x, index, axis=2)
