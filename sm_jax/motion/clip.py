"""One clip's state in the world, and the same clip as the networks see it: normalised windows, each in its pair frame.

The clip state [P, T, D] has the layout of `motion.state`, in the world. Windows are blended here, in the metric world,
never in their pair frames, whose origins differ.
"""

import jax

from sm_jax.motion import pair_frame, state, windows
from sm_jax.motion.normalise import Statistics, denormalise, normalise
from sm_jax.motion.pair_frame import PairFrame
from sm_jax.types import Array


def from_windows(x: Array, frames: PairFrame, betas: Array, statistics: Statistics) -> jax.Array:
    """Normalised window states [W, P, LENGTH, D] with pair frames [W] and betas [P, N] -> clip state [P, T, D]."""

    def in_world(window: Array, frame: PairFrame) -> jax.Array:
        motion, contact = state.unpack(denormalise(window, statistics), betas)
        return state.pack(pair_frame.to_world(motion, frame), contact)

    return windows.blend(jax.vmap(in_world)(x, frames))


def to_windows(clip: Array, frames: PairFrame, betas: Array, statistics: Statistics) -> jax.Array:
    """Clip state [P, T, D] -> normalised window states [W, P, LENGTH, D]; rotations are made orthonormal."""

    def in_pair(window: Array, frame: PairFrame) -> jax.Array:
        motion, contact = state.unpack(window, betas)
        return normalise(state.pack(pair_frame.to_pair(motion, frame), contact), statistics)

    return jax.vmap(in_pair)(windows.split(clip, frames.origin.shape[0], axis=1), frames)
