"""Other motions that are as true as the recorded one: turned, mirrored, faster or slower, with the people exchanged, on
bodies a little different. What is known of the motion changes with it."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.body import smpl
from sm_jax.body.skeleton import FOOT_JOINTS, JOINTS, SIDED_REGIONS, mirror_permutation
from sm_jax.geometry.rotations import compose, rotate
from sm_jax.motion.resample import resample
from sm_jax.types import Array, ContactTargets, Motion

SLOWEST, FASTEST = 0.8, 1.25
# Foot joints (`skeleton.FOOT_JOINTS`) change sides in a mirror.
MIRRORED_FEET = (1, 0, 3, 2)
_SHAPE = 0.3  # standard deviation of the change of betas; contacts are not closed again, so it is small
_SWAPPED = np.array(mirror_permutation(JOINTS))
_SWAPPED_REGIONS = np.array(mirror_permutation(SIDED_REGIONS))
_FLIP = np.array([-1.0, 1.0, 1.0], np.float32)


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Take:
    """A motion and what is known of it. motion: [P, T].  present: [P] in {0, 1}.  contacts: over the same T frames."""

    motion: Motion
    present: Array
    contacts: ContactTargets


def augment(key: Array, take: Take, body: smpl.Body, mirrored: Array, exchanged: Array, n_frames: int) -> Take:
    """A random variant of a take in a z-up world, n_frames long.

    mirrored, exchanged: [] bool; they are not drawn here, since whoever chooses a sentence must know them. The take
    must have at least source_frames(n_frames) frames. One take and key; use `jax.vmap` over a batch.
    """
    at_play, at_shape = jax.random.split(key)
    at_speed, at_yaw = jax.random.uniform(at_play, (2,))
    frames = jnp.arange(n_frames) * SLOWEST * (FASTEST / SLOWEST) ** at_speed
    motion = turn(resample(take.motion, frames), 2 * np.pi * at_yaw)
    motion = reshape(body, motion, motion.betas + _SHAPE * jax.random.normal(at_shape, motion.betas.shape))
    weight = take.contacts.weight[:, jnp.round(frames).astype(jnp.int32)]
    played = Take(motion=motion, present=take.present, contacts=dataclasses.replace(take.contacts, weight=weight))
    played = _either(mirrored, mirror_take(played), played)
    return _either(exchanged, exchange(played), played)


def reshape(body: smpl.Body, motion: Motion, betas: Array) -> Motion:
    """The motion [P, T] on the floor z = 0 with other betas [P, N]: rotations stay, each pelvis rises with the person's
    own legs, and the way over the floor grows with the mean of both, so that nobody drifts apart."""
    feet = np.array(FOOT_JOINTS[2:])
    legs = [smpl.rest_joints(body, b)[:, feet, 1].mean(axis=-1) for b in (betas, motion.betas)]
    ratio = legs[0] / legs[1]
    scale = jnp.stack([jnp.full_like(ratio, ratio.mean())] * 2 + [ratio], axis=-1)
    return dataclasses.replace(motion, pelvis=motion.pelvis * scale[:, None], betas=betas)


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


def mirror_take(take: Take) -> Take:
    """A take seen in a mirror at x = 0."""
    contacts = dataclasses.replace(
        take.contacts,
        mask_a=take.contacts.mask_a[..., _SWAPPED_REGIONS],
        mask_b=take.contacts.mask_b[..., _SWAPPED_REGIONS],
    )
    return dataclasses.replace(take, motion=mirror(take.motion), contacts=contacts)


def exchange(take: Take) -> Take:
    """A take with the people in the other order."""
    contacts = dataclasses.replace(take.contacts, mask_a=take.contacts.mask_b, mask_b=take.contacts.mask_a)
    motion = jax.tree.map(lambda x: x[::-1], take.motion)
    return Take(motion=motion, present=take.present[::-1], contacts=contacts)


def _either(choice: Array, a: Take, b: Take) -> Take:
    return jax.tree.map(lambda x, y: jnp.where(choice, x, y), a, b)
