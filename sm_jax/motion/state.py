"""The networks' state: one table of named slices, and the way to and from `Motion`."""

import dataclasses

import chex
import jax
import jax.numpy as jnp

from sm_jax.geometry.rotations import matrix_to_6d, sixd_to_matrix
from sm_jax.types import Array, Motion

ORIENT = slice(0, 6)
POSE = slice(6, 144)
ROTATIONS = slice(0, 144)  # both of them
PELVIS = slice(144, 147)
FOOT_CONTACT = slice(147, 151)

STATE = {"orient": ORIENT, "pose": POSE, "pelvis": PELVIS, "foot_contact": FOOT_CONTACT}
D = 151


@jax.jit
def pack(motion: Motion, foot_contact: Array) -> jax.Array:
    """Motion and foot contact [..., P, T, 4] in [0, 1] -> state [..., P, T, D].

    Rotations enter as the first two columns of their matrices (Zhou et al., "On the continuity of rotation
    representations", 2019), so that a state may be averaged and denoised as a plain vector.
    """
    chex.assert_shape([motion.body_pose, foot_contact], [(..., 23, 3, 3), (..., 4)])
    chex.assert_equal_shape_prefix([motion.pelvis, foot_contact], foot_contact.ndim - 1)
    rotations = matrix_to_6d(motion.rotations)
    return jnp.concatenate([rotations.reshape(*rotations.shape[:-2], -1), motion.pelvis, foot_contact], axis=-1)


@jax.jit
def unpack(state: Array) -> tuple[Motion, Array]:
    """The inverse of `pack`, but for the betas, which a state does not hold: state [..., P, T, D] -> Motion with no
    betas [..., P, 0] and foot contact [..., P, T, 4]. Rotations are made orthonormal."""
    chex.assert_shape(state, (..., D))
    rotations = sixd_to_matrix(state[..., ROTATIONS].reshape(*state.shape[:-1], 24, 6))
    motion = Motion(
        global_orient=rotations[..., 0, :, :],
        body_pose=rotations[..., 1:, :, :],
        pelvis=state[..., PELVIS],
        betas=jnp.zeros((*state.shape[:-2], 0), state.dtype),
    )
    return motion, state[..., FOOT_CONTACT]


def to_motion(state: Array, betas: Array) -> Motion:
    """State [..., P, T, D] as the motion of bodies with betas [..., P, N]."""
    return dataclasses.replace(unpack(state)[0], betas=betas)
