"""The real front-end on rendered videos: what it sees, kept in files so that a run can go on, and how it errs."""

import pathlib
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from experiments.lib.frontend_errors import (
    BODY,
    COCO,
    FPS,
    JOINT,
    EstimateAndTruth,
    bone_errors,
    median_of_means,
    pair_with_truth,
    root_relative_errors,
    size_ratio,
    stack_clips,
    statistic_or_nan,
    swap_people,
)
from sm_jax.body import smpl
from sm_jax.data.schema import PairSequence, View
from sm_jax.errors import UserError
from sm_jax.evaluation.benchmarks.frozen import rounded
from sm_jax.geometry import camera as pinhole
from sm_jax.perception.observation_file import load_observation, save_observation
from sm_jax.pipeline.observe import observe
from sm_jax.types import Array, Camera, Motion, Observation

SURE, UNSURE = 0.8, 0.3  # confidences


def observe_video(video: pathlib.Path, body: smpl.Body, motion: Motion, camera: Camera) -> View:
    """What the front-end sees in a video of a motion [P, T], not told the focal length, with the people in the order
    of the motion, rounded. Its observation is None where the front-end refused the video; `video`.txt says why."""
    kept, refused = video.with_suffix(".npz"), video.with_suffix(".txt")
    if not kept.exists() and not refused.exists():
        try:
            save_observation(kept, observe(video, body=body, progress=False).observation)
        except UserError as error:
            refused.write_text(f"{error}\n")
    if refused.exists():
        return View(camera=camera)
    observation = load_observation(kept)
    if not np.array_equal(observation.frame_index, np.arange(motion.pelvis.shape[1])):
        raise ValueError(f"{video}: the front-end read frames {observation.frame_index}, not every one once")
    return View(camera=camera, observation=rounded(match_people(observation, true_keypoints(body, motion, camera))))


def true_keypoints(body: smpl.Body, motion: Motion, camera: Camera) -> np.ndarray:
    """Where the keypoints [P, T, K, 2] of a motion really are in the picture, in pixels."""
    return np.asarray(_projected(body, motion, camera))


@jax.jit
def _projected(body: smpl.Body, motion: Motion, camera: Camera) -> jax.Array:
    return pinhole.project_points(camera, smpl.keypoints(body, smpl.pose(body, motion)))[0]


def match_people(observation: Observation, true: np.ndarray) -> Observation:
    """The observation with its people in the order, one for the whole clip, that fits true keypoints [P, T, K, 2]."""
    off = [np.median(np.linalg.norm(seen[:, :, :COCO] - true[:, :, :COCO], axis=-1))
           for seen in (observation.keypoints, observation.keypoints[::-1])]  # fmt: skip
    return swap_people(observation) if off[1] < off[0] else observation


def benchmark_scores(body: smpl.Body, sequences: Sequence[PairSequence], amounts: Sequence[str]) -> dict[str, Any]:
    """Figures, like those of experiments/results/simulator.json, of all videos, and of those of each amount of hiding,
    of which every sequence has one view."""
    pairs = [(s, v, f"{s.name}_{a}") for s in sequences for v, a in zip(s.views, amounts, strict=True)]
    seen = {name: with_truth(body, s, v) for s, v, name in pairs if v.observation is not None}
    groups = {"all": [*seen]} | {a: [name for name in seen if name.endswith(a)] for a in amounts}
    return {
        "videos": len(pairs),
        "frames": int(sequences[0].motion.pelvis.shape[1]),
        "refused": [name for *_, name in pairs if name not in seen],
        **{group: _figures(stack_clips([seen[name] for name in names])) for group, names in groups.items() if names},
        "videos_seen": {name: _main_figures(stack_clips([one])) for name, one in seen.items()},
    }


def with_truth(body: smpl.Body, sequence: PairSequence, view: View) -> EstimateAndTruth:
    """What was seen of a sequence through a view that was not refused, beside the truth."""
    assert view.observation is not None
    points = smpl.keypoints(body, smpl.pose(body, sequence.motion))[:, :, :COCO]
    true, _ = pinhole.project_points(view.camera, points)
    truth = pinhole.to_camera(view.camera, points)
    return pair_with_truth(body, view.observation, sequence.motion, view.camera, truth, true)


def _figures(seen: EstimateAndTruth) -> dict[str, float]:
    """Millimetres relative to the hips, thousandths of a body height in the picture, shares, m/s^3."""
    size, clear, off, sure = _errors(seen)
    figures = _main_figures(seen) | {
        "joint_error_visible_mm": statistic_or_nan(np.mean, size[clear]),
        "joint_error_hidden_mm": statistic_or_nan(np.mean, size[~clear]),
        "sure_keypoints": median_of_means(off, sure > SURE),
        "doubtful_keypoints": median_of_means(off, (sure > UNSURE) & (sure <= SURE)),
        "unsure_keypoints": statistic_or_nan(np.mean, off[sure <= UNSURE]),
        "share_of_sure_keypoints": float((sure > SURE).mean()),
        "scale_percent": float(100 * np.abs(np.log(size_ratio(seen))).mean()),
        "jitter": _jitter(seen.estimate),
        "true_jitter": _jitter(seen.truth),
        **bone_errors(seen),
    }
    return {name: round(value, 3) for name, value in figures.items()}


def _jitter(points: Array) -> float:
    """Mean third derivative of the body's keypoints, of [N, P, T, 17, 3]."""
    return float(FPS**3 * np.linalg.norm(np.diff(np.asarray(points)[..., BODY, :], n=3, axis=2), axis=-1).mean())


def _main_figures(seen: EstimateAndTruth) -> dict[str, float]:
    size, clear, off, _ = _errors(seen)
    means = {"joint_error_mm": size.mean(), "keypoints": off.mean(), "hidden": 1 - clear.mean()}
    return {name: round(float(value), 3) for name, value in means.items()}


def _errors(seen: EstimateAndTruth) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of the body's keypoints [N, P, T, 12]: error in space, if it is visible, error in the picture, confidence."""
    size = 1e3 * np.linalg.norm(root_relative_errors(seen), axis=-1)
    off = 1e3 * np.linalg.norm(np.asarray(seen.found - seen.true), axis=-1) / np.asarray(seen.height)[..., None]
    clear = np.asarray(seen.clear)[..., JOINT][..., BODY] > 0.5
    return size, clear, off[..., BODY], np.asarray(seen.confidence)[..., BODY]
