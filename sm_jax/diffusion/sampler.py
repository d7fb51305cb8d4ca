"""Denoising diffusion implicit models: the whole sampling is one scan."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from sm_jax.diffusion import Denoiser
from sm_jax.diffusion.process import noise_from_x0
from sm_jax.diffusion.schedule import CLEAN
from sm_jax.types import Array


def ddim(
    denoiser: Denoiser,
    noise: jax.Array,
    alpha_bar: Array,
    timesteps: Array,
    eta: float = 0.0,
    key: jax.Array | None = None,
    read: Callable[[jax.Array], jax.Array] = lambda x0: x0,
) -> jax.Array:
    """Clean samples [N, B, ...] from noise [B, ...], the denoiser's predictions at each of the time steps, of which the
    last is the result (Song et al. 2021, eq. 12 and 16).

    alpha_bar: [steps] the schedule. timesteps: [N] decreasing, the steps to visit; the last ones may be
    `schedule.CLEAN` and below, where the denoiser is given its own last prediction. eta: 0 is deterministic given the
    noise, 1 is ancestral sampling, which needs a key. read: what is returned of each prediction. ValueError if eta asks
    for a key that is missing.
    """
    timesteps = jnp.asarray(timesteps)
    here = jnp.where(timesteps <= CLEAN, 1.0, jnp.asarray(alpha_bar)[timesteps])
    after = jnp.concatenate([here[1:], jnp.ones_like(here[:1])])
    sigma, direction, keys = None, jnp.sqrt(1.0 - after), None
    if eta:
        if key is None:
            raise ValueError("sampling with eta > 0 draws noise and needs a key")
        sigma = eta * jnp.sqrt((1.0 - after) / (1.0 - here)) * jnp.sqrt(1.0 - here / after)
        direction = jnp.sqrt(jnp.maximum(1.0 - after - jnp.square(sigma), 0.0))
        keys = jax.random.split(key, timesteps.shape[0])

    def step(x: jax.Array, now: tuple[Any, ...]) -> tuple[jax.Array, jax.Array]:
        t, after, direction, sigma, key = now
        t = jnp.full(x.shape[:1], t)
        x0 = denoiser(x, t)
        noised = jnp.sqrt(after) * x0 + direction * noise_from_x0(alpha_bar, x, x0, t)
        noised = noised + sigma * jax.random.normal(key, x.shape, x.dtype) if eta else noised
        return jnp.where(after < 1.0, noised, x0), read(x0)

    return jax.lax.scan(step, noise, (timesteps, after, direction, sigma, keys))[1]
