"""Pieces of a finished video for a page: still pictures as JPEG, and the whole of it, small enough to be mailed."""

import dataclasses
import io
import pathlib
from collections.abc import Iterator, Sequence
from fractions import Fraction

from sm_jax.errors import UserError

try:
    import av
    import av.error
    import cv2
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[export]'") from error

_CLOCK = Fraction(1, 90_000)
_QUALITY = 82  # of JPEG
_RATES = (120_000, 2_500_000)  # bits a second, between which a film is worth looking at and small
_SPARE = 0.85  # of the bytes: the encoder does not keep exactly to its rate


@dataclasses.dataclass(frozen=True, kw_only=True)
class Film:
    """content: an MP4.  seconds: how much of the video it shows.  whole: whether that is all of it."""

    content: bytes
    seconds: float
    whole: bool


def stills(path: pathlib.Path, seconds: Sequence[float], width: int) -> list[bytes]:
    """The picture shown at each of some moments, ascending, as JPEG of at most a width in pixels.

    seconds: since the first frame; what is after the last frame is the last. Raises UserError for what is no video.
    """
    found: list[bytes] = []
    last = None
    for frame, time in _frames(path):
        while last is not None and len(found) < len(seconds) and seconds[len(found)] < time:
            found.append(_jpeg(last, width))
        last = frame
    while last is not None and len(found) < len(seconds):
        found.append(_jpeg(last, width))
    return found


def film(path: pathlib.Path, most_bytes: int, height: int = 540) -> Film:
    """A video as it is where it is small enough, else at most so high and so many bytes; where even a coarse picture is
    too much, its beginning. Raises UserError for what is no video."""
    with _opened(path) as container:
        duration = (container.duration or 0) / av.time_base
    if path.stat().st_size <= most_bytes:
        return Film(content=path.read_bytes(), seconds=duration, whole=True)
    bits = 8 * _SPARE * most_bytes
    seconds = min(duration, bits / _RATES[0])
    return Film(
        content=_encoded(path, seconds, int(min(bits / seconds, _RATES[1])), height),
        seconds=seconds,
        whole=seconds >= duration,
    )


def _encoded(path: pathlib.Path, seconds: float, rate: int, height: int) -> bytes:
    """The first seconds of a video at a bit rate, as MP4."""
    memory = io.BytesIO()
    with av.open(memory, "w", format="mp4") as container:
        stream = None
        for frame, time in _frames(path):
            if time > seconds:
                break
            if stream is None:
                scale = min(1.0, height / frame.height)
                stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast"})
                stream.width, stream.height = (
                    max(2, 2 * round(side * scale / 2)) for side in (frame.width, frame.height)
                )
                stream.pix_fmt, stream.bit_rate = "yuv420p", rate
                stream.codec_context.time_base = stream.time_base = _CLOCK
                limits = {"maxrate": str(rate), "bufsize": str(2 * rate)}
                stream.codec_context.options = {**stream.codec_context.options, **limits}
            small = frame.reformat(width=stream.width, height=stream.height, format="yuv420p")
            small.pts, small.time_base = round(time / float(_CLOCK)), _CLOCK
            container.mux(stream.encode(small))
        if stream is not None:
            container.mux(stream.encode())
    return memory.getvalue()


def _frames(path: pathlib.Path) -> Iterator[tuple[av.VideoFrame, float]]:
    """Every frame and its seconds since the first."""
    with _opened(path) as container:
        first = None
        for frame in container.decode(video=0):
            time = float(frame.time or 0.0)
            first = time if first is None else first
            yield frame, time - first


def _opened(path: pathlib.Path):
    try:
        container = av.open(f"file:{path}")
    except (av.error.FFmpegError, OSError) as error:
        raise UserError(f"{path} cannot be read ({error}); reconstruct again") from error
    if not container.streams.video:
        container.close()
        raise UserError(f"{path} is no video; reconstruct again")
    return container


def _jpeg(frame: av.VideoFrame, width: int) -> bytes:
    picture = frame.to_ndarray(format="bgr24")
    if picture.shape[1] > width:
        size = (width, round(picture.shape[0] * width / picture.shape[1]))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
