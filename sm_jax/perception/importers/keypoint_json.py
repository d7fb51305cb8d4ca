"""Keypoints as JSON: OpenPose's files of a frame each, AlphaPose's list of results, MMPose's lists by frame.

OpenPose: `<video>_<frame>_keypoints.json` {people: [{pose_keypoints_2d: [x, y, c, …], person_id}]}, BODY_25 or COCO 18.
AlphaPose: [{image_id: "12.jpg", keypoints: [x, y, c, …], score, idx}], COCO 17, Halpe 26 or Halpe 136, where `idx` says
who it is if tracking was on. MMPose: [{frame_id, instances: [{keypoints: [[x, y], …], keypoint_scores, track_id}]}],
also under `instance_info`, COCO 17, Halpe 26 or COCO-WholeBody 133. rtmlib has no file of its own: what it returns is
put into either of the last two. Joint orders: the tools' documentation of their keypoints.

Where nothing says who is who, the two main people are followed as the front-end follows its own detections.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from sm_jax.assets.arrays import Unreadable
from sm_jax.body.skeleton import KEYPOINTS
from sm_jax.perception.association import MISSING, assign
from sm_jax.perception.detector import People
from sm_jax.perception.importers.estimate import MOST_FRAMES, Estimate, Track

_COCO = {name: number for number, name in enumerate(KEYPOINTS[:17])}
_HALPE = _COCO | {"left_toe": 20, "right_toe": 21, "left_heel": 24, "right_heel": 25}
_OPENPOSE_ARMS = {
    "nose": 0, "right_shoulder": 2, "right_elbow": 3, "right_wrist": 4, "left_shoulder": 5, "left_elbow": 6,
    "left_wrist": 7,
}  # fmt: skip
# By the number of keypoints, where each of ours is. Of a hand it is the middle finger's knuckle.
_ORDERS: dict[int, dict[str, int]] = {
    17: _COCO,
    18: _OPENPOSE_ARMS | {
        "right_hip": 8, "right_knee": 9, "right_ankle": 10, "left_hip": 11, "left_knee": 12, "left_ankle": 13,
        "right_eye": 14, "left_eye": 15, "right_ear": 16, "left_ear": 17,
    },
    25: _OPENPOSE_ARMS | {
        "right_hip": 9, "right_knee": 10, "right_ankle": 11, "left_hip": 12, "left_knee": 13, "left_ankle": 14,
        "right_eye": 15, "left_eye": 16, "right_ear": 17, "left_ear": 18, "left_toe": 19, "left_heel": 21,
        "right_toe": 22, "right_heel": 24,
    },
    26: _HALPE,
    133: _COCO | {
        "left_toe": 17, "left_heel": 19, "right_toe": 20, "right_heel": 22, "left_hand": 100, "right_hand": 121,
    },
    136: _HALPE | {"left_hand": 103, "right_hand": 124},
}  # fmt: skip
_FASTEST = 30.0  # frames a second at which people are followed where the rate is not known
_Person = tuple[int, str | None, np.ndarray, np.ndarray]  # frame, who, keypoints [K, 2], confidence [K]


def matches(content: Any) -> bool:
    """Whether a file's content is keypoints of one of the tools, of a frame or of a video."""
    return _is_openpose(content) or bool(_mmpose_frames(content)) or _is_alphapose(content)


def read_files(contents: list[tuple[str, Any]]) -> Estimate:
    """All people of some files by name. Raises Unreadable for another layout."""
    people = [person for name, content in contents for person in _people(name, content)]
    if not people:
        raise Unreadable("nobody is in it")
    if not all(0 <= frame <= MOST_FRAMES for frame, *_ in people):
        raise Unreadable("frame numbers that cannot be")
    known = all(who is not None for _, who, _, _ in people)
    tracks = _by_name(people) if known else _followed(people)
    return Estimate(tool="keypoints", tracks=tuple(tracks))


def _is_openpose(content: Any) -> bool:
    return isinstance(content, Mapping) and isinstance(content.get("people"), list)


def _is_alphapose(content: Any) -> bool:
    return isinstance(content, list) and bool(content) and isinstance(content[0], Mapping) and "image_id" in content[0]


def _mmpose_frames(content: Any) -> list[Any]:
    found: Any = content.get("instance_info") if isinstance(content, Mapping) else content
    if not (isinstance(found, list) and found and isinstance(found[0], Mapping) and "instances" in found[0]):
        return []
    return found


