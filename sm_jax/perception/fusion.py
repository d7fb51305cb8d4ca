"""Three detectors' opinions on each person as one set of keypoints with a confidence.

BlazePose and MoveNet-thunder look at one person's crop, MoveNet-multipose at both people: it tells when the others
jumped to the other person. Neither presence nor visibility as BlazePose reports them is used: both stay high on a
person it should not have found. What each opinion weighs, how far a detector's joint is from the body's, and what
agreement says of the error was measured on rendered clips (`perception.calibration`).
"""

import dataclasses

import numpy as np

from sm_jax.body.skeleton import KEYPOINTS
from sm_jax.motion.visibility import ARMS, arms_on_trunk
from sm_jax.perception.calibration import (
    COCO,
    JUDGE,
    KIND,
    KeypointCalibration,
    as_confidence,
    body_axes,
    expected_error,
    load_calibration,
    person_size,
    signs,
    weigh_opinions,
)
from sm_jax.perception.crops import MIN_KEYPOINT_SCORE
from sm_jax.perception.landmarks import LANDMARKS, PoseLandmarks
from sm_jax.perception.tracking import Tracks, interpolate

_NAMES = {f"{s}_toe": f"{s}_foot_index" for s in ("left", "right")} | {
    f"{s}_hand": f"{s}_index" for s in ("left", "right")
}
_SOURCE = np.array([LANDMARKS.index(_NAMES.get(name, name)) for name in KEYPOINTS])
# In parts of the person's size: a skeleton nearer than this to the other person's may have jumped there, and so may a
# keypoint that is farther than this from where MoveNet saw it.
_JUMP = 0.1
_SURE = 0.3  # score of MoveNet-multipose's above which it may say of a keypoint that it is the other's


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
    """One set of the body's keypoints a person and frame, from MoveNet's tracks and what was found in the crops."""
    calibration = load_calibration()
    seen, found, believed = combine(calibration, tracks, landmarks)
    confidence = as_confidence(expected_error(calibration, found))
    confidence *= np.any(believed, axis=0)[:, :, JUDGE] * _inside(seen, width, height)
    trusted = ~_jumped(landmarks.pixels[:, :, _SOURCE[:COCO]], tracks)
    return FusedKeypoints(
        move_to_body(calibration, seen).astype(np.float32),
        confidence.astype(np.float32),
        _bridged(landmarks.metres[:, :, _SOURCE], trusted, tracks.times),
        trusted,
        tracks.times,
        tracks.index,
    )


def combine(
    calibration: KeypointCalibration, tracks: Tracks, landmarks: PoseLandmarks
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the detectors together see the keypoints [P, T, K, 2], the signs of an error there [P, T, 17, signs], and
    which opinions count [3, P, T, 17]: those on this person, and of MoveNet those that it is not unsure of itself."""
    fine, opinions = landmarks.pixels[:, :, _SOURCE], opinions_of(tracks, landmarks)
    fine_own, single_own = (~_jumped(one, tracks)[..., None] & ~_leaked(one, tracks) for one in opinions[:2])
    voting = landmarks.coco_scores > MIN_KEYPOINT_SCORE, tracks.scores > MIN_KEYPOINT_SCORE
    believed = np.stack([fine_own, single_own & voting[0], tracks.found[..., None] & voting[1]])
    none = ~np.any(believed, axis=0)
    body = weigh_opinions(calibration, opinions, believed | none, person_size(tracks.keypoints))
    moved = (body - fine[:, :, :COCO])[:, :, JUDGE[COCO:]]
    seen = np.concatenate([body, fine[:, :, COCO:] + moved], axis=2)
    on_other = np.zeros(body.shape[:-1], bool)
    arms = np.asarray(arms_on_trunk(seen))
    on_other[:, :, [arm for arm in ARMS if arm < COCO]] = arms[:, :, [arm < COCO for arm in ARMS]]
    scores = np.stack([landmarks.coco_scores, tracks.scores])
    return seen, signs(opinions, believed, scores, on_other, body), believed


def opinions_of(tracks: Tracks, landmarks: PoseLandmarks) -> np.ndarray:
    """COCO's keypoints [3, P, T, 17, 2] as each of `calibration.OPINIONS` has them."""
    return np.stack([landmarks.pixels[:, :, _SOURCE[:COCO]], landmarks.coco, tracks.keypoints])


def move_to_body(calibration: KeypointCalibration, seen: np.ndarray) -> np.ndarray:
    """The body's keypoints [..., K, 2], from where detectors see them."""
    return seen + (calibration.offset[KIND][:, :, None] * body_axes(seen)).sum(axis=-2)


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


def _jumped(opinion: np.ndarray, tracks: Tracks) -> np.ndarray:
    """[P, T] whether a whole skeleton [P, T, 17, 2] lies on the other person instead of where MoveNet saw this one."""
    size, body = person_size(opinion)[..., None], slice(5, COCO)
    off = lambda person: np.linalg.norm(opinion - person, axis=-1)[..., body] / size  # noqa: E731
    own, other = np.median(off(tracks.keypoints), axis=-1), np.median(off(tracks.keypoints[::-1]), axis=-1)
    return (other < np.where(tracks.found, own, _JUMP)) & (other < _JUMP)


def _leaked(opinion: np.ndarray, tracks: Tracks) -> np.ndarray:
    """[P, T, 17] whether a keypoint [P, T, 17, 2] lies at the other person's instead of where MoveNet, sure, saw it.
    Two opinions that rest on one crop err together: they do not outvote the one that saw both people."""
    size = person_size(opinion)[..., None]
    own, other = (np.linalg.norm(opinion - k, axis=-1) / size for k in (tracks.keypoints, tracks.keypoints[::-1]))
    return (own > _JUMP) & (other < 0.5 * own) & (tracks.scores > _SURE) & tracks.found[..., None]


def _inside(keypoints: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.all((keypoints >= 0) & (keypoints <= np.array([width, height])), axis=-1)
