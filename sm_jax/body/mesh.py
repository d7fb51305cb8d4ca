"""Nearest points on triangles, in float64 on the host."""

import numpy as np
from scipy.spatial import KDTree

_TINY = 1e-30


def nearest_on_mesh(
    points: np.ndarray, vertices: np.ndarray, faces: np.ndarray, candidates: int
) -> tuple[np.ndarray, np.ndarray]:
    """Face index [N] and barycentric place [N, 3] of the point of a mesh that is nearest to each of points [N, 3].

    vertices: [V, 3].  faces: [F, 3].  candidates: how many faces with the nearest centres are tried; an oblong face
    whose centre is farther is missed.
    """
    corners = vertices[faces]
    near = KDTree(corners.mean(1)).query(points, k=min(candidates, len(faces)))[1].reshape(len(points), -1)
    tried = corners[near]
    place = nearest_place(np.broadcast_to(points[:, None], (*near.shape, 3)), tried)
    offset = np.einsum("nki,nkic->nkc", place, tried) - points[:, None]
    best = np.argmin((offset**2).sum(-1), axis=1)[:, None]
    return np.take_along_axis(near, best, 1)[:, 0], np.take_along_axis(place, best[..., None], 1)[:, 0]


def nearest_place(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Barycentric place [..., 3] of the point of each triangle [..., 3, 3] nearest to its point [..., 3].

    It is the foot of the perpendicular if that lies in the triangle, else the best of the nearest points of its edges.
    """
    offset = np.moveaxis(points[..., None, :] - corners, (-2, -1), (0, 1))  # [corner, component, ...]
    edge = np.moveaxis(np.roll(corners, -1, -2) - corners, (-2, -1), (0, 1))
    u, v = edge[0], -edge[2]
    uu, uv, vv, pu, pv = _dot(u, u), _dot(u, v), _dot(v, v), _dot(offset[0], u), _dot(offset[0], v)
    area = uu * vv - uv**2
    flat = area <= 1e-12 * uu * vv
    area = np.where(flat, 1, area)
    second, third = (vv * pu - uv * pv) / area, (uu * pv - uv * pu) / area
    place = np.stack([1 - second - third, second, third], axis=-1)
    inside = (place >= 0).all(-1) & ~flat
    best = np.where(inside, -1.0, np.inf)  # squared distance, below every edge's where inside
    for i in range(3):
        along = np.clip(_dot(offset[i], edge[i]) / np.maximum(_dot(edge[i], edge[i]), _TINY), 0, 1)
        gap = offset[i] - along * edge[i]
        squared = _dot(gap, gap)
        on_edge = np.zeros(place.shape)
        on_edge[..., i], on_edge[..., (i + 1) % 3] = 1 - along, along
        place = np.where((squared < best)[..., None], on_edge, place)
        best = np.minimum(best, squared)
    return place


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Outward normals [V, 3] of vertices [V, 3], unit or zero: the faces' weighted by their angle at the vertex.

    A point's side of a closed mesh is the sign of its offset from the nearest vertex along this normal (Bærentzen &
    Aanæs, "Signed Distance Computation Using the Angle Weighted Pseudonormal", 2005).
    """
    corners = vertices[faces]
    face_normal = _unit(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    ahead = _unit(np.roll(corners, -1, 1) - corners)
    behind = _unit(np.roll(corners, 1, 1) - corners)
    angle = np.arccos(np.clip((ahead * behind).sum(-1), -1, 1))
    normals = np.zeros_like(vertices)
    np.add.at(normals, faces, angle[..., None] * face_normal[:, None])
    return _unit(normals)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dot product of vectors whose components come first: many times faster than a sum over an axis of three."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), _TINY)
