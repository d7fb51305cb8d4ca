"""The infiller: a diffusion transformer over the person-frames of one window, conditioned on text and evidence."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp

from sm_jax.errors import UserError
from sm_jax.nets.layers import (
    TOKEN_INIT,
    attend,
    modulate,
    person_frames,
    rotate_by_position,
    sinusoidal_embedding,
    swap_people,
)
from sm_jax.nets.residual import Residual, bounded
from sm_jax.types import Array, Conditions


@dataclasses.dataclass(frozen=True)
class InfillerConfig:
    """Size of the infiller. `width` must be a multiple of 2 * `heads`, and the frames of a window one of `patch`."""

    width: int = 192
    blocks: int = 4
    heads: int = 4
    expansion: int = 2
    patch: int = 1
    """Frames of a token: the blocks cost so many times less."""
    residual: Residual = "free"
    """What may be changed of the estimate: anything, or little of what was seen (`nets.residual`). A bounded network is
    told the size of the estimate's errors and says how sure it is of each joint."""

    def __post_init__(self) -> None:
        if min(self.width, self.blocks, self.heads, self.expansion, self.patch) < 1:
            raise UserError("net.width, net.blocks, net.heads, net.expansion and net.patch must be 1 or more")
        if self.width % (2 * self.heads):
            raise UserError(f"net.width {self.width} is no multiple of twice {self.heads} net.heads")


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

    def __call__(self, x_t: Array, t: Array, conditions: Conditions) -> Array:
        return self.predict(x_t, t, conditions)[0]

    @nn.compact
    def predict(self, x_t: Array, t: Array, conditions: Conditions) -> tuple[Array, Array]:
        """x0 [B, P, T, D], and the logarithm of the squared error in dm² that each joint's place is expected to have,
        relative to the pelvis and the pelvis' own [B, P, T, J]; zero of a network without bounds."""
        config, state = self.config, x_t.shape[-1]
        tokens = person_frames(x_t, conditions, self.param("mask_token", TOKEN_INIT, (state,)))
        tokens, token_mask = _patches(tokens, conditions.frame_mask, config.patch)
        x = nn.Dense(config.width, name="self_in")(tokens)
        x = x + nn.Dense(config.width, use_bias=False, name="partner_in")(swap_people(tokens))
        if config.residual == "bounded":
            scale = conditions.error_scale[:, :, None, None]
            x = x + nn.Dense(config.width, use_bias=False, name="error_scale")(scale)
        context = self._context(t, conditions)
        zeros = nn.initializers.zeros
        modulation = nn.Dense(3 * config.width, kernel_init=zeros, name="modulation")(context)
        modulation = modulation.reshape((-1, 3, config.width))
        text = nn.Dense(config.width, name="text_tokens")(conditions.text.tokens)

        block = nn.remat(Block) if self.remat else Block
        for i in range(config.blocks):
            x = block(config, self.dtype, name=f"block_{i}")(x, text, modulation, token_mask, conditions.text.mask)
        shift, scale = jnp.split(nn.Dense(2 * config.width, kernel_init=zeros, name="final")(context), 2, axis=-1)
        x = modulate(x, shift, scale)
        residual = nn.Dense(config.patch * state, kernel_init=zeros, name="head")(x).reshape(x_t.shape)
        shape = (*x_t.shape[:-1], conditions.visibility.shape[-1])
        if config.residual == "free":
            return conditions.estimate + residual, jnp.zeros(shape)
        unsure = nn.Dense(config.patch * shape[-1], kernel_init=zeros, name="uncertainty")(x).reshape(shape)
        return conditions.estimate + bounded(residual, conditions), unsure

    def _context(self, t: Array, conditions: Conditions) -> jax.Array:
        """What modulates every block [B, W]: diffusion time, the text as a whole."""
        width = self.config.width
        time = sinusoidal_embedding(t, width)
        time = nn.Dense(width, name="time_out")(jax.nn.silu(nn.Dense(width, name="time_in")(time)))
        has_text = (conditions.text.mask.sum(-1, keepdims=True) > 0).astype(time.dtype)
        context = time + nn.Dense(width, name="text_pooled")(conditions.text.pooled) * has_text
        return jax.nn.silu(context)


def _patches(tokens: Array, frame_mask: Array, patch: int) -> tuple[Array, Array]:
    """Person-frames [B, P, T, F] and frame_mask [B, T] as tokens of `patch` frames [B, P, T / patch, patch * F], and
    which of them have a frame [B, T / patch]. Padding is zero."""
    if patch == 1:
        return tokens, frame_mask
    tokens = tokens * frame_mask[:, None, :, None]
    batch, people, frames, features = tokens.shape
    tokens = tokens.reshape((batch, people, frames // patch, patch * features))
    return tokens, frame_mask.reshape((batch, -1, patch)).max(axis=-1)
