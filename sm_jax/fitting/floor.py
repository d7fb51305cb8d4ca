"""Where the floor is for a body: heights of soles and toes, and setting a motion on z = 0."""

import dataclasses

import jax
import jax.numpy as jnp

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, KEYPOINTS
from sm_jax.motion.feet import foot_contact
from sm_jax.types import Array, Motion

_SOLES = tuple(i for i, name in enumerate(KEYPOINTS) if name.endswith(("heel", "toe")))
_TOES = tuple(i for i, name in enumerate(JOINTS) if name.endswith("foot"))


def sole_height(body: smpl.Body, betas: Array) -> jax.Array:
    """Lowest point [P] of the rest pose for betas [P, N] (negative: the soles lie below the pelvis)."""
    return smpl.shaped(body.v_template, body.shapedirs, betas)[..., 1].min(axis=-1)


@jax.jit
def stand(body: smpl.Body, motion: Motion) -> Motion:
    """Shift each person [P, T] up or down so that the lowest of heels and toes rests on z = 0, in the median frame."""
    posed = smpl.pose(body, motion)
    rest = smpl.shaped(body.keypoint_template, body.keypoint_shapedirs, motion.betas)[:, _SOLES, 1].min(axis=-1)
    lowest = jnp.median(smpl.keypoints(body, posed)[:, :, _SOLES, 2].min(axis=-1), axis=1)
    shift = rest - sole_height(body, motion.betas) - lowest
    up = jnp.array([0.0, 0.0, 1.0])
    return dataclasses.replace(motion, pelvis=motion.pelvis + shift[:, None, None] * up[None, None])


@jax.jit
def contact_on_floor(body: smpl.Body, motion: Motion, fps: Array | float) -> Array:
    """Foot contact [P, T, 4] of a motion that stands on z = 0."""
    rest = smpl.rest_joints(body, motion.betas)[:, _TOES, 1].mean(axis=-1)
    return foot_contact(smpl.pose(body, motion).joints, fps, rest - sole_height(body, motion.betas))
