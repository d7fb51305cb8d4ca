"""Pinhole projection in OpenCV's convention: x right, y down, z forward, pixels from the top left corner.

Lenses are in `distortion`.
"""

import chex
import jax
import jax.numpy as jnp

from sm_jax.geometry import rotations, safe
from sm_jax.types import Array, Camera

NEAR = 0.05  # metres; nearer points, and those behind the camera, are projected as if they were at this depth


def project(K: Array, points_camera: Array) -> jax.Array:
    """Pixels [..., 2] of points [..., 3] in the camera frame. K is [3, 3] or has the points' leading axes.

    Points nearer than `NEAR`, or behind the camera, are projected at that depth: finite, with a finite gradient.
    """
    chex.assert_shape([K, points_camera], [(..., 3, 3), (..., 3)])
    x, y, z = points_camera[..., 0], points_camera[..., 1], jnp.maximum(points_camera[..., 2], NEAR)
    x, y = x / z, y / z
    u = K[..., 0, 0] * x + K[..., 0, 1] * y + K[..., 0, 2]
    v = K[..., 1, 1] * y + K[..., 1, 2]
    return jnp.stack([u, v], axis=-1)


def to_camera(camera: Camera, points_world: Array) -> jax.Array:
    """World points [..., P, T, N, 3] in the camera frame, R x + t."""
    chex.assert_shape([camera.R, camera.t, points_world], [(..., 3, 3), (..., 3), (..., None, None, None, 3)])
    R, t = camera.R[..., None, :, None, :, :], camera.t[..., None, :, None, :]
    return rotations.rotate(R, points_world) + t


@jax.jit
def project_points(camera: Camera, points_world: Array) -> tuple[jax.Array, jax.Array]:
    """Pixels [..., P, T, N, 2] and depth [..., P, T, N] in metres of world points [..., P, T, N, 3]."""
    points = to_camera(camera, points_world)
    return project(camera.K[..., None, None, None, :, :], points), points[..., 2]


def normalised(K: Array, pixels: Array) -> jax.Array:
    """(x / z, y / z) [..., 2] in the camera frame of pixels [..., 2]. K as in `project`."""
    chex.assert_shape([K, pixels], [(..., 3, 3), (..., 2)])
    y = (pixels[..., 1] - K[..., 1, 2]) / K[..., 1, 1]
    x = (pixels[..., 0] - K[..., 0, 2] - K[..., 0, 1] * y) / K[..., 0, 0]
    return jnp.stack([x, y], axis=-1)


def rays(K: Array, pixels: Array) -> jax.Array:
    """Unit directions [..., 3] in the camera frame through pixels [..., 2]. K as in `project`."""
    points = normalised(K, pixels)
    return safe.normalise(jnp.concatenate([points, jnp.ones_like(points[..., :1])], axis=-1))
