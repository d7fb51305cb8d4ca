"""How near each region of one body comes to each of the other."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy.spatial import KDTree

from sm_jax.body import smpl
from sm_jax.body.skeleton import SIDED_REGIONS
from sm_jax.body.surface import vertex_regions
from sm_jax.types import Motion

FAR = 0.3  # metres beyond which distances are not measured


def vertex_region(body: smpl.Body) -> np.ndarray:
    """Region [V] of every vertex."""
    rest = np.asarray(smpl.rest_joints(body, jnp.zeros(body.shapedirs.shape[-1])))
    return vertex_regions(np.asarray(body.v_template), np.asarray(body.weights), rest)


def region_gaps(vertices: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Distance [T, 22, 22] between the nearest vertices of two bodies' regions, infinite beyond FAR: vertices
    [2, T, V, 3], region [V]."""
    order = np.argsort(region, kind="stable")
    present, starts = np.unique(region[order], return_index=True)
    gaps = np.full((vertices.shape[1], len(SIDED_REGIONS), len(SIDED_REGIONS)), np.inf, np.float32)
    for frame, (first, second) in enumerate(np.moveaxis(vertices, 0, 1)):
        for number in present:
            nearest, _ = KDTree(second[region == number]).query(first[order], distance_upper_bound=FAR)
            gaps[frame, present, number] = np.minimum.reduceat(nearest, starts)
    return gaps


@jax.jit
def played(body: smpl.Body, motion: Motion) -> tuple[smpl.Posed, jax.Array]:
    """A motion on a body, and its vertices [P, T, V, 3]."""
    posed = smpl.pose(body, motion)
    return posed, smpl.vertices(body, posed)
