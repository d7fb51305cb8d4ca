"""Joints bend as far as anatomy allows: no knee or elbow the wrong way, no neck turned round.

Ranges: American Academy of Orthopaedic Surgeons, "Joint Motion: Method of Measuring and Recording", 1965 (knee 135
to 150 degrees, elbow 150, hip 120, neck 60, wrist 80, ankle 50), widened where SMPL lets one joint do the work of
several or where its rest pose (the T-pose) lies far from the neutral one.
"""

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
_HINGE = np.array([skeleton.JOINTS.index(name) - 1 for name, _, _ in _HINGES], np.int32)
_BONE = np.array([bone for _, bone, _ in _HINGES])
_FLEXION = np.array([flexion for _, _, flexion in _HINGES])
HYPEREXTENSION = float(np.radians(10))  # the AAOS's normal limit for knee and elbow


def limits(body_pose: Array, frame_mask: Array) -> jax.Array:
    """Squared angle beyond the joints' ranges, in radians squared, summed over joints. Zero in the rest pose.

    body_pose: [P, T, 23, 3, 3] parent-relative.  frame_mask: [T].
    """
    identity = jnp.broadcast_to(jnp.eye(3, dtype=body_pose.dtype), body_pose.shape)
    angle = rotations.angle_between(identity, body_pose)
    too_far = jnp.maximum(angle - jnp.asarray(LARGEST_ANGLE, angle.dtype)[None, None], 0)
    backwards = jnp.maximum(-flexion(body_pose) - HYPEREXTENSION, 0)
    cost = jnp.sum(jnp.square(too_far), axis=-1) + jnp.sum(jnp.square(backwards), axis=-1)
    return weighted_mean(cost, frame_mask[None])


def flexion(body_pose: Array) -> jax.Array:
    """Signed flexion [..., 4] in radians of left and right knee, left and right elbow; negative is backwards."""
    R = body_pose[..., _HINGE, :, :]
    shape = (1,) * (R.ndim - 3) + (4, 3)
    rest, forward = (jnp.asarray(x, R.dtype).reshape(shape) for x in (_BONE, _FLEXION))
    bone = rotations.rotate(R, rest)
    return safe.atan2(jnp.sum(bone * forward, axis=-1), jnp.sum(bone * rest, axis=-1))
