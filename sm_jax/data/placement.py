"""Two people where nobody recorded them together: any distance and heading, also on floors of different height.

A network that has only seen dancers learns where dancers stand. Here the people of a window are turned about themselves
and moved apart or together until the nearest they come to each other is what was drawn, and nothing of one is in the
other.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, PARENTS
from sm_jax.data.simulator.noise import uniform
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose, rotate
from sm_jax.types import Array, Motion

NEAREST, FARTHEST = 0.5, 4.0  # metres between the pelvises where they are nearest, seen from above
STEP = 1.0  # metres by which one person's floor is above the other's, at most
_STEPS = 0.25  # share of the windows in which there is such a step
_EVERY = 2  # frames looked at

# Half-widths in metres of the body at its joints, and halfway along the bones that end at some of them.
_HALF_WIDTH = {"pelvis": 0.15, "spine3": 0.15, "head": 0.12, "shoulder": 0.09, "elbow": 0.06, "hand": 0.07, "hip": 0.11,
               "knee": 0.08, "ankle": 0.07, "foot": 0.06}  # fmt: skip
_HALF_WIDTH_OF_BONE = {"elbow": 0.07, "wrist": 0.06, "knee": 0.1, "ankle": 0.08}


def _points() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joints at both ends of each point's bone (the same one twice for a point at a joint), and half-widths."""
    found = [(j, j, _HALF_WIDTH[part]) for j, part in _parts() if part in _HALF_WIDTH]
    found += [(PARENTS[j], j, _HALF_WIDTH_OF_BONE[part]) for j, part in _parts() if part in _HALF_WIDTH_OF_BONE]
    start, end, width = zip(*found, strict=True)
    return np.array(start), np.array(end), np.array(width, np.float32)


def _parts() -> list[tuple[int, str]]:
    return [(joint, name.split("_")[-1]) for joint, name in enumerate(JOINTS)]


_START, _END, _WIDTH = _points()
TOGETHER = _WIDTH[:, None] + _WIDTH[None]


def place(key: Array, motion: Motion, body: smpl.Body) -> Motion:
    """The motion [2, T] of a z-up world with its people placed anew, around the origin.

    Each keeps the own way, turned. Pelvises are between NEAREST and FARTHEST apart where they are nearest, more only
    where limbs need it. One may be up to STEP higher.
    """
    at_turn, at_distance, at_level = jax.random.split(key, 3)
    yaw, azimuth = jnp.split(2 * np.pi * uniform(at_turn, (3,)), [2])
    R = axis_angle_to_matrix(yaw[:, None] * jnp.array([[0.0, 0.0, 1.0]]))[:, None]
    flat = jnp.array([1.0, 1.0, 0.0])
    centre = jnp.median(motion.pelvis, axis=1, keepdims=True) * flat[None, None]
    turned = dataclasses.replace(
        motion,
        global_orient=compose(R, motion.global_orient),
        pelvis=rotate(R, motion.pelvis - centre) + _levels(at_level)[:, None],
    )
    direction = jnp.concatenate([jnp.cos(azimuth), jnp.sin(azimuth), jnp.zeros(1)])
    nearest = NEAREST + (FARTHEST - NEAREST) * jax.random.uniform(at_distance)
    apart = _distance(body, turned, direction, nearest)
    shift = 0.5 * apart * jnp.stack([-direction, direction])
    return dataclasses.replace(turned, pelvis=turned.pelvis + shift[:, None])


def _levels(key: Array) -> jax.Array:
    """Metres [2, 3] by which each person's floor is raised."""
    step, height, who = uniform(key, (3,))
    raised = jnp.stack([who, 1.0 - who]) < 0.5
    up = STEP * height * (step < _STEPS) * raised
    return up[:, None] * jnp.array([[0.0, 0.0, 1.0]])


def _distance(body: smpl.Body, motion: Motion, direction: Array, nearest: Array) -> jax.Array:
    """How far [] person 1 must be moved along a direction [3] until pelvises are `nearest` apart at the nearest."""
    joints = smpl.pose(body, motion).joints[:, ::_EVERY]
    points = 0.5 * (joints[:, :, _START] + joints[:, :, _END])
    limbs = points[1][:, None] - points[0][:, :, None]
    needed = _shift(limbs, direction, jnp.asarray(TOGETHER)[None])
    pelvises = (motion.pelvis[1] - motion.pelvis[0]) * jnp.array([[1.0, 1.0, 0.0]])
    wanted = _shift(pelvises, direction, nearest)
    return jnp.maximum(jnp.maximum(needed, wanted), 0.0)


def _shift(offset: Array, direction: Array, distance: Array) -> jax.Array:
    """The least shift [] along a direction [3] after which all offsets [..., 3] are `distance` [...] long or longer;
    minus infinity where every shift will do."""
    along = offset @ direction
    reach = jnp.square(distance) - (jnp.sum(jnp.square(offset), axis=-1) - jnp.square(along))
    return jnp.max(jnp.where(reach > 0, safe.sqrt(jnp.maximum(reach, 0)) - along, -jnp.inf))
