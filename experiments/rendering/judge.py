"""How the front-end errs on the rendered videos, in numbers like those of experiments/results/simulator.json."""

import os
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from experiments.simulator.joints import BODY, FPS, JOINT, bones, rooted, scale, typical
from experiments.simulator.seen import COCO, Seen, beside, over, stacked
from sm_jax.body import smpl
from sm_jax.data.schema import PairSequence, View
from sm_jax.geometry import camera as pinhole
from sm_jax.train.checkpoint import git_commit
from sm_jax.types import Array

SURE, UNSURE = 0.8, 0.3  # confidences


def judge(body: smpl.Body, sequences: Sequence[PairSequence], amounts: Sequence[str]) -> dict[str, Any]:
    """Figures of all videos, and of those of each amount of hiding, of which every sequence has one view."""
    pairs = [(s, v, f"{s.name}_{a}") for s in sequences for v, a in zip(s.views, amounts, strict=True)]
    seen = {name: _seen(body, s, v) for s, v, name in pairs if v.observation is not None}
    groups = {"all": [*seen]} | {a: [name for name in seen if name.endswith(a)] for a in amounts}
    return {
        "what": "the front-end on rendered videos, not told the focal length, beside the exact truth",
        "device": f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores",
        "commit": git_commit(),
        "videos": len(pairs),
        "frames": int(sequences[0].motion.pelvis.shape[1]),
        "refused": [name for *_, name in pairs if name not in seen],
        **{group: _figures(stacked([seen[name] for name in names])) for group, names in groups.items() if names},
        "videos_seen": {name: _brief(stacked([one])) for name, one in seen.items()},
    }


def _seen(body: smpl.Body, sequence: PairSequence, view: View) -> Seen:
    assert view.observation is not None
    points = smpl.keypoints(body, smpl.pose(body, sequence.motion))[:, :, :COCO]
    true, _ = pinhole.project_points(view.camera, points)
    truth = pinhole.to_camera(view.camera, points)
    return beside(body, view.observation, sequence.motion, view.camera, truth, true)


def _figures(seen: Seen) -> dict[str, float]:
    """Millimetres relative to the hips, thousandths of a body height in the picture, shares, m/s^3."""
    size, clear, off, sure = _errors(seen)
    figures = _brief(seen) | {
        "joint_error_visible_mm": over(np.mean, size[clear]),
        "joint_error_hidden_mm": over(np.mean, size[~clear]),
        "sure_keypoints": typical(off, sure > SURE),
        "doubtful_keypoints": typical(off, (sure > UNSURE) & (sure <= SURE)),
        "unsure_keypoints": over(np.mean, off[sure <= UNSURE]),
        "share_of_sure_keypoints": float((sure > SURE).mean()),
        "scale_percent": float(100 * np.abs(np.log(scale(seen))).mean()),
        "jitter": _jitter(seen.estimate),
        "true_jitter": _jitter(seen.truth),
        **bones(seen),
    }
    return {name: round(value, 3) for name, value in figures.items()}


def _jitter(points: Array) -> float:
    """Mean third derivative of the body's keypoints, of [N, P, T, 17, 3]."""
    return float(FPS**3 * np.linalg.norm(np.diff(np.asarray(points)[..., BODY, :], n=3, axis=2), axis=-1).mean())


def _brief(seen: Seen) -> dict[str, float]:
    size, clear, off, _ = _errors(seen)
    means = {"joint_error_mm": size.mean(), "keypoints": off.mean(), "hidden": 1 - clear.mean()}
    return {name: round(float(value), 3) for name, value in means.items()}


def _errors(seen: Seen) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of the body's keypoints [N, P, T, 12]: error in space, if it is visible, error in the picture, confidence."""
    size = 1e3 * np.linalg.norm(rooted(seen), axis=-1)
    off = 1e3 * np.linalg.norm(np.asarray(seen.found - seen.true), axis=-1) / np.asarray(seen.height)[..., None]
    clear = np.asarray(seen.clear)[..., JOINT][..., BODY] > 0.5
    return size, clear, off[..., BODY], np.asarray(seen.confidence)[..., BODY]
