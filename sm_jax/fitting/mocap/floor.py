"""Where the floor is for a body: heights of soles and toes, and setting a motion on z = 0."""

import dataclasses

import jax
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, KEYPOINTS
from sm_jax.motion.foot_contact import foot_contact
from sm_jax.motion.frames import pad_motion
from sm_jax.types import Array, Motion

_SOLES = tuple(i for i, name in enumerate(KEYPOINTS) if name.endswith(("heel", "toe")))
# Metres above the lowest feet (5th percentile of the frames) up to which a frame counts as one on the floor.
_CLIMBED = 0.15
_TOES = tuple(i for i, name in enumerate(JOINTS) if name.endswith("foot"))


def sole_height(body: smpl.Body, betas: Array) -> jax.Array:
    """Lowest point [P] of the rest pose for betas [P, N] (negative: the soles lie below the pelvis)."""
    return smpl.shaped(body.v_template, body.shapedirs, betas)[..., 1].min(axis=-1)


def stand(body: smpl.Body, motion: Motion) -> Motion:
    """Shift each person [P, T] up or down so that the lowest of heels and toes rests on z = 0, in the median frame of
    those on the floor: who climbs, hangs or sits up there is left out."""
    lowest = np.asarray(_lowest(body, pad_motion(motion)))[:, : motion.pelvis.shape[1]]
    below = lowest < np.percentile(lowest, 5, axis=1, keepdims=True) + _CLIMBED
    floor = np.nanmedian(np.where(below, lowest, np.nan), axis=1)
    up = np.array([0.0, 0.0, 1.0], np.float32)
    return dataclasses.replace(motion, pelvis=motion.pelvis - floor[:, None, None] * up)


def stand_together(body: smpl.Body, motion: Motion) -> Motion:
    """Shift both people [P, T] by one height, so that the lowest of their heels and toes rests on z = 0, in the median
    frame of those on the floor: for people measured in one world, of whom one may carry the other."""
    lowest = np.asarray(_lowest(body, pad_motion(motion)))[:, : motion.pelvis.shape[1]].min(axis=0)
    floor = np.median(lowest[lowest < np.percentile(lowest, 5) + _CLIMBED])
    return dataclasses.replace(motion, pelvis=motion.pelvis - np.array([0.0, 0.0, floor], np.float32))


def contact_on_floor(body: smpl.Body, motion: Motion, fps: float) -> np.ndarray:
    """Foot contact [P, T, 4] of a motion that stands on z = 0."""
    return np.asarray(_contact(body, pad_motion(motion), fps))[:, : motion.pelvis.shape[1]]


@jax.jit
def _lowest(body: smpl.Body, motion: Motion) -> jax.Array:
    """Height [P, T] of each person's lowest point of heels and toes."""
    posed = smpl.pose(body, motion)
    rest = smpl.shaped(body.keypoint_template, body.keypoint_shapedirs, motion.betas)[:, _SOLES, 1].min(axis=-1)
    above = rest - sole_height(body, motion.betas)
    return smpl.keypoints(body, posed)[:, :, _SOLES, 2].min(axis=-1) - above[:, None]


@jax.jit
def _contact(body: smpl.Body, motion: Motion, fps: Array | float) -> jax.Array:
    rest = smpl.rest_joints(body, motion.betas)[:, _TOES, 1].mean(axis=-1)
    return foot_contact(smpl.pose(body, motion).joints, fps, rest - sole_height(body, motion.betas))
