"""What the real front-end sees of the four-view clip, told the focal length."""

import dataclasses

import jax
import jax.numpy as jnp

from experiments.simulator.seen import COCO, Seen, beside, stacked
from sm_jax.benchmark.reference import Clip
from sm_jax.body import smpl
from sm_jax.fetch import input_path
from sm_jax.geometry import camera as pinhole
from sm_jax.geometry import distortion
from sm_jax.observe import observe
from sm_jax.types import Array, Observation


def observed(body: smpl.Body, clip: Clip) -> list[Observation]:
    """Of each of the four videos, the people in the reference's order."""
    views = []
    for v in range(len(clip.distortion)):
        path, focal = input_path(f"sample:cam0{v + 1}"), float(clip.cameras.K[v, 0, 0])
        seen = observe(path, body=body, focal=focal, progress=False).observation
        apart = jnp.abs(seen.keypoints[:, :, :COCO] - _pixels(clip, v)[1])
        views.append(swapped(seen) if jnp.median(apart) > 100 else seen)
    return views


def real(body: smpl.Body, clip: Clip) -> Seen:
    """The views [V] beside the reference."""
    views = []
    for v, seen in enumerate(observed(body, clip)):
        truth, true = _pixels(clip, v)
        views.append(beside(body, seen, clip.motion, clip.camera(v), truth, true))
    return stacked(views)


def _pixels(clip: Clip, v: int) -> tuple[Array, Array]:
    """The reference's joints in camera v's frame, and their pixels."""
    truth = pinhole.to_camera(clip.camera(v), jnp.asarray(clip.joints))
    return truth, distortion.project(clip.cameras.K[v], clip.distortion[v], truth)


def swapped(seen: Observation) -> Observation:
    """The observation with the other person first."""
    people = {name: getattr(seen, name)[::-1] for name in ("keypoints", "keypoint_confidence", "visibility")}
    return dataclasses.replace(seen, motion=jax.tree.map(lambda x: x[::-1], seen.motion), **people)
