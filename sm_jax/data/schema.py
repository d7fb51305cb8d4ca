"""What data consists of: landmarks as a reader finds them, and motion of two people as training uses it."""

import dataclasses
from typing import Literal

import numpy as np

from sm_jax.types import Motion

Split = Literal["train", "val", "test"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Landmarks:
    """Named points of two people in one z-up world, as measured, before any body is fitted.

    names: N landmarks.  positions: [P, T, N, 3] metres.  weight: [P, T, N] in [0, 1], zero where a landmark is known to
    be wrong.  orientations: [P, T, N, 3, 3] world from the landmark's bone, whose axes at rest are those of a figure
    that stands in a T-pose with y up and faces +z.  fps: frames per second.
    """

    name: str
    names: tuple[str, ...]
    positions: np.ndarray
    weight: np.ndarray
    orientations: np.ndarray
    fps: float
    text: str
    split: Split


@dataclasses.dataclass(frozen=True, kw_only=True)
class PairSequence:
    """Motion of two people in one z-up world with the floor at z = 0.

    motion: Motion [P, T] of NumPy float32.  foot_contact: [P, T, 4] in [0, 1], ordered like `skeleton.FOOT_JOINTS`.
    hand_contact: [T, 2, 2] in [0, 1], hand of person 0 (left, right) against hand of person 1 (left, right).
    """

    name: str
    motion: Motion
    foot_contact: np.ndarray
    hand_contact: np.ndarray
    fps: float
    text: str
    split: Split
