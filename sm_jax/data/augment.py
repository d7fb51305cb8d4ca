"""Other motions that are as true as the recorded one: turned, mirrored, faster or slower, with the people exchanged."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body.skeleton import JOINTS, mirror_permutation
from sm_jax.geometry.rotations import compose, rotate
from sm_jax.motion.resample import resample
from sm_jax.types import Array, Motion

SLOWEST, FASTEST = 0.8, 1.25
_SWAPPED = np.array(mirror_permutation(JOINTS))
# Foot joints (`skeleton.FOOT_JOINTS`) change sides in a mirror.
MIRRORED_FEET = (1, 0, 3, 2)
_FLIP = np.array([-1.0, 1.0, 1.0], np.float32)


def augment(key: Array, motion: Motion, n_frames: int) -> Motion:
    """A random variant of a motion [P, T] in a z-up world, n_frames long.

    T must be at least source_frames(n_frames). One motion and key; use `jax.vmap` over a batch.
    """
    at_speed, at_yaw, at_mirror, at_swap = jax.random.uniform(key, (4,))
    frames = jnp.arange(n_frames) * SLOWEST * (FASTEST / SLOWEST) ** at_speed
    motion = turn(resample(motion, frames), 2 * np.pi * at_yaw)
    motion = _either(at_mirror < 0.5, mirror(motion), motion)
    return _either(at_swap < 0.5, jax.tree.map(lambda x: x[::-1], motion), motion)


def source_frames(n_frames: int) -> int:
    """Frames a motion must have for n_frames at the fastest speed."""
    return int(np.ceil((n_frames - 1) * FASTEST)) + 1


def turn(motion: Motion, yaw: Array) -> Motion:
    """Turn a motion [..., P, T] in a z-up world by an angle [] about z."""
    c, s = jnp.cos(yaw), jnp.sin(yaw)
    z, one = jnp.zeros_like(c), jnp.ones_like(c)
    R = jnp.stack([jnp.stack([c, -s, z]), jnp.stack([s, c, z]), jnp.stack([z, z, one])])
    R = jnp.reshape(R, (1,) * (motion.pelvis.ndim - 1) + (3, 3))
    return dataclasses.replace(motion, global_orient=compose(R, motion.global_orient), pelvis=rotate(R, motion.pelvis))


def mirror(motion: Motion) -> Motion:
    """The motion [..., P, T] seen in a mirror at x = 0: left limbs do what right limbs did.

    A body is taken to be its own mirror image, so betas stay.
    """
    conjugate = jnp.asarray(_FLIP[:, None] * _FLIP[None])

    def reflected(R):
        return jnp.reshape(conjugate, (1,) * (R.ndim - 2) + (3, 3)) * R

    return dataclasses.replace(
        motion,
        global_orient=reflected(motion.global_orient),
        body_pose=reflected(motion.body_pose[..., _SWAPPED[1:] - 1, :, :]),
        pelvis=motion.pelvis * jnp.reshape(_FLIP, (1,) * (motion.pelvis.ndim - 1) + (3,)),
    )


def _either(choice: Array, a: Motion, b: Motion) -> Motion:
    return jax.tree.map(lambda x, y: jnp.where(choice, x, y), a, b)
