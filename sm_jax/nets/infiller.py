"""The infiller: a diffusion transformer over the person-frames of one window, conditioned on text and evidence."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp

from sm_jax.nets.layers import (
    TOKEN_INIT,
    attend,
    modulate,
    person_frames,
    rotate_by_position,
    sinusoidal_embedding,
    swap_people,
)
from sm_jax.types import Array, Conditions


@dataclasses.dataclass(frozen=True)
class InfillerConfig:
    """Size of the infiller. `width` must be a multiple of 2 * `heads`."""

    width: int = 192
    blocks: int = 4
    heads: int = 4
    expansion: int = 2


class Block(nn.Module):
    """Attention to one's own frames, to the partner's frames and to the text, and a feed-forward layer, in parallel.

    All four read one modulated norm (AdaLN-zero) and meet in one sum (the parallel layers of ViT-22B, Dehghani et
    al. 2023), so a block is two large matrix products. x [B, P, T, W]; text [B, L, W]; modulation [B, 3, W], shared
    by the blocks, to which each adds its own offset (adaLN-single of PixArt-α, Chen et al. 2023). dtype: of the large
    products; x stays as it is.
    """

    config: InfillerConfig
    dtype: jax.typing.DTypeLike = jnp.float32

    @nn.compact
    def __call__(self, x: Array, text: Array, modulation: Array, frame_mask: Array, text_mask: Array) -> Array:
        people, frames, width = x.shape[1:]
        heads = self.config.heads
        offset = self.param("offset", nn.initializers.zeros, modulation.shape[1:])
        shift, scale, gate = jnp.unstack(modulation + offset[None], axis=1)

        qkv_mlp = nn.Dense((7 + self.config.expansion) * width, dtype=self.dtype, name="qkv_mlp")(
            modulate(x, shift, scale)
        )
        qkv_mlp = qkv_mlp.reshape((*qkv_mlp.shape[:-1], -1, width // heads))
        to_frames, to_text, hidden = jnp.split(qkv_mlp, (6 * heads, 7 * heads), axis=-2)
        q, k, v = jnp.split(to_frames, 3, axis=-2)  # 2 * heads each: the first half looks at oneself
        q, k = rotate_by_position(q), rotate_by_position(k)
        k, v = (_own_and_partners(a) for a in (k, v))
        by_frames = attend(q, k, v, jnp.broadcast_to(frame_mask[:, None], x.shape[:-1]))

        to_text = to_text.reshape((-1, people * frames, *to_text.shape[-2:]))
        text_kv = nn.Dense(2 * width, dtype=self.dtype, name="text_kv")(text).reshape((*text.shape[:-1], 2 * heads, -1))
        text_k, text_v = jnp.split(text_kv, 2, axis=-2)
        by_text = attend(to_text, text_k, text_v, text_mask)
        by_text = by_text.reshape(by_frames.shape[:-2] + by_text.shape[-2:])

        together = jnp.concatenate([by_frames, by_text, jax.nn.gelu(hidden)], axis=-2)
        together = together.reshape((*x.shape[:-1], -1))
        return x + gate[:, None, None, :] * nn.Dense(width, dtype=self.dtype, name="out")(together)


def _own_and_partners(x: Array) -> jax.Array:
    """Heads [B, P, T, H, C] of which the second half is the partner's."""
    own, partners = jnp.split(x, 2, axis=-2)
    return jnp.concatenate([own, swap_people(partners)], axis=-2)


class Infiller(nn.Module):
    """Predicts the clean state of both people from a noisy one.

    `Infiller(config)(x_t [B, P, T, D], t [B], conditions) -> x0 [B, P, T, D]`, all normalised; conditions carry a
    leading B. The prediction is the gap-filled estimate plus a residual that is zero at initialisation. The people
    share all weights and carry no embedding: swapping them in every input swaps the output. Frames where
    `frame_mask` is zero influence no other frame.

    dtype: of the blocks' products; parameters, norms, softmax and the residual stream are float32.  remat: compute the
    blocks' activations again in the backward pass instead of keeping them.
    """

    config: InfillerConfig
    dtype: jax.typing.DTypeLike = jnp.float32
    remat: bool = False

    @nn.compact
    def __call__(self, x_t: Array, t: Array, conditions: Conditions) -> Array:
        width, state = self.config.width, x_t.shape[-1]
        tokens = person_frames(x_t, conditions, self.param("mask_token", TOKEN_INIT, (state,)))
        x = nn.Dense(width, name="self_in")(tokens)
        x = x + nn.Dense(width, use_bias=False, name="partner_in")(swap_people(tokens))

        time = sinusoidal_embedding(t, width)
        time = nn.Dense(width, name="time_out")(jax.nn.silu(nn.Dense(width, name="time_in")(time)))
        has_text = (conditions.text.mask.sum(-1, keepdims=True) > 0).astype(time.dtype)
        pooled = nn.Dense(width, name="text_pooled")(conditions.text.pooled) * has_text
        context = jax.nn.silu(time + pooled)
        zeros = nn.initializers.zeros
        modulation = nn.Dense(3 * width, kernel_init=zeros, name="modulation")(context)
        modulation = modulation.reshape((-1, 3, width))
        text = nn.Dense(width, name="text_tokens")(conditions.text.tokens)

        block = nn.remat(Block) if self.remat else Block
        masks = conditions.frame_mask, conditions.text.mask
        for i in range(self.config.blocks):
            x = block(self.config, self.dtype, name=f"block_{i}")(x, text, modulation, *masks)
        shift, scale = jnp.split(nn.Dense(2 * width, kernel_init=zeros, name="final")(context), 2, axis=-1)
        residual = nn.Dense(state, kernel_init=zeros, name="head")(modulate(x, shift, scale))
        return conditions.estimate + residual
