"""How far two bodies pass through each other, by capsules (fast) or by the meshes themselves (exact inside test)."""

from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree

from sm_jax.metrics.joints import MM
from sm_jax.types import Array


class Penetration(NamedTuple):
    """max_mm: deepest point of the sequence.  mean_mm: mean depth over all points and frames, zeros included.

    frames: share of frames in which anything is inside.
    """

    max_mm: float
    mean_mm: float
    frames: float


def _summary(depth: np.ndarray) -> Penetration:
    """depth: [2, T, N] metres, >= 0."""
    return Penetration(MM * float(depth.max()), MM * float(depth.mean()), float((depth > 0).any((0, 2)).mean()))


def capsule_depth(points: Array, start: Array, end: Array, radius: Array) -> np.ndarray:
    """Depth of points [T, N, 3] inside the union of capsules start, end [T, C, 3], radius [C]; metres, [T, N]."""
    points, start, end = (np.asarray(array, np.float64) for array in (points, start, end))
    axis = end - start
    length2 = np.maximum((axis**2).sum(-1), 1e-12)
    depth = np.zeros(points.shape[:2])
    for c, r in enumerate(np.asarray(radius, np.float64)):
        offset = points - start[:, c, None]
        along = np.clip((offset * axis[:, c, None]).sum(-1) / length2[:, c, None], 0, 1)
        distance = np.linalg.norm(offset - along[..., None] * axis[:, c, None], axis=-1)
        depth = np.maximum(depth, r - distance)
    return depth


def capsule_penetration(points: Array, start: Array, end: Array, radius: Array) -> Penetration:
    """Penetration of each body's points [2, T, N, 3] in the *other* body's capsules ([2, T, C, 3], radius [2, C])."""
    return _summary(np.stack([capsule_depth(points[p], start[1 - p], end[1 - p], radius[1 - p]) for p in range(2)]))


def winding_number(points: Array, vertices: Array, faces: Array) -> np.ndarray:
    """Generalised winding number of points [N, 3] in the mesh vertices [V, 3], faces [F, 3]: [N], 1 inside, 0 outside.

    Sum of the triangles' solid angles (Van Oosterom & Strackee 1983); small holes only soften it.
    """
    points, corners = np.asarray(points, np.float64), np.asarray(vertices, np.float64)[np.asarray(faces)]
    result = np.empty(len(points))
    for n, point in enumerate(points):
        a, b, c = np.moveaxis(corners - point, 1, 0)
        la, lb, lc = (np.linalg.norm(x, axis=-1) for x in (a, b, c))
        triple = np.einsum("fi,fi->f", a, np.cross(b, c))
        dot = np.einsum("fi,fi->f", a, b) * lc + np.einsum("fi,fi->f", b, c) * la + np.einsum("fi,fi->f", c, a) * lb
        result[n] = np.arctan2(triple, la * lb * lc + dot).sum() / (2 * np.pi)
    return result


def mesh_depth(points: Array, vertices: Array, faces: Array) -> np.ndarray:
    """Depth of points [N, 3] inside a closed mesh, [N] metres: distance to its nearest vertex, zero outside.

    BUDDI's MaxIntersection. The nearest vertex is at most half an edge farther than the surface.
    """
    points, vertices = np.asarray(points, np.float64), np.asarray(vertices, np.float64)
    depth = np.zeros(len(points))
    near = ((points >= vertices.min(0)) & (points <= vertices.max(0))).all(-1)
    inside = np.flatnonzero(near)[winding_number(points[near], vertices, faces) > 0.5]
    if inside.size:
        depth[inside] = KDTree(vertices).query(points[inside])[0]
    return depth


def mesh_penetration(vertices: Array, faces: Array) -> Penetration:
    """Penetration of two bodies' meshes, vertices [2, T, V, 3], faces [F, 3]; each body's vertices in the other."""
    pairs = [(frame, other) for frame, other in zip(np.asarray(vertices), np.asarray(vertices)[::-1], strict=True)]
    return _summary(
        np.stack([[mesh_depth(a, b, faces) for a, b in zip(mine, other, strict=True)] for mine, other in pairs])
    )
