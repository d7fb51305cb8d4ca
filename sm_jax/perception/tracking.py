"""Two people kept apart through a clip: who is who in every frame, without looking at their appearance.

First a survey of the whole picture a few times a second says which two people the clip is about and roughly where they
are; then every frame is searched in the square around both, where they fill the detector's input; at the end one
optimal assignment over the whole clip decides identities.
"""

import dataclasses
from collections.abc import Iterable

import numpy as np

from sm_jax.perception.association import MISSING, MISSING_COST, Sighting, assign, candidate_pairs, step_cost
from sm_jax.perception.detector import Detector, People, Square, whole
from sm_jax.perception.frames import Frame

MARGIN = 1.15  # side of the square over that of the box around both people
_FRESH = 0.3  # seconds for which a person's last box may stand in for the next


@dataclasses.dataclass(frozen=True)
class Tracks:
    """keypoints: [P, T, 17, 2] pixels.  scores: [P, T, 17] in [0, 1], zero where the person was not found.
    found: [P, T] bool.  A person that was not found has the interpolated keypoints of the frames around.
    times: [T] seconds.  index: [T] position in the source.  Person 0 is the left one where both are first found.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    found: np.ndarray
    times: np.ndarray
    index: np.ndarray


def survey(frames: Iterable[Frame], detect: Detector) -> Tracks:
    """Search whole pictures, one after the other, for the clip's two main people."""
    found, times, index = [], [], []
    for frame in frames:
        found.append(detect(frame.image, whole(frame.image)))
        times.append(frame.time)
        index.append(frame.index)
    return _tracks(found, times, index)


def follow(frames: Iterable[Frame], detect: Detector, surveyed: Tracks) -> Tracks:
    """Search every frame in the square around the two people, and assign identities over the whole clip.

    surveyed: the two people at a coarse rate, which start the search, and restart it after a loss.
    """
    found, times, index = [], [], []
    last: list[Sighting] = []
    boxes = np.zeros((2, 4))
    for frame in frames:
        expected = [Sighting(keypoints, np.ones(17), frame.time) for keypoints in _at(surveyed, frame.time)]
        last = last or [dataclasses.replace(pose, time=-np.inf) for pose in expected]
        for person, pose in enumerate(expected):
            if frame.time - last[person].time > _FRESH:
                last[person], boxes[person] = pose, _box(pose.keypoints)
        people = detect(frame.image, around(boxes))
        for person, slot in enumerate(_nearest(people, last, frame.time)):
            if slot != MISSING:
                last[person] = Sighting(people.keypoints[slot], np.ones(17), frame.time)
                boxes[person] = _union(people.boxes[slot], _box(people.keypoints[slot]))
        found.append(people)
        times.append(frame.time)
        index.append(frame.index)
    return _tracks(found, times, index)


def around(boxes: np.ndarray) -> Square:
    """The square around boxes [n, 4], with a margin."""
    left, top, right, bottom = _union(*boxes)
    side = MARGIN * max(right - left, bottom - top, 1.0)
    return Square((left + right - side) / 2, (top + bottom - side) / 2, side)


def _nearest(people: People, last: list[Sighting], time: float) -> tuple[int, int]:
    """The pair of detections that is nearest to where both people were last."""
    now = [Sighting(k, np.ones(17), time) for k in people.keypoints]

    def cost(pair: tuple[int, int]) -> float:
        return sum(
            MISSING_COST if i == MISSING else step_cost(pose, now[i]) for i, pose in zip(pair, last, strict=True)
        )

    return min(candidate_pairs(people), key=cost)


def _tracks(found: list[People], times: list[float], index: list[int]) -> Tracks:
    slots = assign(found, times)
    present = slots != MISSING
    keypoints = np.zeros((2, len(found), 17, 2), np.float32)
    scores = np.zeros((2, len(found), 17), np.float32)
    for person, frame in zip(*np.nonzero(present), strict=True):
        slot = slots[person, frame]
        keypoints[person, frame] = found[frame].keypoints[slot]
        scores[person, frame] = found[frame].keypoint_scores[slot]
    seconds = np.array(times)
    together = np.flatnonzero(present.all(axis=0))
    if len(together) and np.diff(keypoints[:, together[0], :, 0].mean(axis=-1))[0] < 0:
        keypoints, scores, present = keypoints[::-1].copy(), scores[::-1], present[::-1]
    for person in range(2):
        if present[person].any():
            keypoints[person] = interpolate(seconds, seconds[present[person]], keypoints[person, present[person]])
    return Tracks(keypoints, scores, present, seconds, np.array(index))


def interpolate(times: np.ndarray, known_times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Linear interpolation of values [n, ...] known at n ascending times; constant beyond the ends."""
    right = np.clip(np.searchsorted(known_times, times), 1, max(len(known_times) - 1, 1)) % len(known_times)
    left = np.maximum(right - 1, 0)
    span = known_times[right] - known_times[left]
    u = np.clip(np.where(span > 0, (times - known_times[left]) / np.where(span > 0, span, 1), 0), 0, 1)
    u = u.reshape(-1, *(1,) * (values.ndim - 1))
    return (values[left] * (1 - u) + values[right] * u).astype(values.dtype)


def _at(tracks: Tracks, time: float) -> np.ndarray:
    """Both people's keypoints [2, 17, 2] at one time."""
    now = np.array([time])
    return np.stack([interpolate(now, tracks.times, k)[0] for k in tracks.keypoints])


def _box(keypoints: np.ndarray) -> np.ndarray:
    return np.concatenate([keypoints.min(axis=-2), keypoints.max(axis=-2)], axis=-1)


def _union(*boxes: np.ndarray) -> np.ndarray:
    stacked = np.stack(boxes)
    return np.concatenate([stacked[:, :2].min(axis=0), stacked[:, 2:].max(axis=0)])
