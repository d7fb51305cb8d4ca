"""How a motion moves: acceleration error, jitter, and whether smoothing has eaten the speed."""

import numpy as np

from sm_jax.evaluation.metrics.align import masked_mean
from sm_jax.evaluation.metrics.joints import MM
from sm_jax.types import Array

WRISTS = (20, 21)


def _differences(joints: Array, order: int) -> np.ndarray:
    """[P, T, J, 3] -> [P, T - order, J, 3] differences of neighbouring frames, `order` times."""
    joints = np.asarray(joints, np.float64)
    if joints.shape[1] <= order:
        raise ValueError(f"{joints.shape[1]} frames are too few: {order + 1} are needed")
    return np.diff(joints, order, axis=1)


def acceleration_error_mm(predicted: Array, truth: Array, weights: Array | None = None) -> float:
    """Mean length of the difference of accelerations, mm per frame².

    predicted, truth: [P, T, J, 3] (root-align them first for CloseInt's camera-blind number); weights: [P, T, J], of
    which an acceleration takes the smallest over its three frames. T - 2 frames are averaged (GVHMR, WHAM), without
    CloseInt's two zeros at the ends.
    """
    error = np.linalg.norm(_differences(predicted, 2) - _differences(truth, 2), axis=-1)
    if weights is not None:
        weights = np.asarray(weights, np.float64)
        weights = np.minimum(np.minimum(weights[:, :-2], weights[:, 1:-1]), weights[:, 2:])
    return MM * masked_mean(error, weights)


def acceleration_error_m_s2(predicted: Array, truth: Array, fps: float, weights: Array | None = None) -> float:
    """`acceleration_error_mm` in m/s², which does not depend on the frame rate."""
    return acceleration_error_mm(predicted, truth, weights) / MM * fps**2


def jitter_m_s3(joints: Array, fps: float) -> float:
    """Mean length of the jerk (third derivative), m/s³. joints: [P, T, J, 3]. GVHMR and WHAM print a tenth of it."""
    return masked_mean(np.linalg.norm(_differences(joints, 3), axis=-1)) * fps**3


def peak_wrist_speed_ratio(predicted: Array, truth: Array, wrists: tuple[int, ...] = WRISTS) -> float:
    """Fastest wrist movement of the prediction over the truth's, averaged over people and wrists; 1 is right.

    Below 1, smoothing has removed real movement. joints: [P, T, J, 3]. Wrists that never move in truth are left out.
    """

    def peak(joints: Array) -> np.ndarray:
        return np.linalg.norm(_differences(joints, 1)[:, :, list(wrists)], axis=-1).max(1)

    true_peak = peak(truth)
    moving = true_peak > 0
    return masked_mean(peak(predicted)[moving] / true_peak[moving])


# Feet that slide while they stand.


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
