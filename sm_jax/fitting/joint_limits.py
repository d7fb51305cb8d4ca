"""How far joints are beyond their ranges, as residuals of a fit."""

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body.skeleton import JOINTS
from sm_jax.energies.limits import HYPEREXTENSION, LARGEST_ANGLE, flexion
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import vee
from sm_jax.types import Array

# Radians before the largest angle from which on a turn costs, so that it stops there against a pull.
_MARGIN = np.radians(10.0)


def beyond_range(body_pose: Array) -> jax.Array:
    """Radians [..., 23 + 4] by which joints turn too far, and by which knees and elbows bend backwards.

    body_pose: [..., 23, 3, 3] parent-relative.
    """
    cosine = 0.5 * (body_pose[..., 0, 0] + body_pose[..., 1, 1] + body_pose[..., 2, 2] - 1)
    angle = safe.atan2(safe.norm(vee(body_pose)), cosine)
    largest = jnp.asarray(LARGEST_ANGLE - _MARGIN, jnp.float32).reshape((1,) * (angle.ndim - 1) + (23,))
    backwards = -flexion(body_pose) - HYPEREXTENSION
    return jnp.maximum(jnp.concatenate([angle - largest, backwards], axis=-1), 0)


def out_of_range(body_pose: Array) -> jax.Array:
    """As `beyond_range`, joint by joint [..., 23]: what a hinge bends backwards counts at its joint."""
    beyond, backwards = jnp.split(beyond_range(body_pose), [23], axis=-1)
    hinges = np.array([JOINTS.index(f"{side}_{name}") - 1 for name in ("knee", "elbow") for side in ("left", "right")])
    return beyond.at[..., hinges].add(backwards)
