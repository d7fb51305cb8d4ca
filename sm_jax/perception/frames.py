"""Video files as upright RGB frames at a steady rate."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import av
import av.error
import numpy as np
from av.container import InputContainer

from sm_jax.errors import UserError


@dataclasses.dataclass(frozen=True)
class Frame:
    """image: [H, W, 3] uint8 RGB, upright.  index: position in the source.  time: seconds since the first frame."""

    image: np.ndarray
    index: int
    time: float


@dataclasses.dataclass(frozen=True)
class Video:
    """width, height: of the upright picture in pixels.  fps: the source's mean rate.  frames: how many it holds, as
    declared or else estimated from its duration (for progress bars, not for indexing).
    """

    path: Path
    width: int
    height: int
    fps: float
    frames: int


def probe(path: Path) -> Video:
    """Open a video and decode its first frame. Raises UserError, naming the file, when that cannot be done."""
    with _opened(path) as (container, stream):
        first = next(_decode(path, container, stream), None)
        if first is None:
            raise UserError(f"{path}: contains no video frame; give a video with pictures in it")
        height, width = first.height, first.width
        if _quarter_turns(first) % 2:
            height, width = width, height
        fps = float(stream.average_rate or stream.guessed_rate or 30)
        duration = float(container.duration / av.time_base) if container.duration else 0.0
        return Video(path, width, height, fps, stream.frames or max(1, round(duration * fps)))


def read_frames(path: Path, fps: float) -> Iterator[Frame]:
    """Yield, in order, each source frame that is the nearest in time to some point of the grid 0, 1/fps, 2/fps …

    A source faster than `fps` is thinned out; one that is slower is passed through as it is, without duplicates.
    Raises UserError when a frame cannot be decoded.
    """
    with _opened(path) as (container, stream):
        previous: tuple[av.VideoFrame, int, float] | None = None
        start, served = 0.0, -1
        for index, frame in enumerate(_decode(path, container, stream)):
            time = _seconds(frame, index, stream)
            if previous is None:
                start = time
            else:
                # The grid's points up to half way between two frames belong to the first of them.
                last = int(np.floor((0.5 * (previous[2] + time) - start) * fps + 1e-6))
                if last > served:
                    yield _upright(*previous, start)
                    served = last
            previous = frame, index, time
        if previous is not None and int(np.floor((previous[2] + 0.5 / fps - start) * fps)) > served:
            yield _upright(*previous, start)


def frames_at(path: Path, index: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the upright RGB picture of each source frame that `index` names, in ascending order, repeats included."""
    with _opened(path) as (container, stream):
        wanted = iter(index.tolist())
        number = next(wanted, None)
        for position, frame in enumerate(_decode(path, container, stream)):
            if number is None:
                return
            if position == number:
                image = _upright(frame, position, 0.0, 0.0).image
                while number == position:
                    yield image
                    number = next(wanted, None)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, av.VideoStream]]:
    if not path.is_file():
        raise UserError(f"{path}: no such file; give the path of a video")
    try:
        container = av.open(str(path))
    except av.error.FFmpegError as error:
        raise UserError(
            f"{path}: not a video that can be read ({error.strerror}); give an mp4, mov, avi or mkv"
        ) from error
    with container:
        streams = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
        if not streams:
            raise UserError(f"{path}: has no video stream; give a file with pictures in it, not only sound")
        streams[0].thread_type = "AUTO"
        yield container, streams[0]


def _decode(path: Path, container: InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    count = 0
    try:
        for frame in container.decode(stream):
            yield frame
            count += 1
    except av.error.FFmpegError as error:
        raise UserError(
            f"{path}: frame {count} cannot be decoded ({error.strerror}); re-encode it, for example with ffmpeg"
        ) from error


def _seconds(frame: av.VideoFrame, index: int, stream: av.VideoStream) -> float:
    if frame.pts is not None and frame.time_base is not None:
        return float(frame.pts * frame.time_base)
    return index / float(stream.average_rate or stream.guessed_rate or 30)


def _quarter_turns(frame: av.VideoFrame) -> int:
    """Counter-clockwise quarter turns that bring the stored picture upright."""
    return round(frame.rotation / 90) % 4


def _upright(frame: av.VideoFrame, index: int, time: float, start: float) -> Frame:
    image = np.rot90(frame.to_ndarray(format="rgb24"), _quarter_turns(frame))
    return Frame(np.ascontiguousarray(image), index, time - start)
