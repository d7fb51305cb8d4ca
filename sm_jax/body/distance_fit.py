"""Tabulates the signed distance to the skin around every part of a body, on the host, once when it is loaded."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sm_jax.body.capsule_fit import LAYOUT
from sm_jax.body.triangles import nearest_on_mesh, vertex_normals

NODES = 12  # along each side of a part's box
_MARGIN = 0.02  # metres from a part's vertices to its box
_CANDIDATES = 8  # faces tried for each node
_END = 0.1  # share of a part's vertices, at each end, with which its box grows


def fit_distance_field(
    v_template: np.ndarray, shapedirs: np.ndarray, weights: np.ndarray, faces: np.ndarray
) -> dict[str, np.ndarray]:
    """Fields of `smpl.DistanceField`: v_template [V, 3], shapedirs [V, 3, N], weights [V, 24], faces [F, 3].

    At a fixed place in a part's box the distance changes with betas as the box moves less the nearest skin, along
    the normal; that is its exact first-order change.
    """
    vertices, shapedirs = v_template.astype(np.float64), shapedirs.astype(np.float64)
    owner = np.argmax(weights, axis=1)
    boxes = [_box(vertices[mine], shapedirs[mine]) for mine in (np.isin(owner, cover) for _, _, cover, _ in LAYOUT)]
    low, high, low_shapedirs, high_shapedirs = (np.stack(x) for x in zip(*boxes, strict=True))
    place = np.stack(np.meshgrid(*[np.linspace(0, 1, NODES)] * 3, indexing="ij"), axis=-1).reshape(1, -1, 3)
    nodes = low[:, None] + place * (high - low)[:, None]
    motion = low_shapedirs[:, None] + place[..., None] * (high_shapedirs - low_shapedirs)[:, None]
    distance, slope = _signed_distance(
        nodes.reshape(-1, 3), motion.reshape(-1, *motion.shape[2:]), vertices, shapedirs, _outer_skin(faces)
    )
    shape = (len(LAYOUT), NODES, NODES, NODES)
    distance = _unbiased(distance.reshape(shape))
    found = {
        "low": low,
        "high": high,
        "low_shapedirs": low_shapedirs,
        "high_shapedirs": high_shapedirs,
        "distance": distance,
        "distance_shapedirs": slope.reshape(*shape, -1),
    }
    return {name: value.astype(np.float32) for name, value in found.items()}


def _box(points: np.ndarray, shapedirs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Corners [3] of the box around a part's vertices [M, 3], and their change [3, N] with betas."""
    count = max(1, round(_END * len(points)))
    order = np.argsort(points, axis=0)
    ends = [np.stack([shapedirs[end[:, i], i].mean(0) for i in range(3)]) for end in (order[:count], order[-count:])]
    return points.min(0) - _MARGIN, points.max(0) + _MARGIN, ends[0], ends[1]


def _unbiased(table: np.ndarray) -> np.ndarray:
    """Tables [C, n, n, n] whose linear interpolation is right on average; it lies above a convex field otherwise."""
    bend = np.zeros_like(table)
    for axis in (1, 2, 3):
        ends = [(1, 1) if i == axis else (0, 0) for i in range(4)]
        bend += np.pad(np.diff(table, 2, axis), ends, mode="edge")
    return table - bend / 12


def _outer_skin(faces: np.ndarray) -> np.ndarray:
    """The faces of the largest connected part of a mesh: without eyeballs and tongue."""
    edges = np.concatenate([faces[:, :2], faces[:, 1:]])
    count = faces.max() + 1
    part = connected_components(coo_array((np.ones(len(edges)), edges.T), (count, count)), directed=False)[1]
    return faces[part[faces[:, 0]] == np.bincount(part).argmax()]


def _signed_distance(
    points: np.ndarray, motion: np.ndarray, vertices: np.ndarray, shapedirs: np.ndarray, faces: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Distance [M] of points [M, 3] to the skin, negative inside, and its change [M, N] if they move by [M, 3, N]."""
    face, place = nearest_on_mesh(points, vertices, faces, _CANDIDATES)
    corner = faces[face]
    offset = points - np.einsum("mi,mic->mc", place, vertices[corner])
    normal = np.einsum("mi,mic->mc", place, vertex_normals(vertices, faces)[corner])
    length = np.linalg.norm(offset, axis=-1)
    side = np.where((offset * normal).sum(-1) < 0, -1.0, 1.0)
    on_skin = length < 1e-6
    direction = np.where(on_skin[:, None], normal, side[:, None] * offset / np.where(on_skin, 1, length)[:, None])
    motion = motion - np.einsum("mi,mick->mck", place, shapedirs[corner])
    return side * length, np.einsum("mc,mck->mk", direction, motion)
