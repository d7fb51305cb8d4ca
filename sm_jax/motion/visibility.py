"""Which joints a camera can see: geometric occlusion by the other body, and the frame's border.

The same function serves the simulator, which makes occlusion, and perception, which infers it.
"""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body.skeleton import JOINTS, KEYPOINTS
from sm_jax.geometry import safe
from sm_jax.geometry.camera import project, to_camera
from sm_jax.types import Array, Camera

_SOFTNESS = 0.03  # metres over which visibility falls from .73 to .27 at an occluder's silhouette
_BORDER = 0.01  # the same at the frame's border, in widths of the image
_CLEARANCE = 0.12  # metres before the joint where the line of sight ends, so that touching is not hiding


@jax.jit
def joint_visibility(joints: Array, capsules: tuple[Array, Array, Array], camera: Camera) -> jax.Array:
    """How far each joint is visible, in [0, 1].

    joints: [P, T, J, 3] world.  capsules: start [P, T, C, 3], end [P, T, C, 3], radius [P, C] of both bodies; a joint
    is hidden by the *other* person's capsules alone.  Returns [P, T, J].
    """
    chex.assert_shape(joints, (2, None, len(JOINTS), 3))
    chex.assert_equal_shape_prefix([joints, *capsules[:2]], 2)
    start, end, radius = capsules
    points = to_camera(camera, joints)
    a, b = to_camera(camera, start)[::-1], to_camera(camera, end)[::-1]
    reach = jnp.linalg.norm(points, axis=-1, keepdims=True)
    sight = points * jnp.clip(1.0 - _CLEARANCE / jnp.maximum(reach, 1e-3), 0.0, 1.0)
    gap = segment_distance(sight[..., None, :], a[..., None, :, :], b[..., None, :, :]) - radius[::-1, None, None, :]
    # One by one: XLA compiles a minimum over an axis to a loop that is not vectorised, with all of the above in it.
    nearest = functools.reduce(jnp.minimum, jnp.unstack(gap, axis=-1))
    return jax.nn.sigmoid(nearest / _SOFTNESS) * _inside(points, camera)


def segment_distance(p: Array, a: Array, b: Array) -> jax.Array:
    """Distance between the segment from the origin to p and the segment from a to b; each [..., 3] -> [...].

    Source: C. Ericson, Real-Time Collision Detection (2005), 5.1.9.
    """
    # Component by component: sums over an axis of three are many times slower on a CPU.
    sight, start, axis = ([jnp.asarray(x[..., i]) for i in range(3)] for x in (p, a, b - a))
    pp, dd = jnp.maximum(_dot(sight, sight), 1e-8), jnp.maximum(_dot(axis, axis), 1e-8)
    pd, pa, da = _dot(sight, axis), _dot(sight, start), _dot(axis, start)
    s = jnp.clip((pa * dd - pd * da) / jnp.maximum(pp * dd - pd * pd, 1e-8), 0.0, 1.0)
    u = jnp.clip((pd * s - da) / dd, 0.0, 1.0)
    s = jnp.clip((pd * u + pa) / pp, 0.0, 1.0)
    offset = [s * sight[i] - start[i] - u * axis[i] for i in range(3)]
    return jnp.sqrt(jnp.maximum(_dot(offset, offset), 1e-12))


def _dot(x: list[jax.Array], y: list[jax.Array]) -> jax.Array:
    return x[0] * y[0] + x[1] * y[1] + x[2] * y[2]


def _inside(points_camera: Array, camera: Camera) -> jax.Array:
    """Soft test that camera-frame points [P, T, J, 3] fall within the picture and before the camera: [P, T, J]."""
    size = jnp.reshape(camera.image_size, (1, 1, 1, 2))
    pixels = project(camera.K, points_camera) / size
    margin = jnp.minimum(pixels, 1.0 - pixels).min(axis=-1)
    return jax.nn.sigmoid(margin / _BORDER) * (points_camera[..., 2] > 0.0).astype(points_camera.dtype)


# What keypoints in the picture say of joints. Perception and the simulator, which imitates it, share this.


ARMS = tuple(KEYPOINTS.index(f"{side}_{name}") for name in ("elbow", "wrist", "hand") for side in ("left", "right"))
WRAPPED = 0.25  # confidence left to an arm in front of, behind or around the other's trunk
# Segments of the trunk and thighs (keypoints) and their radius in torso lengths, around which arms are wrapped.
_TRUNK = ((5, 11, 0.25), (6, 12, 0.25), (5, 12, 0.25), (6, 11, 0.25), (11, 13, 0.2), (12, 14, 0.2), (0, 0, 0.3))
_FROM, _TO = (np.array([segment[i] for segment in _TRUNK]) for i in (0, 1))
_RADIUS = np.array([segment[2] for segment in _TRUNK], np.float32)

_SIDES = ("left", "right")
_SHOULDERS, _HIPS = (tuple(f"{side}_{name}" for side in _SIDES) for name in ("shoulder", "hip"))
# Keypoints whose mean confidence says how well a joint was seen.
_SHOWN_BY = {name: (name,) for name in JOINTS if name in KEYPOINTS}
_SHOWN_BY |= {f"{side}_foot": (f"{side}_toe",) for side in _SIDES}
_SHOWN_BY |= {f"{side}_collar": (f"{side}_shoulder",) for side in _SIDES}
_SHOWN_BY |= {"pelvis": _HIPS, "neck": _SHOULDERS, "head": ("nose", "left_ear", "right_ear")}
_SHOWN_BY |= dict.fromkeys(("spine1", "spine2", "spine3"), _SHOULDERS + _HIPS)
_MEAN = np.array([[(k in _SHOWN_BY[j]) / len(_SHOWN_BY[j]) for j in JOINTS] for k in KEYPOINTS], np.float32)


def joint_confidence(confidence: Array) -> jax.Array:
    """Confidence [..., J] of joints from that of keypoints [..., K]."""
    return jnp.matmul(confidence, _MEAN, precision="highest")


def arms_on_trunk(keypoints: Array) -> jax.Array:
    """[P, T, len(ARMS)] whether an arm's keypoint lies on the other person's trunk in the picture.

    keypoints: [P, T, K, 2] pixels.
    """
    keypoints = jnp.asarray(keypoints)
    other = keypoints[::-1]
    middle = lambda a, b: 0.5 * (other[:, :, a] + other[:, :, b])  # noqa: E731
    torso = safe.norm(middle(5, 6) - middle(11, 12))
    start = other[:, :, None, _FROM]
    along, point = other[:, :, None, _TO] - start, keypoints[:, :, np.array(ARMS), None] - start
    dot = lambda x, y: x[..., 0] * y[..., 0] + x[..., 1] * y[..., 1]  # noqa: E731
    u = jnp.clip(dot(point, along) / jnp.maximum(dot(along, along), 1e-6), 0.0, 1.0)
    gap = safe.norm(point - u[..., None] * along)
    return jnp.any(gap < _RADIUS[None, None, None] * (torso[:, :, None, None] + 1e-6), axis=-1)
