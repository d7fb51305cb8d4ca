"""How far two bodies pass through each other, measured exactly on their meshes: who is inside, and how deep.

All in float64 on the host. Inside is where the generalised winding number exceeds a half, so a body that cuts through
itself (an arm in the belly, eyes in their sockets) is as good as any; depth is the distance to the nearest triangle.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree

from sm_jax.body.mesh import nearest_place
from sm_jax.evaluation.metrics.joints import MM
from sm_jax.types import Array

_LEAF = 48  # faces of a patch that is not split further
_CHUNK = 16_000  # pairs of a point and a triangle worked on at once: they stay in the cache, and memory bounded


class Penetration(NamedTuple):
    """max_mm: deepest point of the sequence.  mean_mm: mean depth over all points and frames, zeros included.

    frames: share of frames in which anything is inside.
    """

    max_mm: float
    mean_mm: float
    frames: float


class Patch(NamedTuple):
    """A patch of a mesh. faces: [F, 3].  lid: [M, 3] triangles on its border alone.  halves: its parts, or none.

    Patch and lid together are closed, so both have one solid angle for every point outside the patch's bounding box.
    """

    faces: np.ndarray
    lid: np.ndarray
    halves: tuple["Patch", ...]


def patches(vertices: Array, faces: Array) -> Patch:
    """Tree of a mesh's patches, halved down to a few dozen faces. It stays right when the vertices move."""
    vertices, faces = np.asarray(vertices, np.float64), np.asarray(faces, np.int64)
    centres = vertices[faces].mean(1)
    if len(faces) <= _LEAF:
        return Patch(faces, _lid(faces), ())
    order = np.argsort(centres[:, np.argmax(np.ptp(centres, axis=0))], kind="stable")
    middle = len(order) // 2
    halves = tuple(patches(vertices, faces[half]) for half in (order[:middle], order[middle:]))
    return Patch(faces, _lid(np.concatenate([half.lid for half in halves])), halves)


