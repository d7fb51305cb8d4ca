"""Random processes in time, drawn for all frames at once.

Numbers are drawn flat and shaped afterwards: a draw in several axes takes seconds to compile, a flat one does not.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.types import Array

_KEPT = 0.995  # share of a process' variance that its modes carry, before it is scaled back to one


def normal(key: Array, shape: tuple[int, ...]) -> jax.Array:
    """Standard normal numbers."""
    return jax.random.normal(key, (math.prod(shape),)).reshape(shape)


def uniform(key: Array, shape: tuple[int, ...]) -> jax.Array:
    """Numbers in [0, 1)."""
    return jax.random.uniform(key, (math.prod(shape),)).reshape(shape)


def process(key: Array, shape: tuple[int, ...], parts: Sequence[tuple[Array | float, float]]) -> jax.Array:
    """Gaussian noise [P, T, ...], independent in all axes but T.

    parts: (standard deviation, number of frames over which it keeps its value) of the summands.
    """
    n_people, n_frames, *rest = shape
    factor = jnp.concatenate([size * modes(n_frames, frames) for size, frames in parts], axis=1)
    white = normal(key, (n_people, factor.shape[1], math.prod(rest)))
    return jnp.einsum("tr,prn->ptn", factor, white, precision="highest").reshape(shape)


@lru_cache
def modes(n_frames: int, correlation: float) -> np.ndarray:
    """[T, r] that makes white noise [r] a Matern-3/2 process of unit variance, whose samples have a velocity.

    The principal modes of its covariance (Karhunen-Loève), as many as carry nearly all of it: slow noise needs few.
    """
    lag = np.abs(np.subtract.outer(np.arange(n_frames), np.arange(n_frames))) * np.sqrt(3.0) / correlation
    variance, mode = np.linalg.eigh((1.0 + lag) * np.exp(-lag))
    variance, mode = variance[::-1], mode[:, ::-1]
    count = int(np.searchsorted(np.cumsum(variance), _KEPT * variance.sum())) + 1
    factor = mode[:, :count] * np.sqrt(variance[:count])
    return (factor / np.linalg.norm(factor, axis=1, keepdims=True)).astype(np.float32)


def spans(
    key: Array, shape: tuple[int, ...], n_frames: int, share: Array | float, lengths: tuple[float, float]
) -> jax.Array:
    """One random span of frames for each entry of `shape`, or none: [*shape, T] in {0, 1}.

    share: probability that there is one, for all or (broadcast to `shape`) for each.  lengths: its shortest and longest
    part of the clip. Spans may begin before and end after the clip.
    """
    there, length, centre = uniform(key, (3, *shape))
    half = 0.5 * n_frames * (lengths[0] + (lengths[1] - lengths[0]) * length)
    return (_near(n_frames * centre, half, n_frames) & (there < share)[..., None]).astype(jnp.float32)


def _near(centre: Array, half: Array, n_frames: int) -> jax.Array:
    """[..., T] whether each frame is within `half` [...] frames of the frame `centre` [...]."""
    frame = jnp.reshape(jnp.arange(n_frames, dtype=jnp.float32), (1,) * centre.ndim + (n_frames,))
    return jnp.abs(frame - centre[..., None]) <= half[..., None]
