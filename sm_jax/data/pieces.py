"""Long recordings as several: half a minute at most, so that a fit's memory and an interruption's loss stay small."""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np

from sm_jax.data.schema import LandmarkMotion

LONGEST = 34.0  # seconds: 1,020 frames, which are padded to 1,024


def cut(landmarks: LandmarkMotion) -> Iterator[LandmarkMotion]:
    """The take in equal pieces no longer than LONGEST, NAME_0, NAME_1, …; one that is no longer as it is."""
    n_frames = landmarks.positions.shape[1]
    count = int(np.ceil(n_frames / (LONGEST * landmarks.fps)))
    if count <= 1:
        yield landmarks
        return
    edges = np.linspace(0, n_frames, count + 1).astype(int)
    for number, (start, end) in enumerate(itertools.pairwise(edges)):
        R = landmarks.orientations
        yield dataclasses.replace(
            landmarks,
            name=f"{landmarks.name}_{number}",
            positions=landmarks.positions[:, start:end],
            weight=landmarks.weight[:, start:end],
            orientations=None if R is None else R[:, start:end],
        )
