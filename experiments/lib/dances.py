"""The packaged dances as material of benchmarks and tests."""

import dataclasses

import jax
import numpy as np

from sm_jax.data.store import load_salsa
from sm_jax.types import Motion


def dance_frames(count: int) -> Motion:
    """`count` frames spread evenly over all packaged takes, as one motion."""
    takes = load_salsa()
    pick = np.linspace(0, sum(take.motion.pelvis.shape[1] for take in takes) - 1, count).round().astype(int)
    join = lambda *x: np.concatenate(x, axis=1)[:, pick] if x[0].ndim > 2 else np.mean(x, axis=0)  # noqa: E731
    return jax.tree.map(join, *[take.motion for take in takes])


def nearer(motion: Motion, metres: float) -> Motion:
    """The second person moved towards the first in every frame, away from them where metres < 0."""
    towards = motion.pelvis[0] - motion.pelvis[1]
    shift = metres * towards / np.linalg.norm(towards, axis=-1, keepdims=True)
    return dataclasses.replace(motion, pelvis=np.stack([motion.pelvis[0], motion.pelvis[1] + shift]))
