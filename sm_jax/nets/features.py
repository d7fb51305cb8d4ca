"""Which joint's evidence each feature of the state rests on, and the tokens both networks read."""

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body.skeleton import FOOT_JOINTS, JOINTS
from sm_jax.motion.state import STATE
from sm_jax.types import Array, Conditions

_RESTS_ON = {
    "orient": [0] * 6,
    "pose": np.repeat(np.arange(1, len(JOINTS)), 6),
    "pelvis": [0] * 3,
    "foot_contact": FOOT_JOINTS,
}
FEATURE_JOINTS = np.concatenate([_RESTS_ON[name] for name in STATE])


def feature_visibility(visibility: Array) -> jax.Array:
    """Visibility per joint [..., J] → per state feature [..., D]."""
    return jnp.asarray(visibility)[..., FEATURE_JOINTS]


def person_frames(x: Array, conditions: Conditions, mask_token: Array) -> jax.Array:
    """All that is known of one person in one frame, side by side: [B, P, T, F].

    x: [B, P, T, D], the noisy or the infilled state. mask_token: [D]; it takes the place of estimated features as
    their visibility goes to zero. The gap-filled estimate is given beside it, unmasked, because the networks
    predict the residual to it.
    """
    visible = feature_visibility(conditions.visibility)
    seen = visible * conditions.estimate + (1.0 - visible) * mask_token[None, None, None, :]
    evidence = conditions.evidence.reshape((*conditions.evidence.shape[:-2], -1))
    rest = conditions.rest_joints.reshape((*conditions.rest_joints.shape[:-2], 1, -1))
    rest = jnp.broadcast_to(rest, x.shape[:-1] + rest.shape[-1:])
    return jnp.concatenate(
        [x, conditions.estimate, seen, conditions.visibility, evidence, conditions.camera, rest], axis=-1
    )
