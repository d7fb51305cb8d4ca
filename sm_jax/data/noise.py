"""Random processes in time, drawn for all frames at once.

Every draw of random bits costs seconds of compilation, so callers draw much at once and these functions shape it.
"""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.types import Array


def smooth(white: Array, time: int, correlation: float) -> jax.Array:
    """White Gaussian noise, whose axis `time` counts frames, made to keep its value over about `correlation` frames.

    The variance stays one.
    """
    factor = _factor(white.shape[time], correlation)
    return jnp.moveaxis(jnp.tensordot(factor, white, (1, time), precision="highest"), 0, time)


def spans(
    key: Array, shape: tuple[int, ...], n_frames: int, share: Array | float, lengths: tuple[float, float]
) -> jax.Array:
    """One random span of frames for each entry of `shape`, or none: [*shape, T] in {0, 1}.

    share: probability that there is one, for all or (broadcast to `shape`) for each.  lengths: its shortest and longest
    part of the clip. Spans may begin before and end after the clip.
    """
    there, length, centre = jax.random.uniform(key, (3, *shape))
    half = 0.5 * n_frames * (lengths[0] + (lengths[1] - lengths[0]) * length)
    frame = jnp.reshape(jnp.arange(n_frames, dtype=jnp.float32), (1,) * len(shape) + (n_frames,))
    within = jnp.abs(frame - n_frames * centre[..., None]) <= half[..., None]
    return (within & (there < share)[..., None]).astype(jnp.float32)


@lru_cache
def _factor(n_frames: int, correlation: float) -> np.ndarray:
    """Square root [T, T] of a Matern-3/2 covariance, whose samples have continuous velocity."""
    lag = np.abs(np.subtract.outer(np.arange(n_frames), np.arange(n_frames))) * np.sqrt(3.0) / correlation
    return np.linalg.cholesky((1.0 + lag) * np.exp(-lag) + 1e-6 * np.eye(n_frames)).astype(np.float32)
