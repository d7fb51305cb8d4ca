"""A motion at other moments in time."""

import jax
import jax.numpy as jnp

from sm_jax.geometry.rotations import slerp
from sm_jax.types import Array, Motion


@jax.jit
def resample(motion: Motion, position: Array) -> Motion:
    """Motion [P, T] read at fractional frames `position` [N], clamped to its ends -> motion [P, N].

    Rotations turn along the shortest arc (slerp), the pelvis moves linearly.
    """
    last = motion.pelvis.shape[1] - 1
    position = jnp.clip(position, 0.0, float(last))
    before = jnp.minimum(jnp.floor(position).astype(jnp.int32), max(last - 1, 0))
    after = jnp.minimum(before + 1, last)
    u = jnp.broadcast_to((position - before.astype(jnp.float32))[None], (motion.pelvis.shape[0], len(position)))
    read = lambda values: (values[:, before], values[:, after])  # noqa: E731
    a, b = read(motion.pelvis)
    joint_u = jnp.broadcast_to(u[..., None], (*u.shape, motion.body_pose.shape[2]))
    return Motion(
        global_orient=slerp(*read(motion.global_orient), u),
        body_pose=slerp(*read(motion.body_pose), joint_u),
        pelvis=a + u[..., None] * (b - a),
        betas=motion.betas,
    )
