"""A-PD, the average penetration depth that CloseInt's authors report, as their code computes it and as it should be.

Source: boycehbz/HumanInteraction, `SDF_ihmr/sdf/sdf_loss_hand.py`. Around each body stands a cube of 1.2 times the
largest half-extent of its box, with a grid of 32³ voxels that hold the depth below its surface. The other body's
vertices read that grid by trilinear interpolation; A-PD is the mean over all vertices of both bodies, zeros included.

Their code divides a vertex' offset from the other body's cube by the half-width of its *own* cube, and multiplies the
depth by it, where both should be the other's. The two agree when the cubes are of one size. A-PD alone rewards people
who are pushed apart: read it as excess over the truth's, beside errors of the people's relation.
"""

from typing import NamedTuple

import numpy as np

from sm_jax.metrics.joints import MM
from sm_jax.metrics.penetration import Patch, mesh_depth, patches
from sm_jax.types import Array

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
