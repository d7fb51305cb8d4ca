"""Averages under a mask, root alignment and similarity alignment (Umeyama 1991), in float64."""

import numpy as np

from sm_jax.types import Array


def masked_mean(values: Array, weights: Array | None = None) -> float:
    """Mean of `values`, weighted if `weights` (same shape, >= 0) are given. nan where the weights sum to zero."""
    values = np.asarray(values, np.float64)
    if weights is None:
        return float(values.mean()) if values.size else float("nan")
    weights = np.asarray(weights, np.float64)
    if weights.shape != values.shape:
        raise ValueError(f"weights {weights.shape} do not fit values {values.shape}")
    total = weights.sum()
    # Values under zero weight may be anything, nan included.
    return float(np.where(weights > 0, values, 0.0).ravel() @ weights.ravel() / total) if total > 0 else float("nan")


def root_aligned(points: Array, roots: tuple[int, ...]) -> np.ndarray:
    """points [..., J, 3] minus the mean of the joints `roots`."""
    points = np.asarray(points, np.float64)
    return points - points[..., list(roots), :].mean(-2, keepdims=True)


def similarity(source: Array, target: Array, scale: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """s [...], R [..., 3, 3], t [..., 3] that bring s R source + t nearest to `target`; both [..., N, 3].

    Least squares over the N points of each leading index, no reflection (Umeyama 1991). A source that is one point has
    s = 0.  scale: False fixes s = 1.
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    source_mean, target_mean = source.mean(-2, keepdims=True), target.mean(-2, keepdims=True)
    centred, goal = source - source_mean, target - target_mean
    U, S, Vt = np.linalg.svd(np.einsum("...ni,...nj->...ij", goal, centred))
    sign = np.ones_like(S)
    sign[..., 2] = np.sign(np.linalg.det(U) * np.linalg.det(Vt))
    R = np.einsum("...ij,...j,...jk->...ik", U, sign, Vt)
    spread = (centred**2).sum((-2, -1))
    s = np.divide((S * sign).sum(-1), spread, out=np.zeros_like(spread), where=spread > 0)
    s = s if scale else np.ones_like(s)
    t = target_mean[..., 0, :] - s[..., None] * np.einsum("...ij,...j->...i", R, source_mean[..., 0, :])
    return s, R, t


def similarity_aligned(source: Array, target: Array) -> np.ndarray:
    """`source` [..., N, 3] moved by the rotation, scale and shift that bring it nearest to `target` [..., N, 3]."""
    s, R, t = similarity(source, target)
    return s[..., None, None] * np.einsum("...ij,...nj->...ni", R, np.asarray(source, np.float64)) + t[..., None, :]
