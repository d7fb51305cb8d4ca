"""Position errors of joints and vertices: MPJPE, PA-MPJPE, pair PA-MPJPE, MPVPE.

Alignment always uses every joint; `weights` only choose what is averaged. The hidden-joint variant of each metric is
therefore the metric itself with `weights = visibility < threshold`.
"""

import numpy as np

from sm_jax.evaluation.metrics.align import masked_mean, root_aligned, similarity_aligned
from sm_jax.types import Array

MM = 1000.0


def _distance(a: Array, b: Array) -> np.ndarray:
    return np.linalg.norm(np.asarray(a, np.float64) - np.asarray(b, np.float64), axis=-1)


def world_mpjpe_mm(predicted: Array, truth: Array, weights: Array | None = None) -> float:
    """Mean joint error without any alignment, mm. predicted, truth: [P, T, J, 3]; weights: [P, T, J]."""
    return MM * masked_mean(_distance(predicted, truth), weights)


def mpjpe_mm(predicted: Array, truth: Array, weights: Array | None = None, roots: tuple[int, ...] = (0,)) -> float:
    """Mean joint error after moving each person's root onto the truth's, per frame, mm.

    predicted, truth: [P, T, J, 3]; weights: [P, T, J]. `roots` are averaged: (0,) is the pelvis, the indices of the
    two hips give CloseInt's and PromptHMR's rule (HumanInteraction `eval_utils.HumanEval`).
    """
    return world_mpjpe_mm(root_aligned(predicted, roots), root_aligned(truth, roots), weights)


def pa_mpjpe_mm(predicted: Array, truth: Array, weights: Array | None = None) -> float:
    """Mean joint error after a similarity alignment per person and frame, mm. Shapes as `mpjpe_mm`."""
    return world_mpjpe_mm(similarity_aligned(predicted, truth), truth, weights)


def pair_pa_mpjpe_mm(predicted: Array, truth: Array, weights: Array | None = None) -> float:
    """Mean joint error after one similarity alignment of both people together per frame, mm (BUDDI, PromptHMR).

    Sees wrong distances, orders and orientations between the people, to which `pa_mpjpe_mm` is blind. Identities are
    fixed: people who are swapped count as wrong. Shapes as `mpjpe_mm`.
    """

    def stacked(points: Array) -> np.ndarray:  # [P, T, J, 3] -> [T, P*J, 3]
        points = np.asarray(points, np.float64)
        return np.swapaxes(points, 0, 1).reshape(points.shape[1], -1, 3)

    if weights is not None:
        weights = np.swapaxes(np.asarray(weights), 0, 1).reshape(weights.shape[1], -1)
    return world_mpjpe_mm(similarity_aligned(stacked(predicted), stacked(truth)), stacked(truth), weights)


def mpvpe_mm(
    predicted: Array, truth: Array, predicted_root: Array, truth_root: Array, weights: Array | None = None
) -> float:
    """Mean vertex error with the roots put together, mm. Vertices [P, T, V, 3], roots [P, T, 3], weights [P, T, V]."""
    predicted = np.asarray(predicted, np.float64) - np.asarray(predicted_root, np.float64)[..., None, :]
    return world_mpjpe_mm(predicted, np.asarray(truth, np.float64) - np.asarray(truth_root)[..., None, :], weights)


# How two people stand to each other.


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
