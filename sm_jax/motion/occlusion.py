"""Which joints a camera can see: geometric occlusion by the other body, and the frame's border.

The same function serves the simulator, which makes occlusion, and perception, which infers it.
"""

import jax
import jax.numpy as jnp

from sm_jax.geometry.camera import project, to_camera
from sm_jax.types import Array, Camera

_SOFTNESS = 0.03  # metres over which visibility falls from .73 to .27 at an occluder's silhouette
_BORDER = 0.01  # the same at the frame's border, in widths of the image
_CLEARANCE = 0.12  # metres before the joint where the line of sight ends, so that touching is not hiding


def joint_visibility(joints: Array, capsules: tuple[Array, Array, Array], camera: Camera) -> jax.Array:
    """How far each joint is visible, in [0, 1].

    joints: [P, T, J, 3] world.  capsules: start [P, T, C, 3], end [P, T, C, 3], radius [P, C] of both bodies; a joint
    is hidden by the *other* person's capsules alone.  Returns [P, T, J].
    """
    start, end, radius = capsules
    points = to_camera(camera, joints)
    a, b = to_camera(camera, start)[::-1], to_camera(camera, end)[::-1]
    reach = jnp.linalg.norm(points, axis=-1, keepdims=True)
    sight = points * jnp.clip(1.0 - _CLEARANCE / jnp.maximum(reach, 1e-3), 0.0, 1.0)
    gap = segment_distance(sight[..., None, :], a[..., None, :, :], b[..., None, :, :]) - radius[::-1, None, None, :]
    clear = jax.nn.sigmoid(gap / _SOFTNESS).min(axis=-1)
    return clear * _inside(points, camera)


def segment_distance(p: Array, a: Array, b: Array) -> jax.Array:
    """Distance between the segment from the origin to p and the segment from a to b; each [..., 3] -> [...].

    Source: C. Ericson, Real-Time Collision Detection (2005), 5.1.9.
    """
    dot = lambda x, y: jnp.sum(x * y, axis=-1)  # noqa: E731
    d = b - a
    pp, dd, pd = jnp.maximum(dot(p, p), 1e-8), jnp.maximum(dot(d, d), 1e-8), dot(p, d)
    pa, da = dot(p, a), dot(d, a)
    s = jnp.clip((pa * dd - pd * da) / jnp.maximum(pp * dd - pd * pd, 1e-8), 0.0, 1.0)
    u = jnp.clip((pd * s - da) / dd, 0.0, 1.0)
    s = jnp.clip((pd * u + pa) / pp, 0.0, 1.0)
    offset = s[..., None] * p - a - u[..., None] * d
    return jnp.sqrt(jnp.maximum(dot(offset, offset), 1e-12))


def _inside(points_camera: Array, camera: Camera) -> jax.Array:
    """Soft test that camera-frame points [P, T, J, 3] fall within the picture and before the camera: [P, T, J]."""
    size = jnp.reshape(camera.image_size, (1, 1, 1, 2))
    pixels = project(camera.K, points_camera) / size
    margin = jnp.minimum(pixels, 1.0 - pixels).min(axis=-1)
    return jax.nn.sigmoid(margin / _BORDER) * (points_camera[..., 2] > 0.0).astype(points_camera.dtype)
