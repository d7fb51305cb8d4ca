"""The four-view clip as the real front-end sees it; it, and the packaged dances, as the simulator does."""

import jax
import numpy as np

from experiments.benchmark_sets.four_views import observe_views, reference_keypoints
from experiments.lib.frontend_errors import COCO, EstimateAndTruth, pair_with_truth, stack_clips
from sm_jax.body import smpl
from sm_jax.data import codec
from sm_jax.data.loader import WindowLoader
from sm_jax.data.simulator.noise import process
from sm_jax.data.simulator.simulate import SimulatorConfig, simulate, simulate_view
from sm_jax.data.store import open_set
from sm_jax.evaluation.benchmarks.reference_clip import ReferenceClip
from sm_jax.geometry import camera as pinhole
from sm_jax.types import Array, Camera, Motion

SCATTER, LASTS = 0.008, 10.0  # metres along each axis, and frames, of the reference's error
FRAMES, CLIPS = 64, 192


def observed_views(body: smpl.Body, clip: ReferenceClip) -> EstimateAndTruth:
    """What the front-end sees in the views [V], beside the reference."""
    views = []
    for v, seen in enumerate(observe_views(body, clip)):
        truth, true = reference_keypoints(clip, v)
        views.append(pair_with_truth(body, seen, clip.motion, clip.camera(v), truth, true))
    return stack_clips(views)


def simulated_views(
    key: Array, body: smpl.Body, clip: ReferenceClip, config: SimulatorConfig, repeats: int
) -> EstimateAndTruth:
    """What the simulator makes of the same motion through the same cameras [repeats * V], against a reference as
    scattered as the real one."""

    def simulate_one(key: Array, camera: Camera) -> EstimateAndTruth:
        at_view, at_scatter = jax.random.split(key)
        observed = simulate_view(at_view, clip.motion, body, camera, config)
        truth = pinhole.to_camera(camera, smpl.keypoints(body, smpl.pose(body, clip.motion))[:, :, :COCO])
        scattered = truth + process(at_scatter, truth.shape, ((SCATTER, LASTS),))
        return pair_with_truth(body, observed, clip.motion, camera, scattered, pinhole.project(camera.K, truth))

    keys = jax.random.split(key, (repeats, len(clip.distortion)))
    seen = jax.vmap(lambda k: jax.vmap(simulate_one)(k, clip.cameras))(keys)
    return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), seen)


def simulated_dances(body: smpl.Body, config: SimulatorConfig, seed: int) -> EstimateAndTruth:
    """Windows [CLIPS] of held-out takes, each through a random camera, beside the exact truth."""
    records = open_set("salsa").records["val"]
    chosen = WindowLoader([(records, 1.0)], FRAMES, CLIPS, seed).windows(0)
    cuts = [codec.decode(records[w.record], w.start, w.start + FRAMES).motion for w in chosen]
    motions = jax.tree.map(lambda *x: np.stack(x), *cuts)

    def simulate_one(key: Array, motion: Motion, body: smpl.Body) -> EstimateAndTruth:
        observed = simulate(key, motion, body, config)
        truth = pinhole.to_camera(observed.camera, smpl.keypoints(body, smpl.pose(body, motion))[:, :, :COCO])
        true = pinhole.project(observed.camera.K, truth)
        return pair_with_truth(body, observed, motion, observed.camera, truth, true)

    keys = jax.random.split(jax.random.key(seed), CLIPS)
    return jax.device_get(jax.jit(jax.vmap(simulate_one, in_axes=(0, 0, None)))(keys, motions, body))
