"""Poses that nobody recorded: arms and trunks of one person on another's legs, smooth offsets, bodies tilted or lifted.

Legs stay with the pelvis whose way they walk, so feet that stood on the floor still do, unless the whole body is tilted
or lifted.
"""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS
from sm_jax.data.simulator.noise import process, uniform
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose
from sm_jax.types import Array, Motion

_ARM = ("collar", "shoulder", "elbow", "wrist", "hand")
_TRUNK = ("spine1", "spine2", "spine3", "neck", "head")
_TAKEN = 0.5  # share of parts that come from the other person
# Radians by which joints are turned off, one standard deviation, at most.
_OFFSET = {"spine1": 0.12, "spine2": 0.1, "spine3": 0.1, "neck": 0.2, "head": 0.2, "collar": 0.1, "shoulder": 0.5,
           "elbow": 0.5, "wrist": 0.3}  # fmt: skip
_SLOW, _QUICK = (0.9, 90.0), (0.4, 25.0)  # parts of an offset and frames over which they last
_TILTED, _LIFTED = 0.3, 0.15  # shares of people
_TILT = np.radians((20.0, 110.0))
_LIFT = 1.0  # metres, at most
_THICKNESS = 0.1  # metres from a lying body's joints to its skin

OutOfRange = Callable[[Array], Array]
"""Body poses [P, T, 23, 3, 3] -> radians [P, T, 23] by which each joint is beyond its range."""


def _is(joint: str, parts: tuple[str, ...], side: str) -> bool:
    return joint.startswith(side) and joint.split("_")[-1] in parts


# [3, 23] which joints each part consists of.
_PARTS = np.array(
    [
        [_is(joint, parts, side) for joint in JOINTS[1:]]
        for parts, side in ((_TRUNK, ""), (_ARM, "left"), (_ARM, "right"))
    ]
)
SPREAD = np.array([_OFFSET.get(joint.split("_")[-1], 0.0) for joint in JOINTS[1:]], np.float32)[:, None]


def mix_poses(key: Array, motion: Motion, body: smpl.Body, out_of_range: OutOfRange) -> Motion:
    """A motion [2, T] on z = 0 whose people borrow each other's arms and trunks, turned off smoothly within the joints'
    ranges; some lie, bend or are carried."""
    at_parts, at_offset, at_tilt = jax.random.split(key, 3)
    taken = jnp.einsum("pk,kj->pj", uniform(at_parts, (2, len(_PARTS))) < _TAKEN, _PARTS)
    pose = jnp.where(taken[:, None, :, None, None], motion.body_pose[::-1], motion.body_pose)
    pose = _turned_off(at_offset, pose, out_of_range)
    return _tilted(at_tilt, dataclasses.replace(motion, body_pose=pose), body)


def _turned_off(key: Array, pose: Array, out_of_range: OutOfRange) -> jax.Array:
    """Poses [P, T, 23, 3, 3] with smooth offsets. A joint that would leave its range keeps its motion."""
    at_offset, at_size = jax.random.split(key)
    size = uniform(at_size, (len(pose), 1, 1, 1)) * jnp.asarray(SPREAD)[None, None]
    offset = process(at_offset, (*pose.shape[:3], 3), (_SLOW, _QUICK))
    turned = compose(pose, axis_angle_to_matrix(size * offset))
    beyond, before = (out_of_range(x).max(axis=1, keepdims=True) for x in (turned, pose))
    return jnp.where((beyond <= before)[..., None, None], turned, pose)


def _tilted(key: Array, motion: Motion, body: smpl.Body) -> Motion:
    """Some people tilted about a level axis through the pelvis until they lie on the floor, some lifted off it."""
    tilts, lifts, angle, azimuth, height = uniform(key, (5, 2))
    tilts, lifts = tilts < _TILTED, lifts < _LIFTED
    angle = (_TILT[0] + (_TILT[1] - _TILT[0]) * angle) * tilts
    axis = jnp.stack([jnp.cos(2 * np.pi * azimuth), jnp.sin(2 * np.pi * azimuth), jnp.zeros(2)], axis=-1)
    R = axis_angle_to_matrix(angle[:, None] * axis)[:, None]
    tilted = dataclasses.replace(motion, global_orient=compose(R, motion.global_orient))
    lowest = smpl.pose(body, tilted).joints[..., 2].min(axis=(1, 2)) - _THICKNESS
    up = _LIFT * height * lifts - lowest * tilts
    return dataclasses.replace(tilted, pelvis=tilted.pelvis + up[:, None, None] * jnp.array([[[0.0, 0.0, 1.0]]]))
