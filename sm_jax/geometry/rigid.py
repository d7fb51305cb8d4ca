"""Rigid transforms, SE(3), as a pair (R [..., 3, 3], t [..., 3]); (R_ab, t_ab) takes points of frame b to frame a."""

import jax
import jax.numpy as jnp

from sm_jax.geometry import rotations, safe
from sm_jax.types import Array


def transform(R: Array, t: Array, points: Array) -> jax.Array:
    """R x + t. The leading axes of R, t and points [..., 3] have the same rank."""
    return rotations.rotate(R, points) + t


def compose(R_ab: Array, t_ab: Array, R_bc: Array, t_bc: Array) -> tuple[jax.Array, jax.Array]:
    """(R_ac, t_ac): first b from c, then a from b."""
    return rotations.compose(R_ab, R_bc), transform(R_ab, t_ab, t_bc)


def invert(R_ab: Array, t_ab: Array) -> tuple[jax.Array, jax.Array]:
    """(R_ba, t_ba)."""
    R_ba = rotations.transpose(R_ab)
    return R_ba, -rotations.rotate(R_ba, t_ab)


def exp(axis_angle: Array, velocity: Array) -> tuple[jax.Array, jax.Array]:
    """(R, t) reached in unit time at constant twist: both [..., 3], the angular part in radians. Smooth at zero.

    t = V velocity with the left Jacobian V of the rotation (Barfoot, State Estimation for Robotics, 2017, eq. 7.83).
    """
    velocity = jnp.asarray(velocity)
    small, z, angle, axis = _polar(axis_angle)
    # V = 1 + a [axis] + b [axis]^2, where axis is the unit one, or for small angles the axis-angle itself.
    a = jnp.where(small, 0.5 - z / 24 * (1 - z / 30 * (1 - z / 56)), 2 * jnp.square(jnp.sin(angle / 2)) / angle)
    b = jnp.where(small, 1 / 6 - z / 120 * (1 - z / 42 * (1 - z / 72)), 1 - jnp.sin(angle) / angle)
    turned = jnp.cross(axis, velocity)
    return rotations.axis_angle_to_matrix(axis_angle), velocity + a * turned + b * jnp.cross(axis, turned)


def log(R: Array, t: Array) -> tuple[jax.Array, jax.Array]:
    """(axis_angle, velocity) whose `exp` is (R, t); the angle is in [0, pi]."""
    axis_angle, t = rotations.matrix_to_axis_angle(R), jnp.asarray(t)
    small, z, angle, axis = _polar(axis_angle)
    half = angle / 2
    # V^-1 = 1 - [axis_angle] / 2 + b [axis]^2
    series = 1 / 12 + z / 720 * (1 + z / 42 * (1 + z / 40))
    b = jnp.where(small, series, 1 - half * jnp.cos(half) / jnp.sin(half))
    return axis_angle, t - jnp.cross(axis_angle, t) / 2 + b * jnp.cross(axis, jnp.cross(axis, t))


def _polar(axis_angle: Array) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """Whether the angle is small, its square if so, itself if not (one otherwise), and the axis: unit if not small."""
    axis_angle = jnp.asarray(axis_angle)
    angle = safe.norm(axis_angle, keepdims=True)
    small = angle < 0.1
    near = jnp.where(small, axis_angle, 0)
    z = safe.dot(near, near)
    angle = jnp.where(small, 1, angle)
    return small, z, angle, axis_angle / angle
