"""Two people kept apart through a clip: who is who in every frame, without looking at their appearance.

First a survey of the whole picture a few times a second says which two people the clip is about (`pair_choice`) and
roughly where they are; then every frame is searched in the square around both, where they fill the detector's input; at
the end one optimal assignment over the whole clip decides identities.
"""

import dataclasses
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from sm_jax.perception.association import MISSING, MISSING_COST, Sighting, assign, candidate_pairs, step_cost
from sm_jax.perception.crops import without
from sm_jax.perception.detector import SIZE, Detector, People, Square, extract, whole
from sm_jax.perception.frames import Frame
from sm_jax.perception.pair_choice import Choice, Crowd, PersonTrack, only_the_pair, some_of
from sm_jax.perception.video import Video

MARGIN = 1.15  # side of the square over that of the box around both people
SURVEY_FPS = 6.0
_SLACK = 1e-3  # seconds by which timestamps miss their rate
_MOST_BETWEEN = 10  # frames between two glances where timestamps do not go on
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


class Glances:
    """Whole pictures of a video a few times a second, as small as the detector takes them: what a survey needs, taken
    down while the video is probed (see `frames.probe`'s `visit`). They lie in a temporary file: 12 MB for ten seconds.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115, it is gone with its object
        self._numbers: list[int] = []
        self._stamp: float | None = None

    def __len__(self) -> int:
        return len(self._numbers)

    def visit(self, number: int, stamp: float | None, picture: Callable[[tuple[int, int] | None], np.ndarray]) -> None:
        """Take down one in so many frames."""
        moved = stamp is not None and self._stamp is not None and abs(stamp - self._stamp) >= 1 / SURVEY_FPS - _SLACK
        if not self._numbers or moved or number - self._numbers[-1] >= _MOST_BETWEEN:
            self._numbers.append(number)
            self._stamp = stamp
            self._file.write(glance(picture(None)).tobytes())

    def frames(self, video: Video) -> Iterator[Frame]:
        """Them, at their times in the video that was probed."""
        self._file.seek(0)
        for number in self._numbers:
            image = np.frombuffer(self._file.read(SIZE * SIZE * 3), np.uint8).reshape(SIZE, SIZE, 3)
            yield Frame(image, number, float(video.times[number]))


def glance(image: np.ndarray) -> np.ndarray:
    """A whole picture as small as the detector takes it, [SIZE, SIZE, 3]."""
    return extract(image, whole(image), SIZE)


def look_over(frames: Iterable[Frame], detect: Detector, side: float, *, closer: bool = False) -> Crowd:
    """Everyone in whole pictures, looked at one after the other.

    frames: pictures, of any size, of a video whose longer side has `side` pixels.  closer: whether to look again where
    people were found, filling the detector's input, and, should only one be there, at what is behind that one.
    """
    found, times, index = [], [], []
    for frame in frames:
        people = detect(frame.image, whole(frame.image))
        if closer and len(people.scores):
            people = _closer(frame.image, people, detect)
        found.append(_scaled(people, side / max(frame.image.shape[:2])))
        times.append(frame.time)
        index.append(frame.index)
    return Crowd(found, times, index)


def survey(crowd: Crowd, choice: Choice) -> Tracks:
    """The two people of a choice in all looks at a crowd."""
    chosen = only_the_pair(crowd, choice)
    return _tracks(chosen.found, chosen.times, chosen.index)


def _scaled(people: People, scale: float) -> People:
    return dataclasses.replace(people, keypoints=people.keypoints * scale, boxes=people.boxes * scale)


def _closer(image: np.ndarray, people: People, detect: Detector) -> People:
    """What a look at the square around people finds, if that is no less. Two who cover one another are one to the
    detector where they are small."""
    square = around(people.boxes)
    near = detect(image, square)
    people = near if len(near.scores) >= len(people.scores) else people
    return people if len(people.scores) > 1 else _joined(people, _behind(image, square, people.keypoints[0], detect))


def _behind(image: np.ndarray, square: Square, keypoints: np.ndarray, detect: Detector) -> People:
    """Who is in a square beside, or behind, a person, who is greyed out. keypoints: the person's, [17, 2]."""
    origin, scale = np.array([round(square.x), round(square.y)], np.float32), square.side / SIZE
    picture = without(extract(image, square, SIZE), (keypoints - origin) / scale)
    found = _scaled(detect(picture, Square(0.0, 0.0, float(SIZE))), scale)
    return dataclasses.replace(
        found,
        keypoints=found.keypoints + origin,
        boxes=(found.boxes.reshape(-1, 2, 2) + origin).reshape(-1, 4),
    )


def _joined(first: People, second: People) -> People:
    fields = (field.name for field in dataclasses.fields(People))
    return People(**{name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in fields})


def follow(
    frames: Iterable[Frame],
    detect: Detector,
    surveyed: Tracks,
    found_pair: Callable[[Frame, np.ndarray, np.ndarray], None] = lambda frame, keypoints, scores: None,
    others: Sequence[PersonTrack] = (),
) -> Tracks:
    """Search every frame in the square around the two people, and assign identities over the whole clip. Where only one
    is found, that one is greyed out, and the other looked for again.

    surveyed: the two people at a coarse rate, which start the search, and restart it after a loss.  found_pair: is told
    at once of a frame with both people, which mostly are the two in the end, with their keypoints [2, 17, 2] and scores
    [2, 17] in any order.  others: people of the survey who are neither.
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
        strangers = [Sighting(k, np.ones(17), frame.time) for k in _there(others, frame.time)]
        own, square = (*last, *expected), around(boxes)
        people = _without_strangers(detect(frame.image, square), own, strangers)
        pair = _nearest(people, last, frame.time)
        if (pair[0] == MISSING) != (pair[1] == MISSING):
            behind = _behind(frame.image, square, people.keypoints[max(pair)], detect)
            more = _joined(people, _without_strangers(behind, own, strangers))
            if MISSING not in (again := _nearest(more, last, frame.time)):
                people, pair = more, again
        if MISSING not in pair:
            found_pair(frame, people.keypoints[[*pair]], people.keypoint_scores[[*pair]])
        for person, slot in enumerate(pair):
            if slot != MISSING:
                last[person] = Sighting(people.keypoints[slot], np.ones(17), frame.time)
                boxes[person] = _union(people.boxes[slot], _box(people.keypoints[slot]))
        found.append(people)
        times.append(frame.time)
        index.append(frame.index)
    return _tracks(found, times, index)


def _there(people: Sequence[PersonTrack], time: float) -> list[np.ndarray]:
    """Keypoints [17, 2] of the people who are there at a time."""
    now = np.array([time])
    return [
        interpolate(now, person.times, person.keypoints)[0]
        for person in people
        if person.times[0] - _FRESH <= time <= person.times[-1] + _FRESH
    ]


def _without_strangers(people: People, own: Sequence[Sighting], strangers: Sequence[Sighting]) -> People:
    """The people without those who are more like one of the strangers than like one's own."""
    if not strangers:
        return people
    now = [Sighting(k, s, strangers[0].time) for k, s in zip(people.keypoints, people.keypoint_scores, strict=True)]
    nearest = lambda some, one: min(step_cost(pose, one) for pose in some)  # noqa: E731
    return some_of(people, [i for i, one in enumerate(now) if nearest(own, one) <= nearest(strangers, one)])


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
