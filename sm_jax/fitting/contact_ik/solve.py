"""Bring two people's touching points together, or keep them so: inverse kinematics of both upper bodies at once.

Arms turn freely, spines stiffly, pelvises move a little when arms are too short; feet stay where they are, legs bend.
Everything changes as little and as smoothly as possible, elbows keep their range, and bodies their distance.
"""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.body import smpl
from sm_jax.body.skeleton import FOOT_JOINTS, JOINTS
from sm_jax.fitting.contact_ik.anchors import Anchors, places
from sm_jax.fitting.contact_ik.separation import Planes, depths, separating_planes
from sm_jax.fitting.joint_limits import beyond_range
from sm_jax.fitting.solver import levenberg_marquardt
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose, rotate, shortest_arc, transpose
from sm_jax.motion.frames import cut_motion, pad, pad_motion
from sm_jax.types import Array, Motion

# Legs that follow a pelvis whose feet stay: closed-form inverse kinematics of hip and knee.


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
    Q_hip = shortest_arc(safe.normalise(turned), safe.normalise(ankles - hip))

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


# What a turn costs, in metres a radian, and what a step of the pelvis costs, in metres a metre (x, y, z).
_STIFFNESS = {"spine1": 0.5, "spine2": 0.4, "spine3": 0.4, "collar": 0.15, "shoulder": 0.05, "elbow": 0.05}
_STIFFNESS |= {"wrist": 0.06}
_PELVIS = np.array([0.3, 0.3, 0.6], np.float32)
_TURNED = np.array(
    [j for j, name in enumerate(JOINTS) if name.removeprefix("left_").removeprefix("right_") in _STIFFNESS]
)
_TURN_COST = np.array([_STIFFNESS[JOINTS[j].split("_")[-1]] for j in _TURNED], np.float32)[:, None]
_SMOOTHNESS = 10.0  # a second difference costs so many times as much as the change itself
# How far leg joints go with the pelvis while the feet stand: hips wholly, knees half, ankles and feet not at all.
_FOLLOW = np.ones(24, np.float32)
_FOLLOW[[4, 5]], _FOLLOW[list(FOOT_JOINTS)] = 0.5, 0.0

_RANGE, _REACH, _APART = 0.3, 3.0, 0.7  # metres a radian, metres a metre, metres a metre
_SLACK = 0.005  # metres that one skin may be under the other
_DAMPING = 20.0  # at first: of an arm's length, squared, by its stiffness it is a few hundredths
_ROUNDS, _DEEPEST = 3, 12  # how often the deepest points are looked for, and how many of each person and frame


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """What may change. turns: [P, T, 11, 3] axis-angle of `_TURNED`.  shift: [P, T, 3] of the pelvis, metres.
    Both times what a unit of them costs, so that the solver's damping means the same for all."""

    turns: Array
    shift: Array


def solve_contacts(
    body: smpl.Body, motion: Motion, anchors: Anchors, *, iterations: int = 4, cg_steps: int = 12
) -> Motion:
    """Change a motion [P, T] until every held pair of points is at most its gap apart, where arms and feet allow it.

    iterations: steps of the solver after each of the three searches for limbs in the other's body.
    Frames are padded inside, so that sequences of about equal length share one compiled program.
    """
    n_frames = motion.pelvis.shape[1]
    padded = dataclasses.replace(anchors, weight=pad(anchors.weight, 1, "constant"))
    held = _solve_contacts(body, pad_motion(motion), padded, iterations=iterations, cg_steps=cg_steps)
    return cut_motion(held, n_frames)


@partial(jax.jit, static_argnames=("iterations", "cg_steps"))
def _solve_contacts(body: smpl.Body, motion: Motion, anchors: Anchors, *, iterations: int, cg_steps: int) -> Motion:
    n_people, n_frames = motion.pelvis.shape[:2]
    start = Change(turns=jnp.zeros((n_people, n_frames, len(_TURNED), 3)), shift=jnp.zeros(motion.pelvis.shape))
    add = lambda a, b: jax.tree.map(jnp.add, a, b)  # noqa: E731
    residuals = _residuals(body, motion, anchors)

    def search(change, _):
        posed = _followed(smpl.pose(body, _changed(motion, change)), change)
        judged = partial(residuals, separating_planes(body, posed, _DEEPEST))
        return levenberg_marquardt(
            judged, add, change, start, iterations=iterations, cg_steps=cg_steps, damping=_DAMPING
        )[0], None

    change, _ = jax.lax.scan(search, start, length=_ROUNDS)
    posed = smpl.pose(body, motion)
    changed = _changed(motion, change)
    return plant(body, changed, posed.joints[:, :, ANKLES], posed.R_world_joint[:, :, ANKLES])


def _changed(motion: Motion, change: Change) -> Motion:
    pose = jnp.asarray(motion.body_pose)
    turned = compose(pose[:, :, _TURNED - 1], axis_angle_to_matrix(change.turns / _TURN_COST[None, None]))
    return dataclasses.replace(
        motion,
        pelvis=motion.pelvis + change.shift / _PELVIS[None, None],
        body_pose=pose.at[:, :, _TURNED - 1].set(turned),
    )


def _followed(posed: smpl.Posed, change: Change) -> smpl.Posed:
    """Leg joints left behind by a shifted pelvis as far as the planted feet make them stay."""
    lag = (1 - _FOLLOW)[None, None, :, None] * (change.shift / _PELVIS[None, None])[:, :, None]
    return dataclasses.replace(posed, joints=posed.joints - lag)


def _residuals(body: smpl.Body, motion: Motion, anchors: Anchors):
    ankles = smpl.pose(body, motion).joints[:, :, ANKLES]
    thigh, shin = leg_lengths(smpl.rest_joints(body, motion.betas))
    reach = STRETCH * (thigh + shin)[:, None]
    distance = safe.norm(_offsets(smpl.pose(body, motion), anchors))
    # On the ramps what is left of the way grows, not the pull: the faintest pull would move an arm all the way.
    allowed = anchors.gap[None] + (1 - anchors.weight.T) * jnp.maximum(distance - anchors.gap[None], 0)
    active = anchors.weight.T > 0
    # Legs that are stretched already may stay so.
    reach = jnp.maximum(reach, safe.norm(ankles - smpl.pose(body, motion).joints[:, :, HIPS]))

    def residuals(planes: Planes, change: Change):
        changed = _changed(motion, change)
        posed = _followed(smpl.pose(body, changed), change)
        too_far = jnp.maximum(safe.norm(ankles - posed.joints[:, :, HIPS]) - reach, 0)
        return (
            active[..., None] * _beyond(_offsets(posed, anchors), allowed),
            _APART * jnp.maximum(depths(planes, posed) - _SLACK, 0),
            _RANGE * beyond_range(changed.body_pose),
            _REACH * too_far,
            change,
            jax.tree.map(lambda x: _SMOOTHNESS * jnp.diff(x, n=2, axis=1), change),
        )

    return residuals


def _offsets(posed: smpl.Posed, anchors: Anchors) -> jax.Array:
    """From the second to the first point of each pair, [T, C, 3]."""
    a = places(anchors.joint_a, anchors.point_a, posed.R_world_joint[0], posed.joints[0])
    b = places(anchors.joint_b, anchors.point_b, posed.R_world_joint[1], posed.joints[1])
    return a - b


def _beyond(offset: Array, allowed: Array) -> jax.Array:
    """The part of an offset [..., 3] that is longer than allowed [...]."""
    return jnp.maximum(1 - safe.divide(allowed, safe.norm(offset)), 0)[..., None] * offset
