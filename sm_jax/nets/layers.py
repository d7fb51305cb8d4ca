"""What both networks are built from: time embedding, rotary positions, masked attention, adaptive norms.

What every block calls is compiled here, so that it is traced and lowered once for all of them.
"""

import functools
import math

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body.skeleton import FOOT_JOINTS, JOINTS
from sm_jax.motion.state import STATE
from sm_jax.types import Array, Conditions

MASKED = -1e9  # finite, so that a row without any valid key still has a finite softmax and gradient
TOKEN_INIT = nn.initializers.normal(0.02)


def sinusoidal_embedding(t: Array, width: int, max_period: float = 10_000.0) -> jax.Array:
    """Diffusion time [B] → [B, width] cosines and sines of geometric frequencies (Vaswani et al. 2017)."""
    half = width // 2
    frequency = jnp.exp(-math.log(max_period) / half * jnp.arange(half, dtype=jnp.float32))
    angle = jnp.asarray(t, jnp.float32)[:, None] * frequency[None, :]
    return jnp.concatenate([jnp.cos(angle), jnp.sin(angle)], axis=-1)


@functools.partial(jax.jit, static_argnames="base")
def rotate_by_position(x: Array, base: float = 1_000.0) -> jax.Array:
    """Rotary position embedding over frames (Su et al. 2021): x [..., T, H, C], C even, position = frame number.

    Attention scores then depend on the distance between frames only, so any length may be used at test.
    """
    chex.assert_shape(x, (..., None, None, None))
    chex.assert_is_divisible(x.shape[-1], 2)
    frames, half = x.shape[-3], x.shape[-1] // 2
    frequency = base ** (-jnp.arange(half, dtype=jnp.float32) / half)
    angle = jnp.arange(frames, dtype=jnp.float32)[:, None, None] * frequency[None, None, :]
    angle = angle.reshape((1,) * (x.ndim - 3) + angle.shape)
    first, second = jnp.split(x, 2, axis=-1)  # slices instead would have a padded cotangent each
    cos, sin = jnp.cos(angle).astype(x.dtype), jnp.sin(angle).astype(x.dtype)
    return jnp.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)


def swap_people(x: Array) -> jax.Array:
    """The partner's entries in one's own place: [B, P, T, ...] with the two people exchanged."""
    return jnp.flip(x, axis=1)


@functools.partial(jax.jit, static_argnames="epsilon")
def layer_norm(x: Array, epsilon: float = 1e-6) -> Array:
    """Layer norm over the last axis without learned scale: the modulation brings its own."""
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + epsilon)


def modulate(x: Array, shift: Array, scale: Array) -> Array:
    """Adaptive layer norm (Peebles & Xie 2022): x [B, P, T, W] with shift and scale [B, W]."""
    return layer_norm(x) * (1.0 + scale[:, None, None, :]) + shift[:, None, None, :]


@jax.jit
def attend(q: Array, k: Array, v: Array, mask: Array) -> jax.Array:
    """Masked multi-head attention: q [..., T, H, C], k and v [..., S, H, C], mask [..., S] in {0, 1} → [..., T, H, C].

    Where no key is valid the result is zero, with finite gradients. The softmax is taken in float32 whatever they are.
    """
    chex.assert_equal_shape([k, v])
    chex.assert_equal_shape_suffix([q, k], 2)
    chex.assert_shape(mask, k.shape[:-2])
    leading = q.shape[:-3]

    def by_head(x: Array) -> jax.Array:
        """[N, ..., C] of all batches' heads: plain batched products are several times faster on a CPU, and with more
        axes, as under several hypotheses, XLA's library of CPU kernels refuses them."""
        x = jnp.swapaxes(x, -3, -2)
        return jnp.broadcast_to(x, (*leading, *x.shape[-3:])).reshape(-1, *x.shape[-2:])

    heads, width = q.shape[-2:]
    scores = (by_head(q) / math.sqrt(width) @ jnp.swapaxes(by_head(k), -1, -2)).astype(jnp.float32)
    scores = scores.reshape(*leading, heads, *scores.shape[-2:]) + jnp.where(mask > 0, 0.0, MASKED)[..., None, None, :]
    anything = (mask.sum(-1) > 0).astype(q.dtype)[..., None, None, None]
    share = jax.nn.softmax(scores, axis=-1).astype(v.dtype).reshape(-1, *scores.shape[-2:])
    found = (share @ by_head(v)).reshape(*leading, heads, q.shape[-3], width)
    return jnp.swapaxes(found, -3, -2) * anything


# Which joint's evidence each feature of the state rests on, and the tokens both networks read.


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
    chex.assert_equal_shape([x, conditions.estimate])
    chex.assert_shape(conditions.visibility, (*x.shape[:3], len(JOINTS)))
    chex.assert_shape(conditions.frame_mask, (x.shape[0], x.shape[2]))
    visible = feature_visibility(conditions.visibility)
    seen = visible * conditions.estimate + (1.0 - visible) * mask_token[None, None, None, :]
    evidence = conditions.evidence.reshape((*conditions.evidence.shape[:-2], -1))
    rest = conditions.rest_joints.reshape((*conditions.rest_joints.shape[:-2], 1, -1))
    rest = jnp.broadcast_to(rest, x.shape[:-1] + rest.shape[-1:])
    return jnp.concatenate(
        [x, conditions.estimate, seen, conditions.visibility, evidence, conditions.camera, rest], axis=-1
    )
