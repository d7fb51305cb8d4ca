"""Hands that hold each other: where they do in measured motion, and arm inverse kinematics that closes them.

Retargeted motion capture leaves a gap of decimetres between hands that held each other. A hold shows as a small gap
that lasts and moves little; the arms of both people are then turned, as little and as smoothly as possible, until the
knuckles meet.
"""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS
from sm_jax.fitting.solver import levenberg_marquardt
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose, rotate
from sm_jax.types import Array, Motion

GRIP = 0.06  # metres between the knuckles of two hands that hold each other
TOUCH = 0.12  # knuckles nearer than this count as a contact

_HANDS = (22, 23)
_CHAINS = np.array([[JOINTS.index(f"{side}_{name}") for name in ("collar", "shoulder", "elbow", "wrist", "hand")]
                    for side in ("left", "right")])  # fmt: skip
_ARMS = _CHAINS[:, :4]  # the rotations that inverse kinematics may change
_CHEST = 9
_STIFFNESS = np.array([0.15, 0.05, 0.05, 0.06])  # metres a radian, collar to wrist
_SMOOTHNESS = 0.5  # metres a radian a frame squared

_NEAR, _FAR = 0.22, 0.38  # metres: a hold comes as near as the first and never leaves the second
_SPEED = 1.5  # m/s between two hands that hold each other, at most
_SHORTEST, _RAMP = 0.4, 0.25  # seconds


def find_holds(joints: np.ndarray, fps: float) -> np.ndarray:
    """Which hands hold each other: joints [P, T, 24, 3] -> [T, 2, 2] in {0, 1}, hand of person 0 against hand of 1.

    A hand holds one hand at a time: of overlapping candidates the nearer pair wins.
    """
    offset = np.asarray(joints)[0][:, _HANDS, None] - np.asarray(joints)[1][:, None, _HANDS]
    gap = np.linalg.norm(gaussian_filter1d(offset, 0.05 * fps, axis=0), axis=-1)
    speed = np.linalg.norm(np.gradient(gaussian_filter1d(offset, 0.1 * fps, axis=0), axis=0), axis=-1) * fps
    candidates = []
    for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
        together = (gap[:, a, b] < _FAR) & (speed[:, a, b] < _SPEED)
        edges = np.flatnonzero(np.diff(np.pad(together, 1).astype(np.int8))).reshape(-1, 2)
        for start, end in edges:
            if end - start >= _SHORTEST * fps and gap[start:end, a, b].min() < _NEAR:
                candidates.append((gap[start:end, a, b].mean(), slice(start, end), a, b))
    holds, rest = np.zeros((len(gap), 2, 2), np.float32), round(2 * _RAMP * fps)
    for _, span, a, b in sorted(candidates, key=lambda c: c[0]):
        around = slice(max(0, span.start - rest), span.stop + rest)
        if not holds[around, a, 1 - b].any() and not holds[around, 1 - a, b].any():
            holds[span, a, b] = 1.0
    return holds


def ramped(holds: np.ndarray, fps: float) -> np.ndarray:
    """Holds [T, 2, 2] with smooth ramps before and after each span, so that hands come together and part gently."""
    width = round(_RAMP * fps)
    grown = maximum_filter1d(holds, 2 * width + 1, axis=0, mode="constant")
    return np.maximum(holds, gaussian_filter1d(grown, width / 2, axis=0, mode="nearest")).astype(np.float32)


@partial(jax.jit, static_argnames=("iterations", "cg_steps"))
def close_hands(body: smpl.Body, motion: Motion, weight: Array, iterations: int = 8, cg_steps: int = 12) -> Motion:
    """Turn the arms of both people until the hands that hold each other are GRIP apart.

    motion: [P, T].  weight: [T, 2, 2] in [0, 1] (`ramped`).  Only collars, shoulders, elbows and wrists turn.
    """
    rest = smpl.rest_joints(body, motion.betas)
    posed = smpl.pose(body, motion)
    arms = motion.body_pose[:, :, _ARMS - 1]
    bones = (rest[:, _CHAINS] - rest[:, np.concatenate([np.full((2, 1), _CHEST), _CHAINS[:, :-1]], axis=1)])[:, None]
    R_chest, chest = posed.R_world_joint[:, :, None, _CHEST], posed.joints[:, :, None, _CHEST]

    def hands(turns):
        local = compose(arms, axis_angle_to_matrix(turns))
        R, end = R_chest, chest + rotate(R_chest, bones[:, :, :, 0])
        for link in range(4):
            R = compose(R, local[:, :, :, link])
            end = end + rotate(R, bones[:, :, :, link + 1])
        return end  # [P, T, side, 3]

    def residuals(turns):
        ends = hands(turns)
        offset = ends[0][:, :, None] - ends[1][:, None, :]
        gap = safe.norm(offset, keepdims=True)
        beyond = jnp.maximum(1.0 - safe.divide(jnp.full_like(gap, GRIP), gap), 0.0)
        return (
            jnp.sqrt(weight)[..., None] * beyond * offset,
            jnp.asarray(_STIFFNESS, jnp.float32)[None, None, None, :, None] * turns,
            _SMOOTHNESS * jnp.asarray(_STIFFNESS / _STIFFNESS[1], jnp.float32)[None, None, None, :, None]
            * jnp.diff(turns, n=2, axis=1),
        )  # fmt: skip

    start = jnp.zeros(arms.shape[:-1])
    turns, _ = levenberg_marquardt(residuals, jnp.add, start, start, iterations=iterations, cg_steps=cg_steps)
    closed = compose(arms, axis_angle_to_matrix(turns))
    return dataclasses.replace(motion, body_pose=jnp.asarray(motion.body_pose).at[:, :, _ARMS - 1].set(closed))


def hand_gaps(joints: Array) -> np.ndarray:
    """Distance [T, 2, 2] in metres between the hands (knuckles) of person 0 and of person 1: joints [P, T, 24, 3]."""
    joints = np.asarray(joints)
    return np.linalg.norm(joints[0][:, _HANDS, None] - joints[1][:, None, _HANDS], axis=-1)
