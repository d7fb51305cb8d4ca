"""What was seen of two people, on which body and where: what `observe` gives, and what a saved observation holds."""

import dataclasses
import logging
import os
import pathlib
from collections.abc import Callable, Iterator

import numpy as np

from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.perception.observation_file import (
    LandmarkMetres,
    load_evidence,
    load_observation,
    load_remarks,
    load_source,
    save_observation,
)
from sm_jax.perception.video import Video
from sm_jax.pipeline.models import as_body
from sm_jax.text.clip_frames import ClipFrames
from sm_jax.types import Observation

_LOGGER = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObservedClip:
    """An observation and where it comes from.

    body: that of the observation's betas.  source: what the user called the input.  video: where it was seen, the
    observation's first frame being its frame `observation.frame_index[0]`; None where that is not known.
    focal_is_heuristic: whether the focal length is only the picture's diagonal.  landmarks: the keypoints in depth,
    with which the people can be fitted again; None where our front-end did not see it.  remarks: what the user should
    know, a line each.  camera_moved: how far, see `perception.camera_motion`; None where nobody looked.
    """

    observation: Observation
    body: smpl.Body
    source: str = ""
    video: Video | None = None
    focal_is_heuristic: bool = False
    landmarks: LandmarkMetres | None = None
    remarks: tuple[str, ...] = ()
    camera_moved: float | None = None

    @property
    def focal(self) -> float:
        """Focal length in pixels, as used."""
        return float(np.asarray(self.observation.camera.K)[0, 0])

    @property
    def frames(self) -> ClipFrames:
        """How its frames are counted in the source."""
        index = np.asarray(self.observation.frame_index)
        start = 0.0 if self.video is None else float(self.video.times[index[0]])
        return ClipFrames(index=index, fps=float(self.observation.fps), start=start)

    @property
    def pictures(self) -> Callable[[np.ndarray], Iterator[np.ndarray]] | None:
        """Frames of the observation, ascending -> their RGB pictures; None where there is no video."""
        video, index = self.video, np.asarray(self.observation.frame_index)
        if video is None or not video.has_pictures:
            return None
        from sm_jax.perception.frames import frames_at

        return lambda frames: frames_at(video, index[frames])

    def pictures_or_grey(self, index: np.ndarray) -> Iterator[np.ndarray]:
        """RGB pictures of frames of the video, ascending; grey ones where there is no video."""
        if self.video is not None and self.video.has_pictures:
            from sm_jax.perception.frames import frames_at, read_ahead

            return read_ahead(frames_at(self.video, index))
        width, height = (int(side) for side in np.asarray(self.observation.camera.image_size))
        grey = np.full((height, width, 3), 128, np.uint8)
        return (grey for _ in index)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an observation .npz, from which a reconstruction can start. Raises UserError if that fails."""
        save_observation(
            pathlib.Path(path),
            self.observation,
            self.video,
            focal_is_heuristic=self.focal_is_heuristic,
            body=self.body.name,
            landmarks=self.landmarks,
            remarks=self.remarks,
            camera_moved=self.camera_moved,
        )

    def say(self) -> None:
        """Log the remarks."""
        for remark in self.remarks:
            _LOGGER.warning("%s: %s", self.source, remark)


Seen = ObservedClip | Observation | str | os.PathLike[str]


def as_clip(seen: Seen, body: smpl.Body | str | os.PathLike[str] | None = None) -> ObservedClip:
    """What was seen, whichever way it was said: observed, an observation alone, or a source that is still to be seen.

    body: of an observation alone, or to observe a source on. Raises UserError where what was observed has its own.
    """
    if isinstance(seen, Observation):
        return ObservedClip(observation=seen, body=as_body(body))
    if not isinstance(seen, ObservedClip):
        from sm_jax.pipeline.observe import observe  # only what is still to be seen needs the extra `video`

        return observe(seen, body=body)
    if body is not None and as_body(body).name != seen.body.name:
        raise UserError(f"what was observed is on the body {seen.body.name}: observe it again on another one")
    return seen


def load_clip(path: pathlib.Path, body: smpl.Body, video: pathlib.Path | None = None) -> ObservedClip:
    """A saved observation, with the video it was seen in where the file names one. video: where that lies now.

    Raises UserError for a file that is not a sound one, that is on another body, or that `video` does not belong to.
    """
    clip, name = load_unchecked(path, body, video)
    if name not in (None, body.name):
        raise UserError(f"{path}: is on the body {name}, not on {body.name}; name that one with --body")
    clip.say()
    return clip


def load_unchecked(
    path: pathlib.Path, body: smpl.Body, video: pathlib.Path | None = None
) -> tuple[ObservedClip, str | None]:
    """`load_clip` of a body that may be another than the file's, whose name is returned where it is known."""
    observation = load_observation(path)
    name, landmarks = load_evidence(path, observation)
    remarks, moved = load_remarks(path)
    clip = ObservedClip(
        observation=observation,
        body=body,
        source=str(path),
        landmarks=landmarks,
        remarks=remarks,
        camera_moved=moved,
    )
    found = load_source(path, observation)
    if found is None:
        if video is not None:
            raise UserError(f"{path}: was seen in no video; leave out {video}")
        return clip, name
    known, guessed = found
    seen_in = _pictures_again(path, known) if video is None else _named_video(path, known, video)
    return dataclasses.replace(clip, video=seen_in, focal_is_heuristic=guessed), name


def _named_video(path: pathlib.Path, known: Video, place: pathlib.Path) -> Video:
    """The video of a saved observation where the user says that it is. Raises UserError for another one."""
    from sm_jax.perception.frames import probe

    video = probe(place)
    if not _same(video, known):
        raise UserError(f"{place}: is not the video that {path} was seen in ({known.path.name}): other times or sizes")
    return dataclasses.replace(video, times=known.times, fps=known.fps, notes=())


def load_seen(path: pathlib.Path, source: pathlib.Path, body: smpl.Body) -> ObservedClip:
    """A saved observation with the video that it was seen in, as `observe` gave it. Raises UserError where `source` is
    not that video any more."""
    from sm_jax.perception.frames import probe

    observation = load_observation(path)
    found, video = load_source(path, observation), probe(source, progress=True)
    if found is None or not _same(video, found[0]):
        raise UserError(f"{source}: is not what it was when {path} was written; begin anew with --overwrite")
    for note in video.notes:
        _LOGGER.warning("%s: %s", source, note)
    remarks, moved = load_remarks(path)
    clip = ObservedClip(
        observation=observation,
        body=body,
        source=str(source),
        video=video,
        focal_is_heuristic=found[1],
        landmarks=load_evidence(path, observation)[1],
        remarks=remarks,
        camera_moved=moved,
    )
    clip.say()
    return clip


def _pictures_again(path: pathlib.Path, known: Video) -> Video:
    """The video with its pictures, where it lay or beside the observation; without them where it is gone or another."""
    from sm_jax.perception.frames import probe

    for place in (known.path, path.parent / known.path.name):
        if place.suffix == ".npz":
            continue
        try:
            video = probe(place)
        except UserError:
            continue
        if _same(video, known):
            return dataclasses.replace(video, times=known.times, fps=known.fps, notes=())
    _LOGGER.warning("%s: its video %s is gone or has changed; the overlay stays grey", path, known.path)
    return known


def _same(video: Video, known: Video) -> bool:
    """Whether two videos have equal pictures' sizes and times."""
    same = len(video.times) == len(known.times) and np.abs(video.times - known.times).max() < 1e-3
    return bool(same) and (video.width, video.height) == (known.width, known.height)
