"""A Gaussian prior, for which the best denoiser is known in closed form."""

import jax
import jax.numpy as jnp

from sm_jax.diffusion import Denoiser
from sm_jax.diffusion.schedule import cosine

LEVEL = jnp.asarray(cosine())
MEAN, STD = 1.5, 0.6


def posterior_variance(t: jax.Array) -> jax.Array:
    """Var[x0 | x_t], [B, 1], of x0 ~ N(MEAN, STD^2)."""
    level = LEVEL[t][:, None]
    return STD**2 * (1.0 - level) / (level * STD**2 + 1.0 - level)


def denoiser() -> Denoiser:
    """E[x0 | x_t] of x0 ~ N(MEAN, STD^2), elementwise, x [B, N]."""

    def x0(x_t: jax.Array, t: jax.Array) -> jax.Array:
        level = LEVEL[t][:, None]
        gain = jnp.sqrt(level) * STD**2 / (level * STD**2 + 1.0 - level)
        return MEAN + gain * (x_t - jnp.sqrt(level) * MEAN)

    return x0
