"""The penetration energy's signed distance, and its surface points, against exact meshes on real dances.

The packaged dancers hardly touch: they are pushed together, so that depths from 0 to 10 cm occur."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy.spatial import KDTree
from tqdm import tqdm

from experiments.benchmarks.dances import dances, nearer
from sm_jax.body import smpl
from sm_jax.body.assets import load_body
from sm_jax.body.distance_field import pose_field
from sm_jax.body.skeleton import SIDED_REGIONS
from sm_jax.energies.penetration import SLACK, depths
from sm_jax.fitting.retarget import random_betas, retarget
from sm_jax.metrics.joints import MM
from sm_jax.metrics.penetration import mesh_depth, patches
from sm_jax.types import Motion

NEARER = 0.1  # metres
FRAMES = {"open-low": 200, "open-full": 40}  # spread evenly over all takes, touching or not


def measure(frames: dict[str, int] | None = None, seed: int = 0) -> dict:
    """Errors by body and shape, and of the worst of them; what the surface points miss.

    frames: how many are played on each body, with the dancers' betas and with random ones; those with contact count.
    Errors are over the vertices exactly inside (either: or called so), shares of wrong vertices per vertex inside.
    The largest are where the other's arm is in its own chest: exact depth ends at that arm, the proxy's at the chest.
    """
    report = {}
    for name, count in (frames or FRAMES).items():
        body = load_body(name)
        motion = nearer(dances(count), NEARER)
        for shape, betas in (("own", jnp.asarray(motion.betas)), ("random", random_betas(jax.random.key(seed)))):
            report[f"{name}, {shape} betas"] = _compare(body, retarget(body, motion, betas, (), 30.0)[0])
    return {
        "penetration_depth_error_mm": max(case["depth_error_mm"] for case in report.values()),
        "penetration_depth_correlation": min(case["max_depth_correlation"] for case in report.values()),
        "penetration_detail": report,
    }


@jax.jit
def _proxy(body: smpl.Body, motion: Motion) -> tuple[jax.Array, jax.Array]:
    posed = smpl.pose(body, motion)
    vertices = smpl.vertices(body, posed)
    return vertices, depths(vertices, pose_field(body, posed))


def _compare(body: smpl.Body, motion: Motion) -> dict[str, float]:
    vertices, found = jax.device_get(_proxy(body, motion))
    faces, tree = np.asarray(body.faces), patches(body.v_template, body.faces)
    exact = np.stack([[mesh_depth(vertices[p, t], vertices[1 - p, t], faces, tree) for p in (0, 1)]
                      for t in tqdm(range(vertices.shape[1]), desc=f"exact depth on {body.name}")], axis=1)  # fmt: skip
    touching = (exact > 0).any((0, 2))
    exact, found = exact[:, touching], np.maximum(found[:, touching], 0)
    inside, wrongly, error = exact > 0, (exact == 0) & (found > 0), np.abs(found - exact)
    gap = KDTree(body.v_template[body.surface_index]).query(np.asarray(body.v_template))[0]
    deepest, points = exact.max((0, 2)), exact[..., np.asarray(body.surface_index)].max((0, 2))
    figures = {
        "frames": exact.shape[1], "vertices_inside": inside.sum(), "mean_depth_mm": MM * exact[inside].mean(),
        "depth_error_mm": MM * error[inside].mean(), "depth_error_p95_mm": MM * np.quantile(error[inside], 0.95),
        "depth_error_either_mm": MM * error[inside | wrongly].mean(), "called_outside": (found[inside] == 0).mean(),
        "wrongly_inside": wrongly.sum() / inside.sum(),
        "wrongly_beyond_slack": (wrongly & (found > SLACK)).sum() / inside.sum(),
        "max_depth_correlation": np.corrcoef(deepest, found.max((0, 2)))[0, 1],
        "frames_without_point": (points == 0).mean(), "those_over_1cm": (points[deepest > 0.01] == 0).mean(),
        "deepest_missed_by_mm": MM * (deepest - points).mean(), "missed_by_at_most_mm": MM * (deepest - points).max(),
        "vertex_to_point_mm": MM * gap.mean(), "vertex_to_point_at_most_mm": MM * gap.max(),
        "fewest_points_in_a_region": np.bincount(body.surface_region, minlength=len(SIDED_REGIONS)).min(),
    }  # fmt: skip
    return {key: float(value) for key, value in figures.items()}
