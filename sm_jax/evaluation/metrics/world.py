"""Errors of whole trajectories: aligned once over a stretch of time instead of frame by frame (WHAM, GVHMR, SLAHMR)."""

import numpy as np

from sm_jax.evaluation.metrics.align import similarity, similarity_aligned
from sm_jax.evaluation.metrics.joints import MM
from sm_jax.types import Array

CHUNK = 100  # frames


def wa_mpjpe_mm(predicted: Array, truth: Array) -> float:
    """Mean joint error after one similarity alignment per person over all frames of a chunk, mm. [P, T, J, 3].

    Chunks are 100 frames without overlap; the last one may be shorter.
    """
    return _chunked(predicted, truth, None)


def w_mpjpe_mm(predicted: Array, truth: Array) -> float:
    """As `wa_mpjpe_mm`, aligned on the first two frames of each chunk alone: drift counts."""
    return _chunked(predicted, truth, 2)


def root_trajectory_error_percent(predicted: Array, truth: Array) -> float:
    """Mean error of the root after one rigid alignment per person, in percent of the way the true root takes.

    predicted, truth: root positions [P, T, 3]. nan where a true root never moves.
    """
    shares = []
    for found, true in zip(np.asarray(predicted, np.float64), np.asarray(truth, np.float64), strict=True):
        _, R, t = similarity(found, true, scale=False)
        way = np.linalg.norm(np.diff(true, axis=0), axis=-1).sum()
        error = np.linalg.norm(found @ R.T + t - true, axis=-1).mean()
        shares.append(100.0 * error / way if way > 0 else np.nan)
    return float(np.mean(shares))


def _chunked(predicted: Array, truth: Array, aligned_frames: int | None) -> float:
    predicted, truth = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    people, n_frames, n_joints = predicted.shape[:3]
    errors = []
    for start in range(0, n_frames, CHUNK):
        for person in range(people):
            found, true = (x[person, start : start + CHUNK].reshape(-1, 3) for x in (predicted, truth))
            if aligned_frames is None:
                placed = similarity_aligned(found, true)
            else:
                first = slice(0, aligned_frames * n_joints)
                s, R, t = similarity(found[first], true[first])
                placed = s * found @ R.T + t
            errors.append(np.linalg.norm(placed - true, axis=-1))
    return MM * float(np.concatenate(errors).mean())
