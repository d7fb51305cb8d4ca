"""Cutting a clip into overlapping windows of one length, and blending windows back into a clip.

The number of windows is padded (`frames.padded_length`), so that clips of many lengths share a few compiled programs.
"""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.motion.frames import padded_length
from sm_jax.types import Array

LENGTH = 64
OVERLAP = 16
STRIDE = LENGTH - OVERLAP
CHUNK = 8  # windows sampled at once, 13 s: longer clips are sampled in chunks


def count(n_frames: int) -> int:
    """Windows that cover a chunk of n_frames, one of 1, 2, 3, 4, 6, 8. ValueError for more than CHUNK."""
    needed = 1 + max(0, -(-(n_frames - LENGTH) // STRIDE))
    if needed > CHUNK:
        raise ValueError(f"{n_frames} frames are more than a chunk of {padded_frames(CHUNK)}")
    return padded_length(needed, least=1)


def padded_frames(n_windows: int) -> int:
    """Frames of the padded clip that n_windows cover exactly."""
    return LENGTH + (n_windows - 1) * STRIDE


def chunks(n_frames: int) -> list[slice]:
    """Spans of at most CHUNK windows that cover a clip one after the other, OVERLAP frames shared by neighbours."""
    length = padded_frames(CHUNK)
    starts = range(0, max(1, n_frames - OVERLAP), length - OVERLAP)
    return [slice(start, min(start + length, n_frames)) for start in starts]


def frames(n_windows: int) -> np.ndarray:
    """Frame index of every window's frames: [W, LENGTH]."""
    return np.arange(n_windows)[:, None] * STRIDE + np.arange(LENGTH)[None]


def split(values: Array, n_windows: int, axis: int) -> jax.Array:
    """Values with the clip's frames on `axis` -> [W, ...] with LENGTH frames on `axis` + 1."""
    return jnp.moveaxis(jnp.take(values, frames(n_windows), axis=axis), axis, 0)


def blend(values: Array) -> jax.Array:
    """Windows [W, P, LENGTH, D] in one common frame -> clip [P, T, D], cross-faded over the overlaps."""
    chex.assert_shape(values, (None, None, LENGTH, None))
    n_windows, people, _, width = values.shape
    index = frames(n_windows)
    weight = fade_weights(n_windows)
    summed = jnp.zeros((padded_frames(n_windows), people, width), values.dtype)
    summed = summed.at[index].add(jnp.moveaxis(values, 2, 1) * weight[:, :, None, None])
    return jnp.moveaxis(summed, 0, 1)


def fade_out() -> np.ndarray:
    """Weights [OVERLAP] that fall linearly over an overlap."""
    return 1.0 - (np.arange(OVERLAP, dtype=np.float32) + 1.0) / (OVERLAP + 1.0)


def fade_weights(n_windows: int) -> np.ndarray:
    """Weights [W, LENGTH] that rise and fall linearly over the overlaps and sum to one at every frame."""
    weight = np.ones((n_windows, LENGTH), np.float32)
    weight[1:, :OVERLAP] = 1.0 - fade_out()
    weight[:-1, LENGTH - OVERLAP :] = fade_out()
    return weight
