"""A smoother that sees nothing but time: one MLP over the frames of a window, the same for every feature."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp

from sm_jax.types import Array


@dataclasses.dataclass(frozen=True)
class SmoothNetConfig:
    """Size of the smoother. window: frames it sees at once.  hidden, residual: width of the MLP and of its blocks."""

    window: int = 32
    hidden: int = 512
    residual: int = 128
    blocks: int = 3


class SmoothNet(nn.Module):
    """SmoothNet (Zeng et al., ECCV 2022): `SmoothNet(config)(x [..., T, C]) -> [..., T, C]`, T = config.window.

    Unlike the original it sees each feature less its mean over the window, since where a body stands says nothing of
    how it moves, and predicts a residual that is zero at initialisation; there is no dropout, as data are plentiful.
    """

    config: SmoothNetConfig

    @nn.compact
    def __call__(self, x: Array) -> Array:
        centred = jnp.swapaxes(x - x.mean(axis=-2, keepdims=True), -1, -2)
        h = jax.nn.leaky_relu(nn.Dense(self.config.hidden, name="encode")(centred), 0.1)
        for i in range(self.config.blocks):
            narrow = nn.Dense(self.config.residual, name=f"narrow_{i}")(h)
            wide = nn.Dense(self.config.hidden, name=f"wide_{i}")(jax.nn.leaky_relu(narrow, 0.2))
            h = h + jax.nn.leaky_relu(wide, 0.2)
        decode = nn.Dense(self.config.window, kernel_init=nn.initializers.zeros, name="decode")
        return x + jnp.swapaxes(decode(h), -1, -2)
