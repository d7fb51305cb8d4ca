"""The normalised state's statistics of a set, fitted once when it is prepared and stored with it."""

from collections.abc import Iterable

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.data.augment import MIRRORED_FEET, mirror
from sm_jax.data.schema import PairSequence
from sm_jax.motion import pair_frame, state, windows
from sm_jax.motion.normalise import Statistics, fit
from sm_jax.types import Array, Motion

_X = np.array([1.0, 0.0, 0.0], np.float32)


def fit_statistics(sequences: Iterable[PairSequence]) -> Statistics:
    """Statistics of the states that windows of true motion and their mirror images have in their pair frames.

    The turn of a window and the order of the people do not change these states. People who are absent do not count.
    """
    states = [_states(sequence) for sequence in sequences]
    return fit(np.concatenate(states))


def _states(sequence: PairSequence) -> np.ndarray:
    """States [N, D] of all windows of a sequence, one after the other, the last one shorter."""
    n_frames, found = sequence.motion.pelvis.shape[1], []
    for start in range(0, n_frames, windows.LENGTH):
        frames = np.minimum(np.arange(start, start + windows.LENGTH), n_frames - 1)
        mask = (np.arange(start, start + windows.LENGTH) < n_frames).astype(np.float32)
        cut = Motion(
            global_orient=sequence.motion.global_orient[:, frames],
            body_pose=sequence.motion.body_pose[:, frames],
            pelvis=sequence.motion.pelvis[:, frames],
            betas=sequence.motion.betas,
        )
        both = np.asarray(_in_pair_frame(cut, sequence.foot_contact[:, frames], mask))
        found.append(both[:, sequence.present][:, :, mask > 0.0].reshape(-1, state.D))
    return np.concatenate(found)


@jax.jit
def _in_pair_frame(motion: Motion, foot_contact: Array, mask: Array) -> Array:
    """States [2, P, T, D] of a window and of its mirror image."""

    def one(motion: Motion, contact: Array) -> Array:
        frame = pair_frame.from_pelvises(motion.pelvis, jnp.zeros(()), mask, jnp.asarray(_X))
        return state.pack(pair_frame.to_pair(motion, frame), contact)

    return jnp.stack([one(motion, foot_contact), one(mirror(motion), foot_contact[..., jnp.array(MIRRORED_FEET)])])
