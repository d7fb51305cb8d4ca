"""Frames of a video file with PyAV: the right stream, damage passed over, fields woven apart, the picture upright.

A display matrix may turn and mirror, pixels may be oblong, colours may be HDR: what leaves is RGB as a screen shows it.
"""

import contextlib
import dataclasses
import functools
import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.error
import av.filter
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import SideDataContainer
from av.stream import Disposition

from sm_jax.errors import UserError

LARGEST = 1 << 27  # pixels of a picture: a frame takes a gigabyte while its colours are converted
_OBLONG = 8  # a pixel's width over its height, or the inverse, beyond which it is an error
_TEXT = frozenset({"tty", "bin", "xbin", "adf", "idf"})  # demuxers that draw letters of any text file
_TICK = Fraction(1, 1000)
FULL_FRAME = (36.0**2 + 24.0**2) ** 0.5  # millimetres
_FOCALS = (8.0, 600.0)  # millimetres before such a frame: lenses outside are an error


@dataclasses.dataclass(frozen=True)
class Orientation:
    """What brings a stored picture upright: first the axes are exchanged, then it is mirrored along x, and along y."""

    transposed: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """[H, W, 3] as stored -> upright."""
        upright = image.swapaxes(0, 1) if self.transposed else image
        return np.ascontiguousarray(upright[:: -1 if self.mirror_y else 1, :: -1 if self.mirror_x else 1])

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the upright picture; the way back is the same."""
        return (height, width) if self.transposed else (width, height)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, av.VideoStream]]:
    """A video file and the stream that holds the video. Raises UserError, naming the file, where there is none."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; give the path of a video")
    try:
        container = av.open(f"file:{path}", metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: not a video that can be read ({reason}); give an mp4, mov, avi or mkv") from error
    with container:
        stream = None if container.format.name in _TEXT else _main_stream(container)
        if stream is None:
            raise UserError(f"{path}: has no video stream that can be decoded; give a file with pictures in it")
        width, height = stream.codec_context.width, stream.codec_context.height
        if width * height > LARGEST:
            most = LARGEST // 10**6
            raise UserError(f"{path}: pictures of {width} x {height}, more than {most} million pixels; scale it")
        stream.thread_type = "AUTO"
        yield container, stream


def _main_stream(container: InputContainer) -> av.VideoStream | None:
    """The video among the streams that hold pictures: no cover, no thumbnail; the file's default, else the largest."""
    aside = Disposition.attached_pic | Disposition.timed_thumbnails
    aside |= Disposition.still_image | Disposition.dependent

    def rank(stream: av.VideoStream) -> tuple[bool, bool, int, int]:
        default = bool(stream.disposition & Disposition.default)
        context = stream.codec_context
        return stream.frames != 1, default, context.width * context.height, -stream.index

    streams = [s for s in container.streams.video if not s.disposition & aside and s.codec_context is not None]
    return max(streams, key=rank, default=None)


def in_diagonals(millimetres: float) -> float | None:
    """A focal length before a frame of 36 x 24 mm in diagonals of the picture; None of one that no lens has."""
    return millimetres / FULL_FRAME if _FOCALS[0] <= millimetres <= _FOCALS[1] else None


def focal_in_diagonals(container: InputContainer, stream: av.VideoStream) -> float | None:
    """The focal length in diagonals of the picture where the file tells what it would be before a frame of 36 x 24 mm,
    as phones write it, else None."""
    for key, value in (container.metadata | stream.metadata).items():
        if key.lower().endswith("focal_length.35mm_equivalent"):
            with contextlib.suppress(ValueError):
                return in_diagonals(float(value))
    return None


def other_streams(container: InputContainer, stream: av.VideoStream) -> int:
    """How many other streams hold a video."""
    covers = Disposition.attached_pic | Disposition.timed_thumbnails
    return sum(s.index != stream.index and not s.disposition & covers for s in container.streams.video)


class Decoder:
    """Iterates once over the frames of a stream that can be decoded. Afterwards, `failed` packets could not be decoded,
    `hidden` ones were not meant to be shown, the last begins at `last` and ends at `end` seconds of the file's clock.
    """

    def __init__(self, container: InputContainer, stream: av.VideoStream):
        self._container, self._stream = container, stream
        self.failed, self.hidden = 0, 0
        self.last, self.end = -np.inf, -np.inf

    def __iter__(self) -> Iterator[av.VideoFrame]:
        for packet in self._packets():
            try:
                frames = packet.decode() if packet is not None else self._stream.decode(None)
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                self.failed += 1
                continue
            yield from (frame for frame in frames if isinstance(frame, av.VideoFrame))

    def _packets(self) -> Iterator[av.Packet | None]:
        """All packets that can be read; None asks the decoder for what it holds back."""
        fresh = True
        while fresh:
            fresh = False  # after a fault in the container go on behind it, unless nothing comes
            try:
                for packet in self._container.demux(self._stream):
                    if packet.size:
                        fresh = True
                        self._count(packet)
                        yield packet
                    else:
                        yield None
                return
            except av.error.FFmpegError:
                self.failed += fresh
        yield None

    def _count(self, packet: av.Packet) -> None:
        self.hidden += packet.is_discard
        if packet.pts is not None and packet.time_base is not None:
            self.last = max(self.last, float(packet.pts * packet.time_base))
            self.end = max(self.end, float((packet.pts + (packet.duration or 0)) * packet.time_base))


def missing_frames(decoder: Decoder, container: InputContainer, stream: av.VideoStream, times: np.ndarray) -> int:
    """How many frames the file declares beyond those at `times`, which a finished decoder found; 0 if it does not say.

    MP4 and MOV name each one in their index, AVI states a number at a rate, Matroska and FLV how long they are.
    """
    step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / float(stream.average_rate or 30)
    lasts = float(times[-1] - times[0]) + step
    if stream.metadata.get("NUMBER_OF_FRAMES", "").isdecimal():
        return max(0, int(stream.metadata["NUMBER_OF_FRAMES"]) - len(times) - decoder.hidden)
    if "mov" in container.format.name and stream.frames:
        return max(0, len(stream.index_entries) - decoder.hidden - len(times))
    if container.format.name == "avi" and stream.frames and stream.average_rate:
        return max(0, round((float(stream.frames / stream.average_rate) - lasts) / step))
    declared = _declared_end(container, stream)
    return 0 if declared is None else max(0, round((declared - max(decoder.end, decoder.last + step)) / step))


def _declared_end(container: InputContainer, stream: av.VideoStream) -> float | None:
    """Seconds at which the last frame ends by the file's own word."""
    if tag := stream.metadata.get("DURATION"):
        with contextlib.suppress(ValueError):
            hours, minutes, seconds = (float(part) for part in tag.split(":"))
            return 3600 * hours + 60 * minutes + seconds
    alone = len(container.streams) == 1 and container.format.name in ("matroska,webm", "flv")
    return container.duration / av.time_base if alone and container.duration else None


def woven_apart(frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """One frame for each frame; interlaced ones become one moment in time."""
    for _, alike in itertools.groupby(frames, lambda frame: (frame.format.name, frame.width, frame.height)):
        first = next(alike)
        graph = _weaver(first)
        for position, frame in enumerate(itertools.chain([first], alike)):
            frame.pts, frame.time_base = position, _TICK
            graph.push(frame)
            yield from _pulled(graph)
        graph.push(None)
        yield from _pulled(graph)


def _weaver(frame: av.VideoFrame) -> av.filter.Graph:
    """bwdif on frames like this one: what is not flagged as interlaced passes untouched."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, name="in", time_base=_TICK)
    graph.link_nodes(source, graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink"))
    graph.configure()
    return graph


def _pulled(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    with contextlib.suppress(BlockingIOError, av.error.EOFError):
        while isinstance(frame := graph.pull(), av.VideoFrame):
            yield frame


def orientation(frame: av.VideoFrame) -> Orientation:
    """By the frame's display matrix (x' = a x + c y, y' = b x + d y), to the nearest quarter turn."""
    try:
        # A container of its own: the frame keeps the one that `frame.side_data` makes, and that one keeps the frame, so
        # that pictures would pile up until the next collection of garbage.
        side_data = SideDataContainer(frame).get("DISPLAYMATRIX")  # pyrefly: ignore[bad-argument-count]
    except ValueError:  # some other side data of a kind that PyAV does not know
        turn = np.deg2rad(frame.rotation)
        a, b, c, d = np.cos(turn), -np.sin(turn), np.sin(turn), np.cos(turn)
    else:
        if side_data is None:
            return Orientation()
        a, b, _, c, d = np.frombuffer(side_data, np.int32)[:5].astype(float)  # pyrefly: ignore[no-matching-overload]
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(transposed=True, mirror_x=bool(c < 0), mirror_y=bool(b < 0))
    return Orientation(mirror_x=bool(a < 0), mirror_y=bool(d < 0))


def square_size(frame: av.VideoFrame, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Width and height of the stored picture once its pixels are square."""
    aspect = float(pixel_aspect or 1)
    return (max(1, round(frame.width * aspect)) if 1 / _OBLONG <= aspect <= _OBLONG else frame.width), frame.height


def picture(frame: av.VideoFrame, width: int, height: int) -> np.ndarray:
    """The upright RGB picture [height, width, 3] uint8 of a frame."""
    turn = orientation(frame)
    stored = turn.size(width, height)
    curve = _HDR.get(frame.color_trc)
    if curve is None:
        return turn(frame.reformat(*stored, format="rgb24").to_ndarray())
    codes: np.ndarray = frame.reformat(*stored, format="rgb48le").to_ndarray()
    return turn(np.take(curve(), codes))


def _shown(nits: np.ndarray) -> np.ndarray:
    """Light of a mastering display as bytes of sRGB: diffuse white lies at 203 nits, detail is kept up to 1,000."""
    light, peak = nits / 203, 1000 / 203
    light = np.clip(light * (1 + light / peak**2) / (1 + light), 0, 1)
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * coded).astype(np.uint8)


@functools.cache
def _pq() -> np.ndarray:
    """SMPTE ST 2084's curve, of 16-bit codes."""
    root = np.linspace(0, 1, 1 << 16) ** (32 / 2523)
    return _shown(10_000 * (np.maximum(root - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * root)) ** (8192 / 1305))


@functools.cache
def _hlg() -> np.ndarray:
    """ARIB STD-B67's curve on a display of 1,000 nits, of 16-bit codes."""
    code = np.linspace(0, 1, 1 << 16)
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    return _shown(1000 * scene**1.2)


_HDR = {16: _pq, 18: _hlg}  # by the number of a frame's transfer characteristic in ITU-T H.273