def _lid(faces: np.ndarray) -> np.ndarray:
    """Triangles [M, 3] that fan out over the border of faces [F, 3], with the border's direction."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    pairs, index = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True)
    net = np.bincount(index.ravel(), weights=np.where(edges[:, 0] < edges[:, 1], 1, -1), minlength=len(pairs))
    border = np.repeat(np.where(net[:, None] > 0, pairs, pairs[:, ::-1]), np.abs(net).astype(int), axis=0)
    apex = border[:1, :1].repeat(len(border), axis=0)
    return np.concatenate([apex, border], axis=1)[(border != apex).all(1)]


def winding_number(points: Array, vertices: Array, faces: Array, tree: Patch | None = None) -> np.ndarray:
    """Generalised winding number [N] of points [N, 3] in the mesh vertices [V, 3], faces [F, 3]: 1 inside, 0 outside.

    Exact, open meshes included. Sum of the triangles' solid angles (Van Oosterom & Strackee 1983), in which patches
    that are far from a point stand as their lids (Jacobson et al., "Robust Inside-Outside Segmentation using
    Generalized Winding Numbers", 2013).  tree: `patches` of the same faces, to make it once for many poses.
    """
    vertices = np.asarray(vertices, np.float64)
    return _winding(np.asarray(points, np.float64), vertices, patches(vertices, faces) if tree is None else tree)


def _winding(points: np.ndarray, vertices: np.ndarray, patch: Patch) -> np.ndarray:
    corners = vertices[patch.faces].reshape(-1, 3)
    near = ((points >= corners.min(0)) & (points <= corners.max(0))).all(-1)
    result = np.empty(len(points))
    result[~near] = solid_angle(points[~near], vertices[patch.lid])
    if not near.any():
        return result
    if patch.halves:
        result[near] = sum(_winding(points[near], vertices, half) for half in patch.halves)
    else:
        result[near] = solid_angle(points[near], vertices[patch.faces])
    return result


def solid_angle(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Sum [N] of the solid angles of triangles [F, 3, 3] seen from points [N, 3], over the full angle."""
    result = np.zeros(len(points))
    step = max(1, _CHUNK // max(len(corners), 1))
    for first in range(0, len(points), step) if len(corners) else ():
        offset = np.moveaxis(corners, -1, 0)[:, None] - points[first : first + step].T[:, :, None, None]
        a, b, c = np.moveaxis(offset, -1, 0)  # each [3, points, triangles]
        la, lb, lc = (np.sqrt(_dot(x, x)) for x in (a, b, c))
        cross = b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]
        below = la * lb * lc + _dot(a, b) * lc + _dot(b, c) * la + _dot(c, a) * lb
        result[first : first + step] = np.arctan2(_dot(a, cross), below).sum(-1) / (2 * np.pi)
    return result


def _dot(a, b) -> np.ndarray:
    """Dot product of vectors whose components come first."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def surface_distance(points: Array, vertices: Array, faces: Array) -> np.ndarray:
    """Exact distance [N] of points [N, 3] to the nearest triangle of the mesh vertices [V, 3], faces [F, 3]."""
    points, corners = np.asarray(points, np.float64), np.asarray(vertices, np.float64)[np.asarray(faces)]
    centres = corners.mean(1)
    reach = np.linalg.norm(corners - centres[:, None], axis=-1).max(1)
    tree = KDTree(centres)
    at_most = tree.query(points)[0]  # a triangle's centre lies on it
    result = np.empty(len(points))
    for first in range(0, len(points), 512):
        part = slice(first, first + 512)
        lists = tree.query_ball_point(points[part], at_most[part] + reach.max() + 1e-9)
        point = first + np.repeat(np.arange(len(lists)), [len(found) for found in lists])
        triangle = np.concatenate(lists).astype(int)
        gap = np.linalg.norm(points[point] - centres[triangle], axis=-1) - reach[triangle]
        keep = gap <= at_most[point] + 1e-9  # most are too small and too far to be the nearest
        point, triangle = point[keep], triangle[keep]
        place = nearest_place(points[point], corners[triangle])
        distance = np.linalg.norm(np.einsum("ni,nic->nc", place, corners[triangle]) - points[point], axis=-1)
        result[part] = np.minimum.reduceat(distance, np.flatnonzero(np.diff(point, prepend=-1)))
    return result


def mesh_depth(points: Array, vertices: Array, faces: Array, tree: Patch | None = None) -> np.ndarray:
    """Depth [N] in metres of points [N, 3] inside a mesh: distance to its nearest triangle, zero outside."""
    points, vertices = np.asarray(points, np.float64), np.asarray(vertices, np.float64)
    depth = np.zeros(len(points))
    near = np.flatnonzero(((points >= vertices.min(0)) & (points <= vertices.max(0))).all(-1))
    inside = near[winding_number(points[near], vertices, faces, tree) > 0.5]
    if inside.size:
        depth[inside] = surface_distance(points[inside], vertices, faces)
    return depth


def mesh_penetration(vertices: Array, faces: Array) -> Penetration:
    """Penetration of two bodies' meshes, vertices [2, T, V, 3], faces [F, 3]; each body's vertices in the other."""
    vertices = np.asarray(vertices)
    tree = patches(vertices[0, 0], faces)
    depth = np.stack([[mesh_depth(mine, other, faces, tree) for mine, other in zip(*pair, strict=True)]
                      for pair in (vertices, vertices[::-1])])  # fmt: skip
    return Penetration(MM * float(depth.max()), MM * float(depth.mean()), float((depth > 0).any((0, 2)).mean()))


# A-PD, the average penetration depth that CloseInt's authors report, as their code computes it and as it should be.
# Source: boycehbz/HumanInteraction, `SDF_ihmr/sdf/sdf_loss_hand.py`. Around each body stands a cube of 1.2 times the
# largest half-extent of its box, with a grid of 32³ voxels that hold the depth below its surface. The other body's
# vertices read that grid by trilinear interpolation; A-PD is the mean over all vertices of both bodies, zeros
# included. Their code divides a vertex' offset from the other body's cube by the half-width of its *own* cube, and
# multiplies the depth by it, where both should be the other's. The two agree when the cubes are of one size. A-PD
# alone rewards people who are pushed apart: read it as excess over the truth's, beside errors of the people's
# relation.


VOXELS, MARGIN = 32, 1.2


class AveragePenetration(NamedTuple):
    """Mean depth over all frames and vertices, mm. historical: with the published code's cubes.  corrected: with the
    right ones."""

    historical_mm: float
    corrected_mm: float


def average_penetration(vertices: Array, faces: Array) -> AveragePenetration:
    """A-PD of two bodies: vertices [2, T, V, 3] metres of closed meshes, faces [F, 3]."""
    vertices = np.asarray(vertices, np.float64)
    tree = patches(vertices[0, 0], faces)
    centre, half = _cubes(vertices)
    depths = np.zeros((2, 2))  # historical and corrected, of each body's vertices in the other
    for body, (mine, other) in enumerate(((0, 1), (1, 0))):
        for frame in range(vertices.shape[1]):
            solid = vertices[other, frame]
            offset = vertices[mine, frame] - centre[other, frame]
            for kind, width in enumerate((half[mine, frame], half[other, frame])):
                at = offset / width
                if (np.abs(at) < 1.0 + 1.0 / VOXELS).all(axis=-1).any():
                    read = _read(at, solid, faces, tree, centre[other, frame], half[other, frame])
                    depths[kind, body] += width * read.mean()
    historical, corrected = MM * depths.sum(axis=1) / (2 * vertices.shape[1])
    return AveragePenetration(historical_mm=float(historical), corrected_mm=float(corrected))


def _cubes(vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre [2, T, 3] and half-width [2, T] of each body's cube."""
    low, high = vertices.min(axis=-2), vertices.max(axis=-2)
    return 0.5 * (low + high), 0.5 * MARGIN * (high - low).max(axis=-1)


def _read(
    at: np.ndarray, vertices: np.ndarray, faces: Array, tree: Patch, centre: np.ndarray, half: float
) -> np.ndarray:
    """Depth [N] in half-widths of a body's cube at places [N, 3], in half-widths from its centre; zero outside.

    Only the voxels that are read are computed. Voxel i lies at (2 i + 1) / 32 - 1, as in torch's `grid_sample`.
    """
    place = (at + 1.0) * VOXELS / 2 - 0.5
    low = np.floor(place).astype(int)
    corners = low[:, None] + np.stack(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij"), axis=-1).reshape(8, 3)
    weight = np.prod(1.0 - np.abs(place[:, None] - corners), axis=-1)
    inside = ((corners >= 0) & (corners < VOXELS)).all(axis=-1)
    voxels, index = np.unique(corners[inside], axis=0, return_inverse=True)
    points = centre + half * ((2 * voxels + 1) / VOXELS - 1.0)
    values = np.zeros(weight.shape)
    values[inside] = (mesh_depth(points, vertices, faces, tree) / half)[index.ravel()]
    return (weight * values).sum(axis=1)
