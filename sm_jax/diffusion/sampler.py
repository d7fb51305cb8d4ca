"""Denoising diffusion implicit models: the whole sampling is one scan."""

import jax
import jax.numpy as jnp

from sm_jax.diffusion import Denoiser
from sm_jax.diffusion.process import noise_from_x0
from sm_jax.types import Array


def ddim(
    denoiser: Denoiser,
    noise: jax.Array,
    alpha_bar: Array,
    timesteps: Array,
    eta: float = 0.0,
    key: jax.Array | None = None,
) -> jax.Array:
    """A clean sample [B, ...] from noise [B, ...] (Song et al. 2021, eq. 12 and 16).

    alpha_bar: [steps] the schedule. timesteps: [N] decreasing, the steps to visit; the last may be `schedule.CLEAN`,
    where the denoiser is given its own last prediction. eta: 0 is deterministic given the noise, 1 is ancestral
    sampling, which needs a key. The result is the denoiser's prediction at the last of the time steps. ValueError if
    eta asks for a key that is missing.
    """
    if eta and key is None:
        raise ValueError("sampling with eta > 0 draws noise and needs a key")
    timesteps = jnp.asarray(timesteps)
    alpha_bar = jnp.append(alpha_bar, 1.0)  # at CLEAN, which counts from the end
    here = alpha_bar[timesteps]
    after = jnp.concatenate([here[1:], jnp.ones_like(here[:1])])
    sigma = eta * jnp.sqrt((1.0 - after) / (1.0 - here)) * jnp.sqrt(1.0 - here / after)
    keys = jax.random.split(key if key is not None else jax.random.key(0), timesteps.shape[0])

    def step(x: jax.Array, now: tuple[jax.Array, ...]) -> tuple[jax.Array, None]:
        t, after, sigma, key = now
        t = jnp.full(x.shape[:1], t)
        x0 = denoiser(x, t)
        direction = jnp.sqrt(jnp.maximum(1.0 - after - jnp.square(sigma), 0.0))
        noised = jnp.sqrt(after) * x0 + direction * noise_from_x0(alpha_bar, x, x0, t)
        noised = noised + sigma * jax.random.normal(key, x.shape, x.dtype) if eta else noised
        return jnp.where(after < 1.0, noised, x0), None

    return jax.lax.scan(step, noise, (timesteps, after, sigma, keys))[0]
