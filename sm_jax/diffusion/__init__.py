"""Diffusion: schedule, process, sampler, guidance. Nothing here knows bodies or network libraries.

Conventions, for every module of the package:
    Time t is an integer in [0, steps), 0 the least noisy. A batch carries one t per element, [B].
    x_t = sqrt(alpha_bar[t]) * x0 + sqrt(1 - alpha_bar[t]) * eps with eps ~ N(0, 1) (variance preserving).
    A denoiser is any function (x_t [B, ...], t [B]) -> x0 [B, ...], the prediction of the clean sample.
    A guidance is a function from denoiser to denoiser. Sampling runs from the largest t to the smallest.
"""

from collections.abc import Callable

import jax

Denoiser = Callable[[jax.Array, jax.Array], jax.Array]
