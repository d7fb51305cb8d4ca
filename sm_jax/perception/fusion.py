"""Two detectors' opinions on each person as one set of keypoints with a confidence.

BlazePose is the finer one; MoveNet tells when not to believe it. Neither presence nor visibility as BlazePose reports
them is used: both stay high on a person it should not have found. What the shares and widths below rest on is an
error table against four-view triangulation on the sample clip.
"""

import dataclasses

import numpy as np

from sm_jax.body.skeleton import KEYPOINTS
from sm_jax.motion.visibility import ARMS, WRAPPED, arms_on_trunk
from sm_jax.perception.landmarks import LANDMARKS, PoseLandmarks
from sm_jax.perception.tracking import Tracks, interpolate

_NAMES = {f"{s}_toe": f"{s}_foot_index" for s in ("left", "right")} | {
    f"{s}_hand": f"{s}_index" for s in ("left", "right")
}
_SOURCE = np.array([LANDMARKS.index(_NAMES.get(name, name)) for name in KEYPOINTS])
# Keypoints that MoveNet does not know are as sure as the one they hang on.
_JUDGE = np.array([*range(17), 15, 16, 15, 16, 9, 10])
_HANGING = 0.8
_WIDTH = 0.06  # disagreement, in parts of the person's size, at which agreement falls to exp(-1/2)
_DISBELIEF = 0.2  # what is left of BlazePose's confidence when MoveNet, unsure itself, disagrees
_JUMP = 0.1  # a disagreement above this, in parts of the person's size, may be a jump to the other person
_SURE = 0.3  # MoveNet's score above which it may overrule BlazePose
_UNSEEN = 0.3  # confidence of BlazePose where MoveNet did not find the person


@dataclasses.dataclass(frozen=True)
class FusedKeypoints:
    """What the pictures say of two people.

    keypoints: [P, T, K, 2] pixels.  confidence: [P, T, K] in [0, 1].  metres: [P, T, K, 3] the same points as
    `PoseLandmarks.metres` has them.  trusted: [P, T] bool, whether `metres` were measured on this person; elsewhere
    they are interpolated.  times: [T] seconds.  index: [T] source frames.
    """

    keypoints: np.ndarray
    confidence: np.ndarray
    metres: np.ndarray
    trusted: np.ndarray
    times: np.ndarray
    index: np.ndarray


def fuse(tracks: Tracks, landmarks: PoseLandmarks, width: int, height: int) -> FusedKeypoints:
    """One set of keypoints a person and frame, from MoveNet's tracks and BlazePose's landmarks."""
    fine, coarse, scores = landmarks.pixels[:, :, _SOURCE], tracks.keypoints, tracks.scores
    size = np.linalg.norm(np.ptp(fine[:, :, 5:17], axis=2), axis=-1)[..., None] + 1e-6
    apart = np.linalg.norm(fine[:, :, :17] - coarse, axis=-1) / size
    to_other = np.linalg.norm(fine[:, :, :17] - coarse[::-1], axis=-1) / size
    trusted = ~_jumped(apart, to_other, tracks.found)
    overruled = (apart > _JUMP) & (to_other < 0.5 * apart) & (scores > _SURE)
    overruled = (overruled | ~trusted[..., None]) & tracks.found[..., None]

    agreement = np.exp(-0.5 * (apart / _WIDTH) ** 2)
    confidence = np.maximum(agreement, _DISBELIEF) * (0.5 + 0.5 * np.clip(scores / 0.5, 0, 1))
    confidence = np.where(overruled, scores * _DISBELIEF, confidence)
    confidence = np.where(tracks.found[..., None], confidence, _UNSEEN * trusted[..., None])
    share = np.where(overruled, 1.0, 0.5 * agreement * np.clip(scores, 0, 1))[..., None]
    body = fine[:, :, :17] * (1 - share) + coarse * share

    moved = (body - fine[:, :, :17])[:, :, _JUDGE[17:]]
    keypoints = np.concatenate([body, fine[:, :, 17:] + moved], axis=2)
    hanging = confidence[:, :, _JUDGE[17:]] * np.where(overruled[:, :, _JUDGE[17:]], 0.0, _HANGING)
    confidence = np.concatenate([confidence, hanging], axis=2)
    confidence[:, :, ARMS] *= np.where(arms_on_trunk(keypoints), WRAPPED, 1.0)
    confidence *= _inside(keypoints, width, height)
    return FusedKeypoints(
        keypoints.astype(np.float32),
        confidence.astype(np.float32),
        _bridged(landmarks.metres[:, :, _SOURCE], trusted, tracks.times),
        trusted,
        tracks.times,
        tracks.index,
    )


def at_rate(evidence: FusedKeypoints, fps: float) -> FusedKeypoints:
    """The evidence at exactly 0, 1/fps, 2/fps … seconds up to the last frame or just beyond it, interpolated; `index`
    is that of the nearest source frame.
    """
    times = evidence.times
    grid = np.arange(int(np.ceil(times[-1] * fps - 1e-6)) + 1) / fps
    nearest = np.searchsorted((times[1:] + times[:-1]) / 2, grid)
    moved = lambda x: np.stack([interpolate(grid, times, person) for person in x])  # noqa: E731
    return FusedKeypoints(
        moved(evidence.keypoints),
        moved(evidence.confidence),
        moved(evidence.metres),
        evidence.trusted[:, nearest],
        grid,
        evidence.index[nearest],
    )


def _bridged(metres: np.ndarray, trusted: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Metres [P, T, K, 3] with those of untrusted frames interpolated from the trusted ones, where there are any."""
    pairs = zip(metres, trusted, strict=True)
    return np.stack([interpolate(times, times[t], m[t]) if t.any() else m for m, t in pairs])


def _jumped(apart: np.ndarray, to_other: np.ndarray, found: np.ndarray) -> np.ndarray:
    """[P, T] whether a whole skeleton lies on the other person instead of where MoveNet saw this one."""
    body = slice(5, 17)
    own, other = np.median(apart[..., body], axis=-1), np.median(to_other[..., body], axis=-1)
    return (other < np.where(found, own, _JUMP)) & (other < _JUMP)


def _inside(keypoints: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.all((keypoints >= 0) & (keypoints <= np.array([width, height])), axis=-1)
