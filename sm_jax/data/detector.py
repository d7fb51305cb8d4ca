"""What a 2D keypoint detector makes of two people: pixels with errors, and a confidence that is not always right.

Sizes follow measurements of MoveNet and BlazePose on two people in contact: hidden keypoints err by a fifth of the
body, one in six jumps to the other person, and most of those that jump keep a confidence above one half.
"""

import jax
import jax.numpy as jnp

from sm_jax.data.noise import smooth, spans
from sm_jax.types import Array

_STEADY, _JITTER = 0.008, 0.005  # error of a visible keypoint, in body heights: lasting, and from frame to frame
_HIDDEN = 0.12  # additional error of a hidden keypoint
_JUMPS = 0.17  # share of hidden keypoints that land on the other person
_QUALITY = (0.5, 2.0)  # a clip's errors are this much smaller or larger


def detect(key: Array, pixels: Array, depth: Array, focal: Array, visibility: Array) -> tuple[Array, Array]:
    """Keypoints [P, T, K, 2] in pixels and confidence [P, T, K].

    pixels: [P, T, K, 2] true.  depth: [P, T, K] metres.  focal: [] pixels.  visibility: [P, T, K] in [0, 1].
    """
    at_white, at_unseen, at_jumps = jax.random.split(key, 3)
    n_people, n_frames, n_keypoints = visibility.shape
    white = jax.random.normal(at_white, (*visibility.shape, 7))
    unseen = jax.random.uniform(at_unseen, (n_people, 1, n_keypoints + 1))
    height = (1.7 * focal / jnp.maximum(depth, 1.0).mean(axis=-1))[..., None, None]
    quality = _QUALITY[0] * (_QUALITY[1] / _QUALITY[0]) ** unseen[:1, :, -1:, None]
    steady, leap = smooth(white[..., :2], time=1, correlation=12.0), smooth(white[..., 2:4], time=1, correlation=8.0)
    jumps = jnp.moveaxis(spans(at_jumps, (n_people, n_keypoints), n_frames, _JUMPS, (1.0, 2.0)), 1, 2)
    jumps = (jumps > 0.0) & (visibility < 0.5)
    astray = jnp.where(jumps, 0.0, _HIDDEN * (1.0 - visibility))[..., None] * leap
    error = quality * (_STEADY * steady + _JITTER * white[..., 4:6]) + astray
    found = jnp.where(jumps[..., None], pixels[::-1], pixels) + height * error
    doubt = 0.1 * smooth(white[..., 6], time=1, correlation=6.0)
    guess = 0.5 * unseen[..., :-1] * (1.0 - visibility)
    confidence = 0.9 * visibility + guess + jnp.where(jumps, 0.3, 0.0) + doubt
    return found, jnp.clip(jnp.where(confidence > 0.1, confidence, 0.0), 0.0, 1.0)