def _people(name: str, content: Any) -> Iterable[_Person]:
    if _is_openpose(content):
        for person in content["people"]:
            number = int(np.ravel(person.get("person_id", -1))[0])
            who = str(number) if number >= 0 else None
            yield _frame(name, "_keypoints"), who, *_triples(person, "pose_keypoints_2d", name)
    elif frames := _mmpose_frames(content):
        for frame in frames:
            for person in frame["instances"]:
                who = str(person["track_id"]) if "track_id" in person else None
                points = np.asarray(person["keypoints"], np.float64)
                scores = np.asarray(person["keypoint_scores"], np.float64)
                yield int(frame["frame_id"]), who, *_ordered(points, scores, name)
    else:
        for person in content:
            number = np.ravel(person["idx"]) if "idx" in person else []
            who = str(number[0]) if len(number) else None
            yield _frame(str(person["image_id"])), who, *_triples(person, "keypoints", name)


def _frame(name: str, suffix: str = "") -> int:
    digits = re.findall(r"\d+", name.rsplit("/", 1)[-1].split(suffix)[0] if suffix else name.rsplit("/", 1)[-1])
    if not digits:
        raise Unreadable(f"{name}: no number in the frame's name")
    return int(digits[-1])


def _triples(person: Mapping[str, Any], key: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    flat = np.asarray(person.get(key, ()), np.float64)
    if flat.ndim != 1 or len(flat) % 3:
        raise Unreadable(f"{name}: `{key}` is no list of x, y and confidence")
    points = flat.reshape(-1, 3)
    return _ordered(points[:, :2], points[:, 2], name)


def _ordered(points: np.ndarray, scores: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints [K, 2] and confidence [K] in our order, zero where the tool's has no such point."""
    order = _ORDERS.get(len(points))
    if order is None or points.shape != (len(scores), 2):
        known = ", ".join(map(str, _ORDERS))
        raise Unreadable(f"{name}: {points.shape} keypoints with {scores.shape} scores, expected one of {known}")
    if not (np.isfinite(points).all() and np.isfinite(scores).all()):
        raise Unreadable(f"{name}: keypoints that are not finite")
    placed, sure = np.zeros((len(KEYPOINTS), 2)), np.zeros(len(KEYPOINTS))
    for ours, theirs in order.items():
        placed[KEYPOINTS.index(ours)], sure[KEYPOINTS.index(ours)] = points[theirs], np.clip(scores[theirs], 0, 1)
    # A point that was not found is at the picture's corner; it must not pull at what is measured of the others.
    missing = sure <= 0
    placed[missing] = placed[~missing].mean(axis=0) if (~missing).any() else 0
    return placed, sure


def _by_name(people: Sequence[_Person]) -> list[Track]:
    rows: dict[str, dict[int, _Person]] = {}
    for person in people:
        own = rows.setdefault(str(person[1]), {})
        if person[0] in own:
            raise Unreadable(f"person {person[1]} is twice in frame {person[0]}")
        own[person[0]] = person
    return [_track(name, [own[frame] for frame in sorted(own)]) for name, own in rows.items()]


def _followed(people: Sequence[_Person]) -> list[Track]:
    frames = sorted({frame for frame, *_ in people})
    seen = [[person for person in people if person[0] == frame] for frame in frames]
    slots = assign([_as_detections(shown) for shown in seen], [frame / _FASTEST for frame in frames])
    tracks = []
    for number, own in enumerate(slots):
        shown = [seen[i][slot] for i, slot in enumerate(own) if slot != MISSING]
        if shown:
            tracks.append(_track(str(number), shown))
    return tracks


def _as_detections(people: Sequence[_Person]) -> People:
    points, scores = np.array([person[2][:17] for person in people]), np.array([person[3][:17] for person in people])
    boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    return People(keypoints=points, keypoint_scores=scores, scores=scores.mean(axis=1), boxes=boxes)


def _track(name: str, people: Sequence[_Person]) -> Track:
    confidence = np.array([person[3] for person in people])
    return Track(
        name=name,
        frames=np.array([person[0] for person in people], np.int64),
        confidence=confidence[:, :17].mean(axis=1),
        keypoints=np.array([person[2] for person in people]),
        keypoint_confidence=confidence,
    )
