"""The frozen file: sequences with what was seen of them, rounded to what the pictures can tell."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from sm_jax.data import codec, store
from sm_jax.data.schema import PairSequence, View
from sm_jax.data.sets import open_set

PIXELS, SHARES = 16, 256  # steps in a pixel, and in confidence and visibility


def pack(path: pathlib.Path, sequences: Sequence[PairSequence]) -> None:
    """Write the sequences as the other sets are written. Statistics and acknowledgement are those of the dances."""
    records = [codec.encode(dataclasses.replace(s, views=tuple(map(coarse, s.views)))) for s in sequences]
    dances = open_set("salsa")
    store.save(path, records, dances.statistics, dances.acknowledgement)


def coarse(view: View) -> View:
    """The view with rounded keypoints, confidence and visibility."""
    if view.observation is None:
        return view
    seen = view.observation
    rounded = dataclasses.replace(
        seen,
        keypoints=_rounded(seen.keypoints, PIXELS),
        keypoint_confidence=_rounded(seen.keypoint_confidence, SHARES),
        visibility=_rounded(seen.visibility, SHARES),
    )
    return dataclasses.replace(view, observation=rounded)


def _rounded(values: Any, steps: int) -> np.ndarray:
    return (np.round(np.asarray(values, np.float64) * steps) / steps).astype(np.float32)
