"""Arms and legs as chains of two bones that are pointed at places."""

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body.skeleton import JOINTS
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import compose, shortest_arc
from sm_jax.types import Array

# [4, limbs, sides] joints along each limb: where it starts, its middle, its end, and the tip of what hangs there.
LIMBS = np.array(
    [
        [[JOINTS.index(f"{side}_{name}") for side in ("left", "right")] for name in names]
        for names in (("shoulder", "hip"), ("elbow", "knee"), ("wrist", "ankle"), ("hand", "foot"))
    ]
)
_ROOT, _MIDDLE, _END = (LIMBS[i].ravel() for i in range(3))
# [J] row of each joint in a table of turns: upper bones, lower bones, none.
_ROW = np.full(len(JOINTS), 2 * len(_ROOT))
_ROW[np.concatenate([_ROOT, _MIDDLE])] = np.arange(2 * len(_ROOT))


def reach(R_world_joint: Array, joints: Array, wanted: Array) -> jax.Array:
    """Turn the upper and then the lower bone of every limb towards the place [P, T, J, 3] wanted for its far end.

    R_world_joint: [P, T, J, 3, 3] and joints [P, T, J, 3], of one pose. Returns R_world_joint; all other joints keep
    their orientation in the world.
    """
    root = joints[:, :, _ROOT]
    upper, lower = joints[:, :, _MIDDLE] - root, joints[:, :, _END] - joints[:, :, _MIDDLE]
    aim = safe.normalise(wanted[:, :, _MIDDLE] - root)
    middle = root + safe.norm(upper, keepdims=True) * aim
    swing = jnp.stack([shortest_arc(upper, aim), shortest_arc(lower, wanted[:, :, _END] - middle)])
    keep = jnp.broadcast_to(jnp.eye(3), (*swing.shape[1:3], 1, 3, 3))
    # One gather of a table is several times faster than scattering into the joints.
    table = jnp.concatenate([swing[0], swing[1], keep], axis=2)
    return compose(table[:, :, _ROW], R_world_joint)
