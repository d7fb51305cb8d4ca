"""What a 2D keypoint detector makes of two people: pixels with errors, and a confidence that is not always right."""

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.data.simulator.error_model import KeypointErrors
from sm_jax.data.simulator.noise import process, spans
from sm_jax.motion.visibility import ARMS, WRAPPED, arms_on_trunk
from sm_jax.types import Array

_DOUBT, _STEADY, _JITTER, _LEAP = 8.0, 12.0, 0.3, 8.0  # frames over which these keep their value
_STRAY = 0.5  # body heights: an estimate farther off draws no keypoint farther with it
_LEAST = 0.1  # a lower confidence is none


def draw_doubt(key: Array, visibility: Array, quality: Array, errors: KeypointErrors) -> jax.Array:
    """One minus the confidence of keypoints, [P, T, K] in [0, 1], before it is known where they lie.

    visibility: [P, T, K] in [0, 1].  quality: [P] by which doubt is larger or smaller.
    """
    usual = jnp.log(errors.doubt) + (1.0 - visibility) * (jnp.log(errors.hidden_doubt) - jnp.log(errors.doubt))
    doubt = jnp.exp(usual + process(key, visibility.shape, ((errors.doubt_spread, _DOUBT),)))
    return jnp.clip(doubt * quality[:, None, None], 0.0, 1.0)


def detect(
    key: Array,
    pixels: Array,
    estimated: Array,
    height: Array,
    visibility: Array,
    doubt: Array,
    quality: Array,
    errors: KeypointErrors,
) -> tuple[Array, Array]:
    """Keypoints [P, T, K, 2] in pixels and confidence [P, T, K].

    pixels: [P, T, K, 2] of what is shown.  estimated: the same of the estimate.  height: [P, T] pixels of a body.
    visibility, doubt: [P, T, K] in [0, 1].  quality: [P] by which errors are larger or smaller.
    """
    at_error, at_leap, at_jumps = jax.random.split(key, 3)
    n_people, n_frames, n_keypoints = visibility.shape
    height = height[..., None, None]
    jumps = jnp.moveaxis(spans(at_jumps, (n_people, n_keypoints), n_frames, errors.jumps, (1.0, 2.0)), 1, 2)
    jumps = (jumps > 0.0) & (visibility < 0.5)
    noise = process(at_error, (*visibility.shape, 2), ((errors.steady, _STEADY), (errors.jitter, _JITTER)))
    leap = process(at_leap, (*visibility.shape, 2), ((errors.hidden, _LEAP),)) * (1.0 - visibility)[..., None]
    error = quality[:, None, None, None] * (1.0 + errors.doubtful * doubt)[..., None] * noise
    drawn = errors.followed * jnp.clip((estimated - pixels) / height, -_STRAY, _STRAY)
    found = jnp.where(jumps[..., None], pixels[::-1] + height * error, pixels + height * (drawn + error + leap))

    confidence = jnp.where(jumps, jnp.maximum(1.0 - doubt, 0.5), 1.0 - doubt)
    wrapped = jnp.zeros_like(confidence).at[:, :, np.array(ARMS)].set(arms_on_trunk(found).astype(jnp.float32))
    confidence = confidence * (1.0 - (1.0 - WRAPPED) * wrapped)
    return found, jnp.where(confidence > _LEAST, confidence, 0.0)
