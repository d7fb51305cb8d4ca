"""How good the packaged salsa is as ground truth: penetration, skate, holds and joints out of range, take by take.

    python experiments/studies/salsa_truth.py --source-dir FOLDER        (FOLDER holds salsa_bvh.tar.xz; 5 minutes on 2 cores)

Writes experiments/results/salsa_truth.json. Penetration is exact, on the meshes, in every `EVERY`th frame, and by
surface points in all. Skate: 25th percentile of the toes' horizontal speed, in the take and as it was measured.
"""

import argparse
import json
import pathlib
import sys

import jax
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data.schema import LandmarkMotion, PairSequence
from sm_jax.data.sources import salsa
from sm_jax.data.store import load_salsa
from sm_jax.evaluation.metrics.penetration import mesh_penetration
from sm_jax.fitting.mocap import hands, joints
from sm_jax.fitting.mocap.joints import by_name
from sm_jax.fitting.mocap.report import DEEP, make_report
from sm_jax.pipeline.provenance import code_version

OUT = pathlib.Path(__file__).parent / "results" / "salsa_truth.json"
EVERY = 30


def judge(body: smpl.Body, take: PairSequence, landmarks: LandmarkMotion) -> dict[str, float]:
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


def main() -> None:
    """Judge every take and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source-dir", type=pathlib.Path, required=True, help="folder with salsa_bvh.tar.xz")
    body, takes = load_body("open-low"), {take.name: take for take in load_salsa()}
    archive = parser.parse_args().source_dir / "salsa_bvh.tar.xz"
    found = {x.name: judge(body, takes[x.name], x) for x in salsa.read(archive)}
    frames = [take["frames"] for take in found.values()]
    mean = {key: float(np.average([take[key] for take in found.values()], weights=frames))
            for key in next(iter(found.values())) if all(key in take for take in found.values())}  # fmt: skip
    result = {"what": "the packaged salsa as ground truth", "commit": code_version(), "every": EVERY, "body": body.name,
              "mean_over_frames": mean | {"frames": sum(frames)}, "takes": found}  # fmt: skip
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["mean_over_frames"], indent=1))


if __name__ == "__main__":
    main()
