"""Feet that slide while they stand."""

import numpy as np

from sm_jax.metrics.align import masked_mean
from sm_jax.metrics.joints import MM
from sm_jax.types import Array


def standing(feet: Array, fps: float, speed: float = 0.3) -> np.ndarray:
    """Where true foot points rest: moving slower than `speed` m/s to the next frame. feet [P, T, N, 3] -> [P, T-1, N].

    0.3 m/s is GVHMR's and WHAM's 1 cm a frame at 30 frames a second.
    """
    return np.linalg.norm(np.diff(np.asarray(feet, np.float64), axis=1), axis=-1) * fps < speed


def foot_sliding_mm(feet: Array, stands: Array) -> float:
    """Mean movement of the predicted foot points while the true ones stand, mm per frame.

    feet: [P, T, N, 3] foot joints or vertices; stands: [P, T-1, N] from `standing` of the truth. nan if none stands.
    """
    moved = np.linalg.norm(np.diff(np.asarray(feet, np.float64), axis=1), axis=-1)
    return MM * masked_mean(moved, np.asarray(stands, np.float64))
