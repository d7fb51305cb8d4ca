"""Which detection is which of the two main people, decided once for a whole clip and without looking at appearance."""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from sm_jax.perception.detector import People

MISSING = -1
# Costs in a frame. Being small or uncertain costs up to 1, so that a bystander is hardly better than nobody.
MISSING_COST = 0.8  # one person is not found
_STRANGER_COST = 4.0  # one person turns into somebody who was already seen elsewhere, or is still seen elsewhere
_SIZE_COST = 2.0  # one person grows by a factor e
_JITTER, _SPEED = 0.25, 1.5  # in one's own heights, and heights a second: a movement that costs 1
_SAME_PERSON = 0.06  # two detections whose keypoints differ by less than this part of their height are one person
_NEAR, _SAME_DEPTH = 0.75, 1.5  # of their mean size between two people who are near, and ratio of their sizes
_BEAM = 64  # paths that are followed at once
_SAME_TRACK = 0.5  # two detections of successive frames with less than this cost between them are one person


@dataclasses.dataclass(frozen=True, eq=False)
class Sighting:
    """One detection. keypoints: [17, 2] pixels.  scores: [17].  time: seconds.

    track: number of the unbroken run of detections that it continues.  born: when that run began.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    time: float
    track: int = 0
    born: float = 0.0


class _Path(NamedTuple):
    """One way to tell the two people up to a frame: its cost, where each was last seen, and its last step."""

    cost: float
    last: tuple[Sighting | None, Sighting | None]
    pair: tuple[int, int]
    parent: "_Path | None"


def assign(found: list["People"], times: list[float]) -> np.ndarray:
    """For both people, the index of their detection among each frame's people, or MISSING: [P, T].

    A beam search for the cheapest path over ordered pairs of detections. A pair is cheap when both are big and certain;
    a step is cheap when nobody moves or grows much, or takes another's place. Paths that last saw the two people in
    the same tracks, unbroken runs of detections, are merged.
    """
    importance = [people.scores * heights(people) for people in found]
    top = np.concatenate([np.sort(value)[-2:] for value in importance])
    reference = max(float(np.median(top)), 1e-6) if len(top) else 1.0
    numbers, sightings = itertools.count(), []
    paths = [_Path(0.0, (None, None), (MISSING, MISSING), None)]
    for people, value, time in zip(found, importance, times, strict=True):
        sightings = _sightings(people, time, sightings, numbers)
        smallness = 1.0 - np.minimum(value / reference, 1.0)
        paths = _extended(paths, sightings, smallness.tolist(), candidate_pairs(people))
    best: _Path | None = paths[0]
    slots = []
    while best is not None:
        slots.append(best.pair)
        best = best.parent
    return np.array(slots[-2::-1], int).reshape(-1, 2).T


def candidate_pairs(people: "People") -> list[tuple[int, int]]:
    """Ordered pairs of different people, either of whom may be missing."""
    slots = [MISSING, *range(len(people.scores))]
    size = heights(people)

    def distinct(a: int, b: int) -> bool:
        gap = np.linalg.norm(people.keypoints[a] - people.keypoints[b], axis=-1).mean()
        return gap > _SAME_PERSON * max(size[a], size[b])

    return [(a, b) for a, b in itertools.product(slots, slots) if MISSING in (a, b) or (a != b and distinct(a, b))]


def step_cost(a: Sighting, b: Sighting) -> float:
    """Cost of one person going from sighting a to b: movement in heights for the time it took, change of size."""
    weight = np.sqrt(a.scores * b.scores) + 1e-6
    sizes = np.array([spread(a.keypoints), spread(b.keypoints)])
    movement = float((weight * np.linalg.norm(a.keypoints - b.keypoints, axis=-1)).sum() / weight.sum() / sizes.mean())
    growth = abs(float(np.log(sizes[0] / sizes[1])))
    return movement / (_JITTER + _SPEED * (b.time - a.time)) + _SIZE_COST * growth


def spread(keypoints: np.ndarray) -> float:
    """Size of a person in pixels, the diagonal of the keypoints' box, which a bent knee or a turn changes little."""
    return float(np.linalg.norm(np.ptp(keypoints, axis=0))) + 1e-6


def near(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """[n] whether two people are near each other in the picture, and as far from the camera. a, b: [n, 3] place and
    size, in pixels or in metres."""
    size = np.maximum((a[:, 2] + b[:, 2]) / 2, 1e-6)
    ratio = np.maximum(a[:, 2], b[:, 2]) / np.maximum(np.minimum(a[:, 2], b[:, 2]), 1e-6)
    return (np.linalg.norm(a[:, :2] - b[:, :2], axis=1) < _NEAR * size) & (ratio < _SAME_DEPTH)


def heights(people: "People") -> np.ndarray:
    """`spread` of each of n people."""
    return np.array([spread(keypoints) for keypoints in people.keypoints])


def _sightings(people: "People", time: float, previous: list[Sighting], numbers: Iterator[int]) -> list[Sighting]:
    """This frame's detections; each continues the track of the frame before that is surely the same person's."""
    now = [
        Sighting(keypoints, scores, time, next(numbers), time)
        for keypoints, scores in zip(people.keypoints, people.keypoint_scores, strict=True)
    ]
    costs = np.array([[step_cost(old, new) for old in previous] for new in now]).reshape(len(now), len(previous))
    while costs.size and costs.min() < _SAME_TRACK:
        i, k = np.unravel_index(costs.argmin(), costs.shape)
        now[i] = dataclasses.replace(now[i], track=previous[k].track, born=previous[k].born)
        costs[i], costs[:, k] = np.inf, np.inf
    return now


def _extended(
    paths: list[_Path], sightings: list[Sighting], smallness: list[float], pairs: list[tuple[int, int]]
) -> list[_Path]:
    """The cheapest continuations of the paths by one frame, the cheapest first."""
    known: dict[tuple[int, int], float] = {}  # many paths share a sighting
    present = {sighting.track for sighting in sightings}

    def cost(last: Sighting | None, slot: int) -> float:
        if slot == MISSING:
            return MISSING_COST
        if last is None:
            return smallness[slot]
        key = id(last), slot
        if key not in known:
            now = sightings[slot]
            stranger = now.track != last.track and (now.born <= last.time or last.track in present)
            known[key] = smallness[slot] + step_cost(last, now) + _STRANGER_COST * stranger
        return known[key]

    best: dict[tuple[int, ...], _Path] = {}
    for path, pair in itertools.product(paths, pairs):
        (a, b), (last_a, last_b) = pair, path.last
        total = path.cost + cost(last_a, a) + cost(last_b, b)
        last = (last_a if a == MISSING else sightings[a], last_b if b == MISSING else sightings[b])
        key = (*(MISSING if x is None else x.track for x in last), a == MISSING, b == MISSING)
        if key not in best or total < best[key].cost:
            best[key] = _Path(total, last, pair, path)
    return sorted(best.values(), key=lambda path: path.cost)[:_BEAM]
