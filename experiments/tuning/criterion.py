"""What tuning minimises, the same for every method."""

import jax
import numpy as np

from sm_jax.baselines.method import Clip, Method
from sm_jax.body import smpl
from sm_jax.metrics.joints import mpjpe_mm, pair_pa_mpjpe_mm, world_mpjpe_mm
from sm_jax.metrics.motion import acceleration_error_mm, jitter_m_s3, peak_wrist_speed_ratio
from sm_jax.types import Array, Motion

COUNTED = ("mpjpe_mm", "pair_pa_mpjpe_mm", "acceleration_error_mm", "jitter_misfit")
Means = dict[str, float]


def measure(method: Method, clips: list[tuple[str, Motion, Clip]]) -> Means:
    """Means over the clips. jitter_misfit: how many times too large or too small the mean jitter is."""
    rows, true_jitter = [], 0.0
    for _, truth, clip in clips:
        found, true = (np.asarray(_joints(clip.body, motion)) for motion in (method(clip), truth))
        fps = float(clip.observation.fps)
        true_jitter += jitter_m_s3(true, fps) / len(clips)
        rows.append(
            {
                "mpjpe_mm": mpjpe_mm(found, true),
                "pair_pa_mpjpe_mm": pair_pa_mpjpe_mm(found, true),
                "world_mpjpe_mm": world_mpjpe_mm(found, true),
                "acceleration_error_mm": acceleration_error_mm(found, true),
                "jitter_over_truth": jitter_m_s3(found, fps),
                "peak_wrist_over_truth": peak_wrist_speed_ratio(found, true),
            }
        )
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    means["jitter_over_truth"] /= true_jitter
    means["jitter_misfit"] = max(means["jitter_over_truth"], 1.0 / means["jitter_over_truth"])
    return means


def score(means: Means, raw: Means) -> float:
    """Geometric mean of the COUNTED numbers as shares of the raw estimate's: below 1 is better than that."""
    return float(np.exp(np.mean([np.log(means[name] / raw[name]) for name in COUNTED])))


@jax.jit
def _joints(body: smpl.Body, motion: Motion) -> Array:
    return smpl.pose(body, motion).joints
