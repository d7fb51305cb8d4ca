"""An observation beside the truth, in the terms in which observers are compared: real and simulated ones alike."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.capsules import capsules
from sm_jax.geometry import camera as pinhole
from sm_jax.motion.occlusion import joint_visibility
from sm_jax.types import Array, Camera, Motion, Observation

COCO = 17  # the keypoints of which there is a reference


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """Clips [N] of P people and T frames. estimate, truth: [N, P, T, 17, 3] keypoints in the camera's frame, metres.
    guess, found, true: [N, P, T, 17, 2] pixels of the estimate, of the detector, of the truth.  height: [N, P, T]
    pixels of 1.7 m.  confidence: [N, P, T, 17].  visibility: [N, P, T, J] reported.  clear: [N, P, T, J] how far the
    other body and the frame's border really leave a joint visible.  R_world_camera: [N, 3, 3]."""

    estimate: Array
    truth: Array
    guess: Array
    found: Array
    true: Array
    height: Array
    confidence: Array
    visibility: Array
    clear: Array
    R_world_camera: Array


def beside(body: smpl.Body, seen: Observation, motion: Motion, camera: Camera, truth: Array, true: Array) -> Seen:
    """One clip's `Seen` (no N). motion: the true one, on the body.  camera: the true one.  truth: [P, T, 17, 3] in its
    frame.  true: [P, T, 17, 2] pixels."""
    posed = smpl.pose(body, motion)
    points = smpl.keypoints(body, smpl.pose(body, seen.motion))[:, :, :COCO]
    estimate = pinhole.to_camera(seen.camera, points)
    return Seen(
        estimate=estimate,
        truth=truth,
        guess=pinhole.project(seen.camera.K, estimate),
        found=seen.keypoints[:, :, :COCO],
        true=true,
        height=1.7 * camera.K[0, 0] / truth[..., 2].mean(axis=-1),
        confidence=seen.keypoint_confidence[:, :, :COCO],
        visibility=seen.visibility,
        clear=joint_visibility(posed.joints, capsules(body, posed), camera),
        R_world_camera=jnp.swapaxes(camera.R[0], 0, 1),
    )


def stacked(clips: list[Any]) -> Any:
    """Trees with equal shapes as one, along a new first axis."""
    return jax.tree.map(lambda *x: np.stack([np.asarray(v) for v in x]), *clips)


def over(statistic: Callable[[np.ndarray], np.floating], values: np.ndarray) -> float:
    """A statistic of values, nan of none."""
    return float(statistic(values)) if values.size else float("nan")
