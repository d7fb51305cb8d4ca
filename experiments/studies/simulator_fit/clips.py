"""What the real front-end sees of the four-view clip, told the focal length."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from experiments.studies.simulator_fit.statistics import COCO, Seen, beside, stacked
from sm_jax.assets.fetch import input_path
from sm_jax.body import smpl
from sm_jax.data import codec
from sm_jax.data.loader import WindowLoader
from sm_jax.data.simulator.noise import process
from sm_jax.data.simulator.simulate import SimulatorConfig, simulate, simulate_view
from sm_jax.data.store import open_set
from sm_jax.evaluation.benchmarks.reference_clip import ReferenceClip
from sm_jax.geometry import camera as pinhole
from sm_jax.geometry import distortion
from sm_jax.pipeline.observe import observe
from sm_jax.types import Array, Camera, Motion, Observation


def observed(body: smpl.Body, clip: ReferenceClip) -> list[Observation]:
    """Of each of the four videos, the people in the reference's order."""
    views = []
    for v in range(len(clip.distortion)):
        path, focal = input_path(f"sample:cam0{v + 1}"), float(clip.cameras.K[v, 0, 0])
        seen = observe(path, body=body, focal=focal, progress=False).observation
        apart = jnp.abs(seen.keypoints[:, :, :COCO] - _pixels(clip, v)[1])
        views.append(swapped(seen) if jnp.median(apart) > 100 else seen)
    return views


def real(body: smpl.Body, clip: ReferenceClip) -> Seen:
    """The views [V] beside the reference."""
    views = []
    for v, seen in enumerate(observed(body, clip)):
        truth, true = _pixels(clip, v)
        views.append(beside(body, seen, clip.motion, clip.camera(v), truth, true))
    return stacked(views)


def _pixels(clip: ReferenceClip, v: int) -> tuple[Array, Array]:
    """The reference's joints in camera v's frame, and their pixels."""
    truth = pinhole.to_camera(clip.camera(v), jnp.asarray(clip.joints))
    return truth, distortion.project(clip.cameras.K[v], clip.distortion[v], truth)


def swapped(seen: Observation) -> Observation:
    """The observation with the other person first."""
    people = {name: getattr(seen, name)[::-1] for name in ("keypoints", "keypoint_confidence", "visibility")}
    return dataclasses.replace(seen, motion=jax.tree.map(lambda x: x[::-1], seen.motion), **people)


# What the simulator makes of the four-view clip, and of the packaged dances.


SCATTER, LASTS = 0.008, 10.0  # metres along each axis, and frames, of the reference's error
FRAMES, CLIPS = 64, 192


def of_clip(key: Array, body: smpl.Body, clip: ReferenceClip, config: SimulatorConfig, repeats: int) -> Seen:
    """What the simulator makes of the same motion through the same cameras [repeats * V], against a reference as
    scattered as the real one."""

    def one(key: Array, camera: Camera) -> Seen:
        at_view, at_scatter = jax.random.split(key)
        observed = simulate_view(at_view, clip.motion, body, camera, config)
        truth = pinhole.to_camera(camera, smpl.keypoints(body, smpl.pose(body, clip.motion))[:, :, :COCO])
        scattered = truth + process(at_scatter, truth.shape, ((SCATTER, LASTS),))
        return beside(body, observed, clip.motion, camera, scattered, pinhole.project(camera.K, truth))

    keys = jax.random.split(key, (repeats, len(clip.distortion)))
    seen = jax.vmap(lambda k: jax.vmap(one)(k, clip.cameras))(keys)
    return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), seen)


def of_dances(body: smpl.Body, config: SimulatorConfig, seed: int) -> Seen:
    """Windows [CLIPS] of held-out takes, each through a random camera, beside the exact truth."""
    records = open_set("salsa").records["val"]
    chosen = WindowLoader([(records, 1.0)], FRAMES, CLIPS, seed).windows(0)
    cuts = [codec.decode(records[w.record], w.start, w.start + FRAMES).motion for w in chosen]
    motions = jax.tree.map(lambda *x: np.stack(x), *cuts)

    def one(key: Array, motion: Motion, body: smpl.Body) -> Seen:
        observed = simulate(key, motion, body, config)
        truth = pinhole.to_camera(observed.camera, smpl.keypoints(body, smpl.pose(body, motion))[:, :, :COCO])
        true = pinhole.project(observed.camera.K, truth)
        return beside(body, observed, motion, observed.camera, truth, true)

    keys = jax.random.split(jax.random.key(seed), CLIPS)
    return jax.device_get(jax.jit(jax.vmap(one, in_axes=(0, 0, None)))(keys, motions, body))
