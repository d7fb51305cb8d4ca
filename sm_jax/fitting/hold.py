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
from sm_jax.body.skeleton import JOINTS
from sm_jax.fitting.anchors import Anchors, places
from sm_jax.fitting.apart import Planes, depths, find_planes
from sm_jax.fitting.legs import ANKLES, HIPS, STRETCH, leg_lengths, plant
from sm_jax.fitting.padding import cut_motion, pad, pad_motion
from sm_jax.fitting.ranges import beyond_range
from sm_jax.fitting.solver import levenberg_marquardt
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose
from sm_jax.types import Array, Motion

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
_FOLLOW[[4, 5]], _FOLLOW[[7, 8, 10, 11]] = 0.5, 0.0

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


def hold(body: smpl.Body, motion: Motion, anchors: Anchors, *, iterations: int = 4, cg_steps: int = 12) -> Motion:
    """Change a motion [P, T] until every held pair of points is at most its gap apart, where arms and feet allow it.

    iterations: steps of the solver after each of the three searches for limbs in the other's body.
    Frames are padded inside, so that sequences of about equal length share one compiled program.
    """
    n_frames = motion.pelvis.shape[1]
    padded = dataclasses.replace(anchors, weight=pad(anchors.weight, 1, "constant"))
    held = _hold(body, pad_motion(motion), padded, iterations=iterations, cg_steps=cg_steps)
    return cut_motion(held, n_frames)


@partial(jax.jit, static_argnames=("iterations", "cg_steps"))
def _hold(body: smpl.Body, motion: Motion, anchors: Anchors, *, iterations: int, cg_steps: int) -> Motion:
    n_people, n_frames = motion.pelvis.shape[:2]
    start = Change(turns=jnp.zeros((n_people, n_frames, len(_TURNED), 3)), shift=jnp.zeros(motion.pelvis.shape))
    add = lambda a, b: jax.tree.map(jnp.add, a, b)  # noqa: E731
    residuals = _residuals(body, motion, anchors)

    def search(change, _):
        posed = _followed(smpl.pose(body, _changed(motion, change)), change)
        judged = partial(residuals, find_planes(body, posed, _DEEPEST))
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
