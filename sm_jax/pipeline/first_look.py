"""What one pass over a video settles before anybody is followed: its shots, who is in them, and whether the camera
stands."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from sm_jax.assets.fetch import asset
from sm_jax.errors import UserError
from sm_jax.perception.video import Video, VideoShot, nearest_frames

try:
    from sm_jax.perception.camera_motion import camera_motion
    from sm_jax.perception.detector import Detector, load_detector
    from sm_jax.perception.frames import Frame, probe, read_ahead, read_frames
    from sm_jax.perception.pair_choice import Choice, Crowd, PersonTrack, choose_people
    from sm_jax.perception.shots import Cuts
    from sm_jax.perception.tracking import SURVEY_FPS, Glances, Tracks, look_over, survey
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[video]'") from error

_T = TypeVar("_T")

DETECTOR = "movenet-multipose"  # the asset
MIN_TOGETHER = 0.2  # share of the frames in which both people must have been found


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class FirstLook:
    """crowd: everybody in the glances at the whole video, at the video's times.  detect: who finds people in it."""

    detect: Detector
    video: Video
    shots: list[VideoShot]
    glances: Glances
    crowd: Crowd

    def frames(self, shot: VideoShot) -> Iterator[Frame]:
        """The glances at a shot, at the video's times."""
        return (frame for frame in self.glances.frames(self.video) if shot.first <= frame.index < shot.end)

    def crowd_in(self, shot: VideoShot) -> Crowd:
        """Everybody in a shot, at the time since its first frame."""
        start = self.video.times[shot.first]
        rows = [row for row, index in enumerate(self.crowd.index) if shot.first <= index < shot.end]
        return Crowd(
            found=[self.crowd.found[row] for row in rows],
            times=[float(self.crowd.times[row] - start) for row in rows],
            index=[self.crowd.index[row] for row in rows],
        )

    def camera_motion(self, shot: VideoShot) -> float | None:
        """As `perception.camera_motion` has it."""
        boxes = [people.boxes for people in self.crowd_in(shot).found]
        return camera_motion((frame.image for frame in self.frames(shot)), boxes, (self.video.width, self.video.height))


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """The two people of a shot: roughly where they are, who else is there, and what the user should know of that."""

    tracks: Tracks
    others: list[PersonTrack]
    notes: list[str]


def first_look(path: Path, *, progress: bool, cut: bool = True, detect: Detector | None = None) -> FirstLook:
    """Decode a video once, and look for people in a few pictures a second. cut: whether cuts make shots of it.
    detect: who finds people, by default MoveNet."""
    glances, cuts, detect = Glances(), Cuts(), detect or load_detector(asset(DETECTOR) / f"{DETECTOR}.json")

    def visit(number: int, stamp: float | None, picture: Callable[[tuple[int, int] | None], np.ndarray]) -> None:
        glances.visit(number, stamp, picture)
        if cut:
            cuts.visit(number, stamp, picture)

    video = probe(path, progress=progress, visit=visit)
    shots = cuts.shots(video.frames) if cut else [VideoShot(0, video.frames)]
    crowd = look_over(
        shown(glances.frames(video), "finding people", len(glances), progress), detect, max(video.width, video.height)
    )
    return FirstLook(detect=detect, video=video, shots=shots, glances=glances, crowd=crowd)


def longest_usable(look: FirstLook) -> tuple[int, list[str]]:
    """The number, from 0, of the longest shot in which two people are together often enough; of the longest of all
    where there is none. And what the user should know of the others."""
    if len(look.shots) == 1:
        return 0, []
    usable = [_together(look.crowd_in(shot)) > MIN_TOGETHER for shot in look.shots]
    lengths = [usable[n] * 1e9 + _seconds(look.video, shot) for n, shot in enumerate(look.shots)]
    number = int(np.argmax(lengths))
    shot = look.shots[number]
    start, end = look.video.times[shot.first], look.video.times[shot.end - 1]
    kind = "the longest with two people" if any(usable) else "the longest, for none shows two people for long"
    note = (
        f"{len(look.shots)} shots: taking {kind}, number {number + 1}, from {start:.2f} to {end:.2f} s"
        f" ({sum(usable)} have two people; --shots gives each a folder of its own)"
    )
    return number, [note]


def find_pair(look: FirstLook, shot: VideoShot, people: str | None, progress: bool) -> Found:
    """The two people of a shot, see `choose_people`. Raises UserError where two are never seen together."""
    crowd = look.crowd_in(shot)
    if not crowd.found or survey(crowd, choose_people(crowd)).found.all(axis=0).mean() <= MIN_TOGETHER:
        crowd = _look_again(look, shot, progress)
    choice = choose_people(crowd, people)
    tracks = survey(crowd, choice)
    check_two_people(look.video, tracks, 0.0)
    return Found(tracks=tracks, others=choice.others, notes=_crowded(choice, look.video.width, people))


def check_two_people(video: Video, tracks: Tracks, least: float) -> None:
    """Raise UserError unless both people were found together in more than a share `least` of the frames."""
    together = float(tracks.found.all(axis=0).mean())
    if together > least:
        return
    of_frames, count = tracks.found.sum(axis=0), len(tracks.times)
    nobody, one, both = (int((of_frames == n).sum()) for n in range(3))
    told = (
        f"only one person was found in {one} of {count} frames"
        if one
        else f"nobody was found in {nobody} of {count} frames"
    )
    others = [f"{who} in {n}" for who, n in (("nobody", nobody if one else 0), ("both", both)) if n]
    more = f" ({', '.join(others)})" if others else ""
    raise UserError(f"{video.path}: {told}{more}; give a clip in which two people are seen together")


def shown(items: Iterable[_T], what: str, total: int, progress: bool) -> Iterator[_T]:
    """The items, with a bar where standard error is a terminal."""
    return iter(tqdm(items, what, total, disable=None if progress else True, unit="frame"))


def _look_again(look: FirstLook, shot: VideoShot, progress: bool) -> Crowd:
    """Everybody in a shot, from full pictures, closely: two who cover one another all the time are one in a glance."""
    video = look.video
    times = video.times[shot.first : shot.end] - video.times[shot.first]
    frames = read_ahead(read_frames(video, SURVEY_FPS, shot))
    seen = shown(frames, "finding people again", len(nearest_frames(times, SURVEY_FPS)), progress)
    return look_over(seen, look.detect, max(video.width, video.height), closer=True)


def _together(crowd: Crowd) -> float:
    """Share of the looks that find two people or more."""
    return float(np.mean([len(people.scores) > 1 for people in crowd.found])) if crowd.found else 0.0


def _seconds(video: Video, shot: VideoShot) -> float:
    return float(video.times[shot.end - 1] - video.times[shot.first])


def _crowded(choice: Choice, width: int, people: str | None) -> list[str]:
    """A word on bystanders, if there are any."""
    if len(choice.people) < 3 or choice.pair is None:
        return []
    places = [np.median(person.places[:, 0]) / width for person in choice.people]
    told = ", ".join(f"{n} at {place:.0%}" for n, place in enumerate(places, 1))
    numbers = [choice.people.index(pieces[0]) + 1 for pieces in choice.pair if pieces[0] in choice.people]
    taken = f"taking {' and '.join(str(n) for n in sorted(numbers))}"
    why = "" if people is not None else f", who are near each other for {choice.near:.1f} s (--people 1,2 names others)"
    return [f"{len(choice.people)} people, from the left of the picture {told}: {taken}{why}"]
