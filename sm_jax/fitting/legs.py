"""Legs that follow a pelvis whose feet stay: closed-form inverse kinematics of hip and knee."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.fitting.scene import swing
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose, rotate, transpose
from sm_jax.types import Array, Motion

HIPS, KNEES, ANKLES = np.array([1, 2]), np.array([4, 5]), np.array([7, 8])
STRETCH = 0.999  # of the leg's length: no knee is locked that was not before
_HINGE = 0.05  # what the knee's own axis weighs against that of its bend: it decides where the leg is straight


def leg_lengths(rest: Array) -> tuple[jax.Array, jax.Array]:
    """Thigh and shin [..., 2] in metres, left first, of rest joints [..., 24, 3]."""
    return safe.norm(rest[..., KNEES, :] - rest[..., HIPS, :]), safe.norm(rest[..., ANKLES, :] - rest[..., KNEES, :])


def plant(body: smpl.Body, motion: Motion, ankles: Array, R_world_ankle: Array) -> Motion:
    """Bend hips and knees of a motion [P, T] until the ankles stand where they shall, turned as they shall be.

    ankles: [P, T, 2, 3] in the world, left first.  R_world_ankle: [P, T, 2, 3, 3].  A leg too short for its ankle is
    stretched towards it. The knee keeps its plane as far as it can. Finite gradients.
    """
    posed = smpl.pose(body, motion)
    hip, knee, ankle = (posed.joints[:, :, index] for index in (HIPS, KNEES, ANKLES))
    R_thigh, R_shin = posed.R_world_joint[:, :, HIPS], posed.R_world_joint[:, :, KNEES]
    thigh, shin = (length[:, None] for length in leg_lengths(posed.rest_joints))
    wanted = safe.norm(ankles - hip)
    longest = jnp.maximum(STRETCH * (thigh + shin), safe.norm(ankle - hip))
    reach = jnp.clip(wanted, jnp.abs(thigh - shin) + 1e-3, longest)

    upper, lower = safe.normalise(knee - hip), safe.normalise(ankle - knee)
    bend = safe.acos(jnp.sum(upper * lower, axis=-1))
    # The knee's outer angle by the law of cosines.
    cosine = (jnp.square(reach) - jnp.square(thigh) - jnp.square(shin)) / (2 * thigh * shin)
    hinge = safe.normalise(jnp.cross(upper, lower) + _HINGE * R_thigh[..., :, 0])
    Q_knee = axis_angle_to_matrix((safe.acos(cosine) - bend)[..., None] * hinge)
    turned = rotate(Q_knee, ankle - knee) + knee - hip
    Q_hip = swing(safe.normalise(turned), safe.normalise(ankles - hip))

    R_thigh_new = compose(Q_hip, R_thigh)
    R_shin_new = compose(Q_hip, compose(Q_knee, R_shin))
    local = {
        "hip": compose(transpose(motion.global_orient)[:, :, None], R_thigh_new),
        "knee": compose(transpose(R_thigh_new), R_shin_new),
        "ankle": compose(transpose(R_shin_new), R_world_ankle),
    }
    pose = jnp.asarray(motion.body_pose)
    for index, rotation in zip((HIPS, KNEES, ANKLES), local.values(), strict=True):
        pose = pose.at[:, :, index - 1].set(rotation)
    return dataclasses.replace(motion, body_pose=pose)
