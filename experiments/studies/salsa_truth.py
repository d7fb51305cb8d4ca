"""How good the packaged salsa is as ground truth: penetration, skate, holds and joints out of range, take by take.

    python -m experiments.studies.salsa_truth --source-dir FOLDER        (5 minutes on 2 cores)

FOLDER holds salsa_bvh.tar.xz. Writes experiments/results/salsa_truth.json. Penetration is exact, on the meshes, in
every `EVERY`th frame, and by surface points in all. Skate: 25th percentile of the toes' horizontal speed, in the take
and as it was measured.
"""

import json
import pathlib

import jax
import numpy as np

from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data.schema import LandmarkMotion, PairSequence
from sm_jax.data.sources import salsa
from sm_jax.data.store import load_salsa
from sm_jax.evaluation.metrics.penetration import mesh_penetration
from sm_jax.fitting.mocap import hands, joints
from sm_jax.fitting.mocap.joints import by_name
from sm_jax.fitting.mocap.report import DEEP, make_report

OUT = RESULTS / "salsa_truth.json"
EVERY = 30


def score_take(body: smpl.Body, take: PairSequence, landmarks: LandmarkMotion) -> dict[str, float]:
    """Figures of one take. Lengths in millimetres, shares of frames."""
    target = joints.targets(landmarks, by_name(landmarks))
    holds = tuple(c for c in take.contacts if c.region_a == c.region_b == "hand")
    report = make_report(body, target, take.motion, take.motion, holds, take.fps)
    posed = smpl.pose(body, jax.tree.map(lambda x: x[:, ::EVERY] if x.ndim > 2 else x, take.motion))
    exact = mesh_penetration(np.asarray(smpl.vertices(body, posed)), body.faces)
    x = np.asarray(smpl.pose(body, take.motion).joints)
    held = hands.held_frames(holds, x.shape[1])
    closest = 1e3 * np.where(held, hands.hand_gaps(x), np.inf).min(axis=(1, 2))[held.any(axis=(1, 2))]
    angle = np.degrees(np.arccos(np.clip((np.trace(take.motion.body_pose, axis1=-2, axis2=-1) - 1) / 2, -1, 1)))
    return {
        "frames": x.shape[1],
        "skate_measured_mm_s": report.skate_before,
        "skate_mm_s": report.skate_after,
        "deepest_point_mm": report.penetration_after.largest,
        "deepest_point_mean_mm": report.penetration_after.mean,
        f"frames_deeper_than_{DEEP:.0f}_mm": report.penetration_after.deep,
        "mesh_penetration_max_mm": exact.max_mm,
        "mesh_penetration_mean_mm": exact.mean_mm,
        "frames_with_mesh_penetration": exact.frames,
        "hold_share": report.hold_share,
        **({"closest_knuckles_median_mm": float(np.median(closest))} if len(closest) else {}),
        "ankle_over_90_deg": float((angle[:, :, 6:8] > 90).any(axis=(0, 2)).mean()),
        "elbow_over_155_deg": float((angle[:, :, 17:19] > 155).any(axis=(0, 2)).mean()),
        "fastest_joint_m_s": float(np.linalg.norm(np.diff(x, axis=1), axis=-1).max() * take.fps),
    }


def main(source_dir: pathlib.Path) -> None:
    """Score every take and write the figures down.

    Args:
        source_dir: folder with salsa_bvh.tar.xz.
    """
    body, takes = load_body("open-low"), {take.name: take for take in load_salsa()}
    scores = {x.name: score_take(body, takes[x.name], x) for x in salsa.read(source_dir / "salsa_bvh.tar.xz")}
    frames = [score["frames"] for score in scores.values()]
    everywhere = [key for key in next(iter(scores.values())) if all(key in score for score in scores.values())]
    mean = {key: float(np.average([score[key] for score in scores.values()], weights=frames)) for key in everywhere}
    result = write_result(
        OUT,
        what="the packaged salsa as ground truth",
        config={"every": EVERY, "body": body.name},
        seed=0,
        mean_over_frames=mean | {"frames": sum(frames)},
        takes=scores,
    )
    print(json.dumps(result["mean_over_frames"], indent=1))


if __name__ == "__main__":
    run(main, __doc__)
