"""The tangent space of `Motion`, in which the solver steps."""

import dataclasses

import jax.numpy as jnp
from jax.tree_util import register_dataclass

from sm_jax.geometry.rotations import axis_angle_to_matrix, compose
from sm_jax.types import Array, Motion


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class TangentStep:
    """rotations: [..., P, T, J, 3] axis-angle applied after (to the right of) each rotation.
    pelvis: [..., P, T, 3].  betas: [..., P, N]."""

    rotations: Array
    pelvis: Array
    betas: Array


def zero_step(motion: Motion) -> TangentStep:
    """The step that moves nothing."""
    return TangentStep(
        rotations=jnp.zeros((*motion.pelvis.shape[:-1], 24, 3), jnp.float32),
        pelvis=jnp.zeros_like(motion.pelvis, jnp.float32),
        betas=jnp.zeros_like(motion.betas, jnp.float32),
    )


def retract(motion: Motion, step: TangentStep) -> Motion:
    """The motion moved by a step."""
    turned = compose(motion.rotations, axis_angle_to_matrix(step.rotations))
    return Motion(
        global_orient=turned[..., 0, :, :],
        body_pose=turned[..., 1:, :, :],
        pelvis=motion.pelvis + step.pelvis,
        betas=motion.betas + step.betas,
    )
