"""Inverse kinematics of a limb of two bones in closed form, and rotations of a hand or foot from two directions."""

import jax
import jax.numpy as jnp

from sm_jax.geometry import safe
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose, matrix_to_axis_angle, rotate, transpose
from sm_jax.types import Array

_STRAIGHT = 0.998  # of a limb's length: no limb is quite straight


def two_bones(start: Array, end: Array, pole: Array, bones: Array, flexion: Array) -> tuple[jax.Array, jax.Array]:
    """Rotations in the world of the upper and the lower bone of a limb from `start` to `end` [..., 3].

    pole: [..., 3] the direction to which the middle joint points.  bones: [..., 2, 3] both bones at rest.
    flexion: [..., 3] direction at rest into which the lower bone bends.  An end out of reach is aimed at.
    """
    upper, lower = safe.norm(bones[..., 0, :], keepdims=True), safe.norm(bones[..., 1, :], keepdims=True)
    offset = end - start
    length = safe.norm(offset, keepdims=True)
    reach = jnp.clip(length, 1.05 * jnp.abs(upper - lower) + 0.02, _STRAIGHT * (upper + lower))
    along = safe.normalise(offset)
    aside = safe.normalise(pole - safe.dot(pole, along) * along)
    cosine = jnp.clip((upper**2 + reach**2 - lower**2) / (2.0 * upper * reach), -1.0, 1.0)
    middle = upper * (cosine * along + safe.sqrt(1.0 - cosine**2) * aside)
    hinge = jnp.cross(along, aside)
    return (
        _turn(bones[..., 0, :], flexion, safe.normalise(middle), hinge),
        _turn(bones[..., 1, :], flexion, safe.normalise(reach * along - middle), hinge),
    )


def _turn(bone: Array, flexion: Array, direction: Array, hinge: Array) -> jax.Array:
    """The rotation that takes a bone at rest to a direction and its hinge to `hinge`."""
    at_rest = frame(bone, flexion)
    return compose(frame(direction, jnp.cross(direction, hinge)), transpose(at_rest))


def frame(first: Array, second: Array) -> jax.Array:
    """Rotation [..., 3, 3] whose first column points along `first` and whose second lies towards `second`."""
    x = safe.normalise(first)
    y = safe.normalise(second - safe.dot(second, x) * x)
    return jnp.stack([x, y, jnp.cross(x, y)], axis=-1)


def share_twist(R_lower: Array, R_end: Array, bone: Array, share: float, limit: float) -> tuple[jax.Array, jax.Array]:
    """Let the lower bone (at rest along `bone`) take a share of the twist between it and the hand.

    Returns the lower bone's rotation and the hand's, which is bent against it by no more than `limit` radians.
    """
    axis = safe.normalise(bone)
    turn = matrix_to_axis_angle(compose(transpose(R_lower), R_end))
    twist = safe.dot(turn, axis) * axis
    R_lower = compose(R_lower, axis_angle_to_matrix(share * twist))
    rest = matrix_to_axis_angle(compose(transpose(R_lower), R_end))
    angle = safe.norm(rest, keepdims=True)
    soft = limit * jnp.tanh(angle / limit)
    return R_lower, compose(R_lower, axis_angle_to_matrix(rest * safe.divide(soft, jnp.maximum(angle, 1e-6))))


def towards(R: Array, direction: Array, most: Array) -> jax.Array:
    """Axis-angle [..., 3], in the frame R, that turns its z axis towards a world direction, at most `most` radians."""
    local = safe.normalise(rotate(transpose(R), direction))
    yaw = jnp.arctan2(local[..., 0], jnp.maximum(local[..., 2], 1e-3))
    pitch = -jnp.arcsin(jnp.clip(local[..., 1], -0.999, 0.999))
    yaw, pitch = most * jnp.tanh(yaw / most), 0.7 * most * jnp.tanh(pitch / (0.7 * most))
    return jnp.stack([pitch, yaw, jnp.zeros_like(yaw)], axis=-1)
