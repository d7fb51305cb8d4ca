"""Where the feet stand: foot contact labels and the height of the floor, from joints alone."""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body.skeleton import FOOT_JOINTS, JOINTS
from sm_jax.types import Array

_FEET = np.array(FOOT_JOINTS)
_SPEED = 0.5  # m/s at which a foot counts as half planted; retargeted mocap skates at 0.2
_LIFT = 0.06  # metres above the support level at the same point


def foot_contact(joints: Array, fps: Array | float, ground: Array) -> jax.Array:
    """Soft contact of ankles and toe joints with the ground.

    joints: [P, T, J, 3] in a z-up frame.  fps: frames per second.  ground: [] or [P] height of the *toe joints* at
    rest on the floor (`ground_height`).  Returns [P, T, 4] in [0, 1], in the order of `skeleton.FOOT_JOINTS`.
    """
    chex.assert_shape(joints, (None, None, len(JOINTS), 3))
    feet = joints[:, :, _FEET, :]
    step = jnp.diff(feet, axis=1, prepend=feet[:, :1])
    speed = jnp.sqrt(jnp.sum(step * step, axis=-1) + 1e-12) * fps
    speed = jnp.minimum(speed, jnp.concatenate([speed[:, 1:], speed[:, -1:]], axis=1))
    toes = jnp.minimum(feet[..., 2:, 2], feet[..., :2, 2])
    height = jnp.concatenate([toes, toes], axis=-1) - jnp.reshape(ground, (-1, 1, 1))
    slow = jax.nn.sigmoid(6.0 * (1.0 - speed / _SPEED))
    return slow * jax.nn.sigmoid(6.0 * (1.0 - height / _LIFT))


def ground_height(joints: Array, weight: Array) -> jax.Array:
    """Height of the lowest foot joint, as the median over frames and people: joints [P, T, J, 3], weight [T] -> [].

    A median forgives jumps, lifts and mis-fitted frames; two people on different levels get the level between them.
    """
    chex.assert_shape([joints, weight], [(None, None, len(JOINTS), 3), (joints.shape[1],)])
    lowest = joints[:, :, _FEET, 2].min(axis=-1)
    lowest = jnp.where(weight[None] > 0.0, lowest, jnp.full_like(lowest, jnp.nan))
    return jnp.nan_to_num(jnp.nanmedian(lowest))
