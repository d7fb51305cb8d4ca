"""How an observer, real or simulated, errs beside the truth, in numbers: medians over clips and people."""

import dataclasses
from collections.abc import Callable
from itertools import combinations
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.capsules import capsules
from sm_jax.body.skeleton import KEYPOINT_JOINTS
from sm_jax.geometry import camera as pinhole
from sm_jax.motion.visibility import joint_visibility
from sm_jax.types import Array, Camera, Motion, Observation

FPS = 30.0
COCO = 17  # the keypoints of which there is a reference
BODY = slice(5, 17)  # of them, without the face
JOINT = np.array(KEYPOINT_JOINTS[:COCO])
BONES = {"thigh": (11, 13), "shin": (13, 15), "upper_arm": (5, 7), "forearm": (7, 9)}  # and the same plus one: right


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class EstimateAndTruth:
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


def pair_with_truth(
    body: smpl.Body, seen: Observation, motion: Motion, camera: Camera, truth: Array, true: Array
) -> EstimateAndTruth:
    """One clip (no N). motion: the true one, on the body.  camera: the true one.  truth: [P, T, 17, 3] in its frame.
    true: [P, T, 17, 2] pixels."""
    posed = smpl.pose(body, motion)
    points = smpl.keypoints(body, smpl.pose(body, seen.motion))[:, :, :COCO]
    estimate = pinhole.to_camera(seen.camera, points)
    return EstimateAndTruth(
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


def swap_people(seen: Observation) -> Observation:
    """The observation with the other person first."""
    people = {name: getattr(seen, name)[::-1] for name in ("keypoints", "keypoint_confidence", "visibility")}
    return dataclasses.replace(seen, motion=jax.tree.map(lambda x: x[::-1], seen.motion), **people)


def stack_clips(clips: list[Any]) -> Any:
    """Trees with equal shapes as one, along a new first axis."""
    return jax.tree.map(lambda *x: np.stack([np.asarray(v) for v in x]), *clips)


def statistic_or_nan(statistic: Callable[[np.ndarray], np.floating], values: np.ndarray) -> float:
    """A statistic of values, nan of none."""
    return float(statistic(values)) if values.size else float("nan")


def size_ratio(seen: EstimateAndTruth) -> np.ndarray:
    """How much too large each person [N, P] is taken to be: median ratio of their lengths."""
    ends = np.array([*BONES.values()]).T
    lengths = [sum(np.linalg.norm(x[..., b + s, :] - x[..., a + s, :], axis=-1).sum(axis=-1) for s in (0, 1))
               for x in (seen.estimate, seen.truth) for a, b in (ends,)]  # fmt: skip
    return np.median(lengths[0] / lengths[1], axis=-1)


def root_relative_errors(seen: EstimateAndTruth) -> np.ndarray:
    """Errors [N, P, T, 12, 3] of the body's keypoints relative to the middle of the hips, in the camera's frame."""
    error = np.asarray(seen.estimate - seen.truth)
    return (error - error[..., 11:13, :].mean(axis=-2, keepdims=True))[..., BODY, :]


def bone_errors(seen: EstimateAndTruth) -> dict[str, float]:
    """Errors of bones as vectors, of people scaled to their size: along the line of sight, and across it."""
    visible = np.asarray(seen.visibility)[..., JOINT]
    sized = np.asarray(seen.estimate) / size_ratio(seen)[..., None, None, None]
    middle = lambda x, a: x[..., a : a + 2, :].mean(axis=-2, keepdims=True)  # noqa: E731
    errors, least = {}, {}
    for name, (a, b) in BONES.items():
        both = [slice(a, a + 2), slice(b, b + 2)]
        errors[name] = [x[..., both[1], :] - x[..., both[0], :] for x in (sized, np.asarray(seen.truth))]
        least[name] = np.minimum(visible[..., both[0]], visible[..., both[1]])
    errors["trunk"] = [middle(x, 5) - middle(x, 11) for x in (sized, np.asarray(seen.truth))]
    least["trunk"] = visible[..., [5, 6, 11, 12]].min(axis=-1, keepdims=True)
    found = {}
    for name, (mine, true) in errors.items():
        along, across = np.abs(mine - true)[..., 2], np.linalg.norm((mine - true)[..., :2], axis=-1)
        found[f"{name}_along_mm"] = median_of_means(1e3 * along, least[name] > 0.6)
        found[f"{name}_across_mm"] = median_of_means(1e3 * across, least[name] > 0.6)
    size = np.concatenate([np.linalg.norm(m - t, axis=-1) for m, t in errors.values()], axis=-1)
    unseen = np.concatenate([*least.values()], axis=-1) < 0.3
    return found | {"hidden_bones_mm": 1e3 * statistic_or_nan(np.mean, size[unseen])}


def temporal_errors(seen: EstimateAndTruth) -> dict[str, float]:
    """How errors change, from the differences of views: the reference, which trembles more than the estimate, has no
    part in it. Views must follow one another in fours."""
    world = np.einsum("nij,nptkj->nptki", seen.R_world_camera, root_relative_errors(seen))
    world = world.reshape(-1, 4, *world.shape[1:])
    apart = np.stack([world[:, a] - world[:, b] for a, b in combinations(range(4), 2)]) / np.sqrt(2)
    size = lambda x: float(np.median(np.linalg.norm(x, axis=-1).mean(axis=(3, 4))))  # noqa: E731
    change = lambda lag: 1e3 * size(apart[:, :, :, lag:] - apart[:, :, :, :-lag])  # noqa: E731
    own = np.asarray(seen.estimate)[..., BODY, :]
    return {
        "lasting_mm": 1e3 * size(apart.mean(axis=3, keepdims=True)),
        "change_in_5_frames_mm": change(5),
        "change_in_15_frames_mm": change(15),
        "velocity_error": FPS * size(np.diff(apart, axis=3)),
        "acceleration_error": FPS**2 * size(np.diff(apart, n=2, axis=3)),
        "jitter_error": FPS**3 * size(np.diff(apart, n=3, axis=3)),
        "jitter": float(FPS**3 * np.linalg.norm(np.diff(own, n=3, axis=2), axis=-1).mean()),
    }


def median_of_means(values: np.ndarray, where: np.ndarray) -> float:
    """Median over clips and people [N, P] of the mean where it counts."""
    share = where.sum(axis=(2, 3))
    mean = np.where(where, values, 0).sum(axis=(2, 3)) / np.maximum(share, 1)
    return statistic_or_nan(np.median, mean[share > 0])


def measure(seen: EstimateAndTruth) -> dict[str, float]:
    """Named statistics in millimetres, thousandths of a body height, m/s, m/s^2, m/s^3, and shares."""
    return bone_errors(seen) | temporal_errors(seen) | _keypoint_errors(seen) | _placement_errors(seen)


def _keypoint_errors(seen: EstimateAndTruth) -> dict[str, float]:
    """Errors in the picture, and how far confidence tells of them."""
    height = np.asarray(seen.height)[..., None]
    off = lambda a, b: (1e3 * np.linalg.norm(np.asarray(a - b), axis=-1) / height)[..., BODY]  # noqa: E731
    error, residual = off(seen.found, seen.true), off(seen.found, seen.guess)
    sure, clear = np.asarray(seen.confidence)[..., BODY], np.asarray(seen.clear)[..., JOINT][..., BODY]
    doubt = np.log(np.maximum(1 - sure, 1e-3))
    tremble = np.linalg.norm(np.diff(np.asarray(seen.found)[..., BODY, :] / height[..., None], n=3, axis=2), axis=-1)
    return {
        "sure_keypoints": median_of_means(error, sure > 0.8),
        "doubtful_keypoints": median_of_means(error, (sure > 0.3) & (sure <= 0.8)),
        "unsure_keypoints": statistic_or_nan(np.mean, error[sure <= 0.3]),
        "estimate_in_picture": median_of_means(off(seen.guess, seen.true), sure > 0.8),
        "residual": median_of_means(residual, sure > 0.8),
        "keypoint_tremble": median_of_means(1e3 * tremble, sure[:, :, 3:] > 0.8),
        "doubt_clear": float(np.exp(statistic_or_nan(np.median, doubt[clear > 0.9]))),
        "doubt_spread": statistic_or_nan(np.std, doubt[clear > 0.9]),
        "doubt_hidden": 1 - statistic_or_nan(np.mean, sure[clear < 0.3]),
    }


def _placement_errors(seen: EstimateAndTruth) -> dict[str, float]:
    pelvis = [np.asarray(x)[..., 11:13, :].mean(axis=-2) for x in (seen.estimate, seen.truth)]
    size = np.log(size_ratio(seen))
    depth = np.log(pelvis[0][..., 2] / pelvis[1][..., 2])
    across = pelvis[0][..., :2] - pelvis[1][..., :2] * (pelvis[0][..., 2:] / pelvis[1][..., 2:])
    return {
        "scale_percent": float(100 * np.abs(size).mean()),
        "depth_beyond_scale_percent": float(100 * np.abs(depth.mean(axis=-1) - size).mean()),
        "depth_drift_percent": float(100 * np.median(depth.std(axis=-1))),
        "depth_shake_percent": float(100 * np.median(np.diff(depth, n=2, axis=-1).std(axis=-1))),
        "across_drift_mm": float(1e3 * np.median(across.std(axis=2))),
    }
