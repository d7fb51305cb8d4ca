"""How two people stand to each other."""

import numpy as np

from sm_jax.metrics.align import masked_mean
from sm_jax.metrics.joints import MM
from sm_jax.types import Array


def _pairwise(joints: Array) -> np.ndarray:
    """Joints [2, T, J, 3] -> distances [T, J, J] from each joint of person 0 to each of person 1."""
    first, second = np.asarray(joints, np.float64)
    return np.linalg.norm(first[:, :, None] - second[:, None], axis=-1)


def interaction_error_mm(predicted: Array, truth: Array, weights: Array | None = None) -> float:
    """Mean | |a_i - b_j| predicted - |a_i - b_j| true | over all joint pairs across the two people, mm.

    CloseInt's interaction error (HumanInteraction `calcu_interaction`, there over 14 joints). joints: [2, T, J, 3];
    weights: [2, T, J], whose product weighs a pair.
    """
    error = np.abs(_pairwise(predicted) - _pairwise(truth))
    if weights is not None:
        first, second = np.asarray(weights, np.float64)
        weights = first[:, :, None] * second[:, None]
    return MM * masked_mean(error, weights)


def root_offset_error_mm(predicted: Array, truth: Array, root: int = 0) -> float:
    """Mean error of the vector from person 0's root to person 1's, mm: relative placement. joints: [2, T, J, 3]."""
    error = np.asarray(predicted, np.float64)[:, :, root] - np.asarray(truth, np.float64)[:, :, root]
    return MM * masked_mean(np.linalg.norm(error[1] - error[0], axis=-1))
