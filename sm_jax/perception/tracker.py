"""Two people kept apart through a clip: who is who in every frame, without looking at their appearance.

First a survey of the whole picture a few times a second says which two people the clip is about and roughly where they
are; then every frame is searched in the square around both, where they fill the detector's input; at the end one
optimal assignment over the whole clip decides identities.
"""

import dataclasses
import itertools
from collections.abc import Iterable

import numpy as np

from sm_jax.perception.detector import Detector, People, Square, whole
from sm_jax.perception.frames import Frame

MISSING = -1
MARGIN = 1.15  # side of the square over that of the box around both people
_MISSING_COST = 1.0  # of one person not being found in a frame
_MOTION_COST = 4.0  # of moving by one's own height
_SIZE_COST = 2.0  # of growing by a factor e
_JUMP_LIMIT = 3.0  # no single step costs more: a hidden person may turn up elsewhere
_SAME_PERSON = 0.06  # two detections whose keypoints differ by less than this part of their height are one person
_Memory = tuple[tuple[np.ndarray, np.ndarray] | None, ...]  # keypoints and scores of each person when last seen
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
    last = np.full(2, -np.inf)  # when each person was last seen
    boxes = np.zeros((2, 4))
    poses = np.zeros((2, 17, 2))
    for frame in frames:
        expected = _at(surveyed, frame.time)
        stale = frame.time - last > _FRESH
        boxes[stale], poses[stale] = _boxes(expected[stale]), expected[stale]
        people = detect(frame.image, around(boxes))
        slots = _nearest(people, poses)
        for person, slot in enumerate(slots):
            if slot != MISSING:
                last[person], poses[person] = frame.time, people.keypoints[slot]
                boxes[person] = _union(people.boxes[slot], _boxes(people.keypoints[slot]))
        found.append(people)
        times.append(frame.time)
        index.append(frame.index)
    return _tracks(found, times, index)


def around(boxes: np.ndarray) -> Square:
    """The square around boxes [n, 4], with a margin."""
    left, top, right, bottom = _union(*boxes)
    side = MARGIN * max(right - left, bottom - top, 1.0)
    return Square((left + right - side) / 2, (top + bottom - side) / 2, side)


def assign(found: list[People]) -> np.ndarray:
    """Which detection is which of the two main people: [P, T] indices into each frame's people, or MISSING.

    The cheapest path over ordered pairs of detections (Viterbi). A pair is cheap when both are big and certain; a step
    is cheap when nobody moves or grows much. Along every path the last pose of a missing person is remembered.
    """
    importance = [people.scores * _height(people) for people in found]
    top = np.concatenate([np.sort(value)[-2:] for value in importance]) if found else np.zeros(0)
    reference = max(float(np.median(top)), 1e-6) if len(top) else 1.0
    costs, links, states = np.zeros(1), [], []
    memories: list[_Memory] = [(None, None)]
    for people, value in zip(found, importance, strict=True):
        pairs = _pairs(people)
        step = np.array([[_step_cost(memory, people, pair) for memory in memories] for pair in pairs]) + costs
        link = step.argmin(axis=1)
        unary = np.array([_unary_cost(np.minimum(value / reference, 1.0), pair) for pair in pairs])
        costs = step[np.arange(len(pairs)), link] + unary
        memories = [_remember(memories[k], people, pair) for k, pair in zip(link, pairs, strict=True)]
        links.append(link)
        states.append(pairs)
    path, best = [], int(np.argmin(costs))
    for pairs, link in zip(reversed(states), reversed(links), strict=True):
        path.append(pairs[best])
        best = link[best]
    return np.array(path[::-1], int).reshape(-1, 2).T


def _pairs(people: People) -> list[tuple[int, int]]:
    """Ordered pairs of different people, either of whom may be missing."""
    slots = [MISSING, *range(len(people.scores))]
    size = _height(people)

    def distinct(a: int, b: int) -> bool:
        gap = np.linalg.norm(people.keypoints[a] - people.keypoints[b], axis=-1).mean()
        return gap > _SAME_PERSON * max(size[a], size[b])

    return [(a, b) for a, b in itertools.product(slots, slots) if MISSING in (a, b) or (a != b and distinct(a, b))]


def _unary_cost(importance: np.ndarray, pair: tuple[int, int]) -> float:
    return sum(_MISSING_COST if slot == MISSING else 0.7 * (1.0 - float(importance[slot])) for slot in pair)


def _step_cost(memory: _Memory, people: People, pair: tuple[int, int]) -> float:
    cost = 0.0
    for before, slot in zip(memory, pair, strict=True):
        if before is not None and slot != MISSING:
            cost += pose_distance(*before, people.keypoints[slot], people.keypoint_scores[slot])
    return cost


def _remember(memory: _Memory, people: People, pair: tuple[int, int]) -> _Memory:
    return tuple(
        before if slot == MISSING else (people.keypoints[slot], people.keypoint_scores[slot])
        for before, slot in zip(memory, pair, strict=True)
    )


def pose_distance(a: np.ndarray, a_scores: np.ndarray, b: np.ndarray, b_scores: np.ndarray) -> float:
    """Cost of one person going from keypoints a [17, 2] to b: movement in heights and change of size, capped."""
    weight = np.sqrt(a_scores * b_scores) + 1e-6
    sizes = np.array([_spread(a), _spread(b)])
    movement = float((weight * np.linalg.norm(a - b, axis=-1)).sum() / weight.sum() / sizes.mean())
    growth = abs(float(np.log(sizes[0] / sizes[1])))
    return min(_MOTION_COST * movement + _SIZE_COST * growth, _JUMP_LIMIT)


def _nearest(people: People, poses: np.ndarray) -> tuple[int, int]:
    """The pair of detections that is nearest to the two poses of the previous frame."""
    certain = np.ones(17)

    def cost(pair: tuple[int, int]) -> float:
        return sum(
            _MISSING_COST if slot == MISSING else pose_distance(pose, certain, people.keypoints[slot], certain)
            for slot, pose in zip(pair, poses, strict=True)
        )

    return min(_pairs(people), key=cost)


def _tracks(found: list[People], times: list[float], index: list[int]) -> Tracks:
    slots = assign(found)
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


def _boxes(keypoints: np.ndarray) -> np.ndarray:
    return np.concatenate([keypoints.min(axis=-2), keypoints.max(axis=-2)], axis=-1)


def _union(*boxes: np.ndarray) -> np.ndarray:
    stacked = np.stack(boxes)
    return np.concatenate([stacked[:, :2].min(axis=0), stacked[:, 2:].max(axis=0)])


def _spread(keypoints: np.ndarray) -> float:
    """Size of a person in pixels, the diagonal of the keypoints' box, which a bent knee or a turn changes little."""
    return float(np.linalg.norm(np.ptp(keypoints, axis=0))) + 1e-6


def _height(people: People) -> np.ndarray:
    return np.array([_spread(keypoints) for keypoints in people.keypoints])
