"""What was seen of two people, on which body and where: what `observe` gives, and what a saved observation holds."""

import dataclasses
import logging
import os
import pathlib
from collections.abc import Callable, Iterator

import numpy as np

from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.perception.observation_file import load_observation, load_remarks, load_source, save_observation
from sm_jax.perception.video import Video
from sm_jax.pipeline.models import as_body
from sm_jax.types import Observation

_LOGGER = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObservedClip:
    """An observation and where it comes from.

    body: that of the observation's betas.  source: what the user called the input.  video: where it was seen, the
    observation's first frame being its frame `observation.frame_index[0]`; None where that is not known.
    focal_is_heuristic: whether the focal length is only the picture's diagonal.  remarks: what the user should know,
    a line each.  camera_moved: how far, see `perception.camera_motion`; None where nobody looked.
    """

    observation: Observation
    body: smpl.Body
    source: str = ""
    video: Video | None = None
    focal_is_heuristic: bool = False
    remarks: tuple[str, ...] = ()
    camera_moved: float | None = None

    @property
    def focal(self) -> float:
        """Focal length in pixels, as used."""
        return float(np.asarray(self.observation.camera.K)[0, 0])

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


def load_clip(path: pathlib.Path, body: smpl.Body) -> ObservedClip:
    """A saved observation, with the video it was seen in where the file names one. Raises UserError for a file that is
    not a sound one."""
    observation = load_observation(path)
    found, (remarks, moved) = load_source(path, observation), load_remarks(path)
    video, guessed = found or (None, False)
    clip = ObservedClip(
        observation=observation,
        body=body,
        source=str(path),
        video=None if video is None else _pictures_again(path, video),
        focal_is_heuristic=guessed,
        remarks=remarks,
        camera_moved=moved,
    )
    clip.say()
    return clip


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
