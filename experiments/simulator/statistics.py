"""How an observer errs, in numbers: medians over clips and people, of real and of simulated observations alike."""

import numpy as np

from experiments.simulator.joints import BODY, JOINT, bones, in_time, scale, typical
from experiments.simulator.seen import Seen, over


def measure(seen: Seen) -> dict[str, float]:
    """Named statistics in millimetres, thousandths of a body height, m/s, m/s^2, m/s^3, and shares."""
    return bones(seen) | in_time(seen) | _keypoints(seen) | _placement(seen)


def _keypoints(seen: Seen) -> dict[str, float]:
    """Errors in the picture, and how far confidence tells of them."""
    height = np.asarray(seen.height)[..., None]
    off = lambda a, b: (1e3 * np.linalg.norm(np.asarray(a - b), axis=-1) / height)[..., BODY]  # noqa: E731
    error, residual = off(seen.found, seen.true), off(seen.found, seen.guess)
    sure, clear = np.asarray(seen.confidence)[..., BODY], np.asarray(seen.clear)[..., JOINT][..., BODY]
    doubt = np.log(np.maximum(1 - sure, 1e-3))
    tremble = np.linalg.norm(np.diff(np.asarray(seen.found)[..., BODY, :] / height[..., None], n=3, axis=2), axis=-1)
    return {
        "sure_keypoints": typical(error, sure > 0.8),
        "doubtful_keypoints": typical(error, (sure > 0.3) & (sure <= 0.8)),
        "unsure_keypoints": over(np.mean, error[sure <= 0.3]),
        "estimate_in_picture": typical(off(seen.guess, seen.true), sure > 0.8),
        "residual": typical(residual, sure > 0.8),
        "keypoint_tremble": typical(1e3 * tremble, sure[:, :, 3:] > 0.8),
        "doubt_clear": float(np.exp(over(np.median, doubt[clear > 0.9]))),
        "doubt_spread": over(np.std, doubt[clear > 0.9]),
        "doubt_hidden": 1 - over(np.mean, sure[clear < 0.3]),
    }


def _placement(seen: Seen) -> dict[str, float]:
    pelvis = [np.asarray(x)[..., 11:13, :].mean(axis=-2) for x in (seen.estimate, seen.truth)]
    size = np.log(scale(seen))
    depth = np.log(pelvis[0][..., 2] / pelvis[1][..., 2])
    across = pelvis[0][..., :2] - pelvis[1][..., :2] * (pelvis[0][..., 2:] / pelvis[1][..., 2:])
    return {
        "scale_percent": float(100 * np.abs(size).mean()),
        "depth_beyond_scale_percent": float(100 * np.abs(depth.mean(axis=-1) - size).mean()),
        "depth_drift_percent": float(100 * np.median(depth.std(axis=-1))),
        "depth_shake_percent": float(100 * np.median(np.diff(depth, n=2, axis=-1).std(axis=-1))),
        "across_drift_mm": float(1e3 * np.median(across.std(axis=2))),
    }
