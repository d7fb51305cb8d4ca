"""Freeze what the real front-end sees in each view of the four-view clip.

    python experiments/benchmark_sets/four_views.py        (3 minutes on 2 cores; pulls the detectors and the sample clip)

Writes sm_jax/evaluation/benchmarks/frozen_sets/four_views.npz. Run it again only for a new version of the benchmark.
"""

import pathlib
import sys

import jax
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.studies.simulator_fit.clips import observed
from sm_jax.body.io import load_body
from sm_jax.data.schema import PairSequence, View
from sm_jax.evaluation.benchmarks.frozen import FOUR_VIEWS, rounded, save
from sm_jax.evaluation.benchmarks.reference_clip import FPS, load_clip
from sm_jax.evaluation.score import pose_for_metrics
from sm_jax.motion.foot_contact import foot_contact, ground_height


def main() -> None:
    """See, and store."""
    body, clip = load_body("open-low"), load_clip()
    joints = pose_for_metrics(body, clip.motion, FPS).joints["smpl"].astype(np.float32)
    height = ground_height(joints, np.ones(joints.shape[1], np.float32))
    views = [View(camera=clip.camera(v), observation=rounded(seen)) for v, seen in enumerate(observed(body, clip))]
    sequence = PairSequence(
        name="treadmill",
        source="pose2sim",
        body=body.name,
        motion=clip.motion,
        fps=FPS,
        split="test",
        present=np.ones(2, bool),
        foot_contact=np.asarray(foot_contact(joints, FPS, height)),
        contacts=(),
        texts=("A man steps on a large treadmill while a woman beside it moves her arms.",),
        views=tuple(jax.device_get(views)),
    )
    save(FOUR_VIEWS, [sequence])


if __name__ == "__main__":
    main()
