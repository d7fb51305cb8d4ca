"""What keypoints in the picture say of joints. Perception and the simulator, which imitates it, share this."""

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body.skeleton import JOINTS, KEYPOINTS
from sm_jax.geometry import safe
from sm_jax.types import Array

ARMS = tuple(KEYPOINTS.index(f"{side}_{name}") for name in ("elbow", "wrist", "hand") for side in ("left", "right"))
WRAPPED = 0.25  # confidence left to an arm in front of, behind or around the other's trunk
# Segments of the trunk and thighs (keypoints) and their radius in torso lengths, around which arms are wrapped.
_TRUNK = ((5, 11, 0.25), (6, 12, 0.25), (5, 12, 0.25), (6, 11, 0.25), (11, 13, 0.2), (12, 14, 0.2), (0, 0, 0.3))
_FROM, _TO = (np.array([segment[i] for segment in _TRUNK]) for i in (0, 1))
_RADIUS = np.array([segment[2] for segment in _TRUNK], np.float32)

_SIDES = ("left", "right")
_SHOULDERS, _HIPS = (tuple(f"{side}_{name}" for side in _SIDES) for name in ("shoulder", "hip"))
# Keypoints whose mean confidence says how well a joint was seen.
_SHOWN_BY = {name: (name,) for name in JOINTS if name in KEYPOINTS}
_SHOWN_BY |= {f"{side}_foot": (f"{side}_toe",) for side in _SIDES}
_SHOWN_BY |= {f"{side}_collar": (f"{side}_shoulder",) for side in _SIDES}
_SHOWN_BY |= {"pelvis": _HIPS, "neck": _SHOULDERS, "head": ("nose", "left_ear", "right_ear")}
_SHOWN_BY |= dict.fromkeys(("spine1", "spine2", "spine3"), _SHOULDERS + _HIPS)
_MEAN = np.array([[(k in _SHOWN_BY[j]) / len(_SHOWN_BY[j]) for j in JOINTS] for k in KEYPOINTS], np.float32)


def joint_confidence(confidence: Array) -> jax.Array:
    """Confidence [..., J] of joints from that of keypoints [..., K]."""
    return jnp.matmul(confidence, _MEAN, precision="highest")


def arms_on_trunk(keypoints: Array) -> jax.Array:
    """[P, T, len(ARMS)] whether an arm's keypoint lies on the other person's trunk in the picture.

    keypoints: [P, T, K, 2] pixels.
    """
    keypoints = jnp.asarray(keypoints)
    other = keypoints[::-1]
    middle = lambda a, b: 0.5 * (other[:, :, a] + other[:, :, b])  # noqa: E731
    torso = safe.norm(middle(5, 6) - middle(11, 12))
    start = other[:, :, None, _FROM]
    along, point = other[:, :, None, _TO] - start, keypoints[:, :, np.array(ARMS), None] - start
    dot = lambda x, y: x[..., 0] * y[..., 0] + x[..., 1] * y[..., 1]  # noqa: E731
    u = jnp.clip(dot(point, along) / jnp.maximum(dot(along, along), 1e-6), 0.0, 1.0)
    gap = safe.norm(point - u[..., None] * along)
    return jnp.any(gap < _RADIUS[None, None, None] * (torso[:, :, None, None] + 1e-6), axis=-1)
