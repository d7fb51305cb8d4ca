"""Random windows of pair sequences. What batch n holds follows from the seed and n alone, so resuming is exact."""

from collections.abc import Sequence

import numpy as np

from sm_jax.data.schema import PairSequence
from sm_jax.errors import UserError
from sm_jax.types import Motion


class WindowLoader:
    """Draws windows of `length` frames, each start frame of each sequence with equal probability.

    Sequences shorter than a window are left out. Raises UserError when none is long enough.
    """

    def __init__(self, sequences: Sequence[PairSequence], length: int, batch_size: int, seed: int):
        self._sequences = [s for s in sequences if s.motion.pelvis.shape[1] >= length]
        if not self._sequences:
            raise UserError(f"no sequence has {length} frames: give longer ones or take shorter windows")
        starts = [s.motion.pelvis.shape[1] - length + 1 for s in self._sequences]
        self._first = np.cumsum([0, *starts])
        self._length, self._batch_size, self._seed = length, batch_size, seed

    def __len__(self) -> int:
        """Number of different windows."""
        return int(self._first[-1])

    def batch(self, position: int) -> Motion:
        """Batch number `position` (0, 1, …) of truth windows: Motion [B, P, length] of float32 arrays."""
        random = np.random.default_rng((self._seed, position))
        return self.windows(random.integers(len(self), size=self._batch_size))

    def windows(self, index: np.ndarray) -> Motion:
        """The windows of given numbers [B] in [0, len): Motion [B, P, length]."""
        take = np.searchsorted(self._first, index, side="right") - 1
        cuts = [self._cut(self._sequences[i].motion, int(n - self._first[i])) for i, n in zip(take, index, strict=True)]
        fields = ("global_orient", "body_pose", "pelvis", "betas")
        return Motion(**{name: np.stack([cut[name] for cut in cuts]).astype(np.float32) for name in fields})

    def _cut(self, motion: Motion, start: int) -> dict[str, np.ndarray]:
        span = slice(start, start + self._length)
        return {
            "global_orient": np.asarray(motion.global_orient[:, span]),
            "body_pose": np.asarray(motion.body_pose[:, span]),
            "pelvis": np.asarray(motion.pelvis[:, span]),
            "betas": np.asarray(motion.betas),
        }
