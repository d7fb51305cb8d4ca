"""Joints bend as far as anatomy allows: no knee or elbow the wrong way, no neck turned round.

Ranges: American Academy of Orthopaedic Surgeons, "Joint Motion: Method of Measuring and Recording", 1965 (knee 135
to 150 degrees, elbow 150, hip 120, neck 60, wrist 80, ankle 50), widened where SMPL lets one joint do the work of
several or where its rest pose (the T-pose) lies far from the neutral one.
"""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import skeleton
from sm_jax.energies.kernels import weighted_mean
from sm_jax.geometry import rotations, safe
from sm_jax.types import Array

_LARGEST = {
    "hip": 130, "knee": 155, "ankle": 65, "foot": 60, "spine1": 60, "spine2": 45, "spine3": 45, "neck": 60,
    "head": 70, "collar": 50, "shoulder": 150, "elbow": 160, "wrist": 95, "hand": 80,
}  # fmt: skip
LARGEST_ANGLE = np.radians([_LARGEST[name.split("_")[-1]] for name in skeleton.JOINTS[1:]])

# Hinges: joint, direction of its far bone in the rest pose, direction into which it flexes.
_HINGES = (
    ("left_knee", (0, -1, 0), (0, 0, -1)),
    ("right_knee", (0, -1, 0), (0, 0, -1)),
    ("left_elbow", (1, 0, 0), (0, 0, 1)),
    ("right_elbow", (-1, 0, 0), (0, 0, 1)),
)
HINGE = np.array([skeleton.JOINTS.index(name) - 1 for name, _, _ in _HINGES], np.int32)
BONE = np.array([bone for _, bone, _ in _HINGES])
FLEXION = np.array([flexion for _, _, flexion in _HINGES])
HYPEREXTENSION = float(np.radians(10))  # the AAOS's normal limit for knee and elbow


def limits(body_pose: Array, frame_mask: Array) -> jax.Array:
    """Squared angle beyond the joints' ranges, in radians squared, summed over joints. Zero in the rest pose.

    body_pose: [P, T, 23, 3, 3] parent-relative.  frame_mask: [T].
    Bending backwards counts by the part of the bone in the hinge's plane, squared: the direction of a bone that
    leaves the plane says nothing, and would turn fast.
    """
    chex.assert_shape([body_pose, frame_mask], [(None, None, 23, 3, 3), body_pose.shape[1:2]])
    too_far = jnp.maximum(_angle(body_pose) - jnp.asarray(LARGEST_ANGLE, body_pose.dtype)[None, None], 0)
    along, across = _hinge_plane(body_pose)
    backwards = jnp.maximum(-_direction(along, across) - HYPEREXTENSION, 0)
    cost = jnp.sum(jnp.square(too_far), axis=-1)
    cost = cost + jnp.sum((jnp.square(along) + jnp.square(across)) * jnp.square(backwards), axis=-1)
    return weighted_mean(cost, frame_mask[None])


def flexion(body_pose: Array) -> jax.Array:
    """Signed flexion [..., 4] in radians of left and right knee, left and right elbow; negative is backwards."""
    return _direction(*_hinge_plane(body_pose))


def _angle(R: Array) -> jax.Array:
    """Angle [...] in radians of rotations [..., 3, 3]: `rotations.angle_between` the identity, without its product."""
    x, y, z = R[..., 2, 1] - R[..., 1, 2], R[..., 0, 2] - R[..., 2, 0], R[..., 1, 0] - R[..., 0, 1]
    sine = 0.5 * safe.sqrt(jnp.square(x) + jnp.square(y) + jnp.square(z))
    cosine = 0.5 * (R[..., 0, 0] + R[..., 1, 1] + R[..., 2, 2] - 1)
    return safe.atan2(sine, cosine)


def _hinge_plane(body_pose: Array) -> tuple[jax.Array, jax.Array]:
    """The far bone of each hinge along its rest direction and along that of flexion, both [..., 4]."""
    R = body_pose[..., HINGE, :, :]
    shape = (1,) * (R.ndim - 3) + (4, 3)
    rest, forward = (jnp.asarray(x, R.dtype).reshape(shape) for x in (BONE, FLEXION))
    bone = rotations.rotate(R, rest)
    return jnp.sum(bone * rest, axis=-1), jnp.sum(bone * forward, axis=-1)


def _direction(along: Array, across: Array) -> jax.Array:
    """Angle [..., 4] in radians in the hinge's plane; zero, with zero gradient, for a bone that stands on it."""
    flat = jnp.square(along) + jnp.square(across) > 1e-12
    return jnp.arctan2(jnp.where(flat, across, 0), jnp.where(flat, along, 1))
