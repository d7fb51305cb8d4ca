"""What the front-end gives, as it is, and with its gaps filled: where every other baseline starts."""

import jax
import jax.numpy as jnp

from sm_jax.evaluation.baselines.method import MethodInput
from sm_jax.motion import state
from sm_jax.motion.slerp_fill import fill_hidden
from sm_jax.types import Array, Motion, Observation


def raw(clip: MethodInput) -> Motion:
    """The initial estimate."""
    return clip.observation.motion


def slerp(clip: MethodInput) -> Motion:
    """The estimate with its hidden spans interpolated (`motion.slerp_fill`)."""
    return _filled(clip.observation)


def filled_state(clip: MethodInput) -> jax.Array:
    """The motion of `slerp` as a state [P, T, D] in the world, of which foot contact is left zero."""
    return _packed(_filled(clip.observation))


def as_motion(found: Array, clip: MethodInput) -> Motion:
    """A state [P, T, D] in the world as a motion of the estimate's bodies."""
    return _unpacked(found, clip.observation.motion.betas)


@jax.jit
def _filled(observation: Observation) -> Motion:
    return fill_hidden(observation.motion, observation.visibility, jnp.ones(observation.visibility.shape[1]))


@jax.jit
def _packed(motion: Motion) -> jax.Array:
    return state.pack(motion, jnp.zeros((*motion.pelvis.shape[:2], 4)))


@jax.jit
def _unpacked(found: Array, betas: Array) -> Motion:
    return state.to_motion(found, betas)
