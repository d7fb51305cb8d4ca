"""Two people kept apart through a clip: who is who in every frame, without looking at their appearance.

First a survey of the whole picture a few times a second says which two people the clip is about and roughly where they
are; then every frame is searched in the square around both, where they fill the detector's input; at the end one
optimal assignment over the whole clip decides identities.
"""

import dataclasses
import tempfile
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from sm_jax.perception.association import MISSING, MISSING_COST, Sighting, assign, candidate_pairs, step_cost
from sm_jax.perception.detector import SIZE, Detector, People, Square, extract, whole
from sm_jax.perception.frames import Frame
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

    def visit(self, number: int, stamp: float | None, picture: Callable[[], np.ndarray]) -> None:
        """Take down one in so many frames."""
        moved = stamp is not None and self._stamp is not None and abs(stamp - self._stamp) >= 1 / SURVEY_FPS - _SLACK
        if not self._numbers or moved or number - self._numbers[-1] >= _MOST_BETWEEN:
            self._numbers.append(number)
            self._stamp = stamp
            self._file.write(glance(picture()).tobytes())

    def frames(self, video: Video) -> Iterator[Frame]:
        """Them, at their times in the video that was probed."""
        self._file.seek(0)
        for number in self._numbers:
            image = np.frombuffer(self._file.read(SIZE * SIZE * 3), np.uint8).reshape(SIZE, SIZE, 3)
            yield Frame(image, number, float(video.times[number]))


def glance(image: np.ndarray) -> np.ndarray:
    """A whole picture as small as the detector takes it, [SIZE, SIZE, 3]."""
    return extract(image, whole(image), SIZE)


def survey(glances: Iterable[Frame], detect: Detector, side: float) -> Tracks:
    """Search whole pictures, one after the other, for the clip's two main people.

    glances: of pictures whose longer side has `side` pixels.
    """
    found, times, index = [], [], []
    for frame in glances:
        found.append(_scaled(detect(frame.image, whole(frame.image)), side / SIZE))
        times.append(frame.time)
        index.append(frame.index)
    return _tracks(found, times, index)


def _scaled(people: People, scale: float) -> People:
    return dataclasses.replace(people, keypoints=people.keypoints * scale, boxes=people.boxes * scale)


def follow(
    frames: Iterable[Frame],
    detect: Detector,
    surveyed: Tracks,
    found_pair: Callable[[Frame, np.ndarray, np.ndarray], None] = lambda frame, keypoints, scores: None,
) -> Tracks:
    """Search every frame in the square around the two people, and assign identities over the whole clip.

    surveyed: the two people at a coarse rate, which start the search, and restart it after a loss.  found_pair: is told
    at once of a frame with both people, which mostly are the two in the end, with their keypoints [2, 17, 2] and scores
    [2, 17] in any order.
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
        pair = _nearest(people, last, frame.time)
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
