"""Freeze what the real front-end sees in each view of the four-view clip.

    python -m experiments.benchmark_sets.four_views        (3 minutes on 2 cores; pulls the detectors and the clip)

Writes sm_jax/evaluation/benchmarks/frozen_sets/four_views.npz. Run it again only for a new version of the benchmark.
"""

import jax
import jax.numpy as jnp
import numpy as np

from experiments.lib.frontend_errors import COCO, swap_people
from experiments.lib.program import run
from sm_jax.assets.fetch import input_path
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data.schema import PairSequence, View
from sm_jax.evaluation.benchmarks.frozen import FOUR_VIEWS, rounded, save
from sm_jax.evaluation.benchmarks.reference_clip import FPS, ReferenceClip, load_clip
from sm_jax.evaluation.score import pose_for_metrics
from sm_jax.geometry import camera as pinhole
from sm_jax.geometry import distortion
from sm_jax.motion.foot_contact import foot_contact, ground_height
from sm_jax.motion.frames import slice_observation
from sm_jax.pipeline.observe import observe
from sm_jax.types import Array, Observation


def observe_views(body: smpl.Body, clip: ReferenceClip) -> list[Observation]:
    """What the front-end, told the focal length, sees in each of the videos, the people in the reference's order."""
    views = []
    for v in range(len(clip.distortion)):
        path, focal = input_path(f"sample:cam0{v + 1}"), float(clip.cameras.K[v, 0, 0])
        seen = observe(path, body=body, focal=focal, progress=False).observation
        seen = slice_observation(seen, np.arange(len(seen.frame_index)) < clip.joints.shape[1])  # one lies just beyond
        apart = jnp.abs(seen.keypoints[:, :, :COCO] - reference_keypoints(clip, v)[1])
        views.append(swap_people(seen) if jnp.median(apart) > 100 else seen)
    return views


def reference_keypoints(clip: ReferenceClip, v: int) -> tuple[Array, Array]:
    """The reference's joints in camera v's frame, and their pixels."""
    truth = pinhole.to_camera(clip.camera(v), jnp.asarray(clip.joints))
    return truth, distortion.project(clip.cameras.K[v], clip.distortion[v], truth)


def main() -> None:
    """Observe and store."""
    body, clip = load_body("open-low"), load_clip()
    joints = pose_for_metrics(body, clip.motion, FPS).joints["smpl"].astype(np.float32)
    height = ground_height(joints, np.ones(joints.shape[1], np.float32))
    views = [View(camera=clip.camera(v), observation=rounded(seen)) for v, seen in enumerate(observe_views(body, clip))]
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
    run(main, __doc__)
