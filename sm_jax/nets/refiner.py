"""The refiner: a temporal convolution net over the whole sequence that removes jitter from the infilled motion."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp

from sm_jax.nets.layers import TOKEN_INIT, layer_norm, person_frames, swap_people
from sm_jax.nets.residual import Residual, bounded
from sm_jax.types import Array, Conditions


@dataclasses.dataclass(frozen=True)
class RefinerConfig:
    """Size of the refiner. It sees `sum(dilations)` frames to either side. taps: frames to either side that the linear
    filter before the residual reaches.  residual: what may be changed of the infilled motion (`nets.residual`)."""

    width: int = 192
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16)
    taps: int = 8
    residual: Residual = "free"


def shift_frames(x: Array, frames: int) -> jax.Array:
    """x [B, P, T, W] with frame i + `frames` in the place of frame i, zeros from beyond the ends."""
    before, after = max(-frames, 0), max(frames, 0)
    length = x.shape[2]
    padded = jnp.pad(x, ((0, 0), (0, 0), (before, after), (0, 0)))
    return jax.lax.dynamic_slice_in_dim(padded, after, length, axis=2)


class ConvolutionBlock(nn.Module):
    """Residual block: a dilated three-tap convolution in time, with the partner's frame beside it, then a dense layer.

    The taps are shifted copies in one matrix product: XLA's own depthwise convolution is many times slower on a CPU.
    """

    dilation: int
    dtype: jax.typing.DTypeLike = jnp.float32

    @nn.compact
    def __call__(self, x: Array, frame_mask: Array) -> Array:
        width = x.shape[-1]
        h = layer_norm(x) * frame_mask
        taps = [shift_frames(h, -self.dilation), h, shift_frames(h, self.dilation), swap_people(h)]
        h = jax.nn.gelu(nn.Dense(width, dtype=self.dtype, name="taps")(jnp.concatenate(taps, axis=-1)))
        return x + nn.Dense(width, dtype=self.dtype, name="out")(h)


class TemporalFilter(nn.Module):
    """A linear filter in time for each feature: x [B, P, T, W] -> [B, P, T, W]. It does nothing at initialisation.

    Each tap adds a share of the difference to a neighbouring frame, so that constants pass unchanged and frames where
    `frame_mask` [B, 1, T, 1] is zero lend nothing. Jitter is what a residual of normalised features cannot cancel:
    it would have to know every small number exactly.
    """

    taps: int

    @nn.compact
    def __call__(self, x: Array, frame_mask: Array) -> Array:
        shares = self.param("shares", nn.initializers.zeros, (2 * self.taps, x.shape[-1]))
        offsets = [k for k in range(-self.taps, self.taps + 1) if k]
        widths = ((0, 0), (0, 0), (self.taps, self.taps), (0, 0))
        padded, padded_mask = jnp.pad(x, widths), jnp.pad(frame_mask, widths)

        @jax.jit  # one tap is traced and lowered for all
        def tap(share: Array, start: int) -> Array:
            there, near = (jax.lax.dynamic_slice_in_dim(a, start, x.shape[2], 2) for a in (padded, padded_mask))
            return share[None, None, None] * near * frame_mask * (there - x)

        filtered = x
        for share, offset in zip(shares, offsets, strict=True):
            filtered = filtered + tap(share, self.taps + offset)
        return filtered


class Refiner(nn.Module):
    """Regresses the clean state from the infilled one, for sequences of any length.

    `Refiner(config)(x [B, P, T, D], conditions) -> [B, P, T, D]`, normalised states; conditions carry a leading B
    (their text is not read). The output is x, filtered in time, plus a residual; both do nothing at initialisation.
    Swap-equivariant, and frames where `frame_mask` is zero influence no other frame.

    dtype: of the blocks' products; everything else is float32.  remat: compute the blocks' activations again in the
    backward pass instead of keeping them.
    """

    config: RefinerConfig
    dtype: jax.typing.DTypeLike = jnp.float32
    remat: bool = False

    @nn.compact
    def __call__(self, x: Array, conditions: Conditions) -> Array:
        tokens = person_frames(x, conditions, self.param("mask_token", TOKEN_INIT, x.shape[-1:]))
        h = nn.Dense(self.config.width, name="self_in")(tokens)
        h = h + nn.Dense(self.config.width, use_bias=False, name="partner_in")(swap_people(tokens))
        frame_mask = conditions.frame_mask[:, None, :, None]
        block = nn.remat(ConvolutionBlock) if self.remat else ConvolutionBlock
        for i, dilation in enumerate(self.config.dilations):
            h = block(dilation, self.dtype, name=f"block_{i}")(h, frame_mask)
        residual = nn.Dense(x.shape[-1], kernel_init=nn.initializers.zeros, name="head")(layer_norm(h))
        if self.config.residual == "bounded":
            residual = bounded(residual, conditions)
        return TemporalFilter(self.config.taps, name="filter")(x, frame_mask) + residual
