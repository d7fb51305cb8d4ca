"""Videos, folders of pictures and single pictures as upright RGB frames, each at its own time."""

import collections
import dataclasses
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

from sm_jax.errors import UserError
from sm_jax.perception.video import USUAL_FPS, Video, VideoShot, nearest_frames, sound_times, steady_rate

try:
    import av
    import cv2
    from av.container import InputContainer

    from sm_jax.perception import decoding, pictures
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[video]'") from error

_ASPECT = 0.02  # relative difference of two pictures' shapes that rounding to whole pixels explains
_PATIENCE = 2.0  # seconds before a progress bar is shown
_AHEAD = 4  # frames that wait for who takes them
_T = TypeVar("_T")

Visit = Callable[[int, float | None, Callable[[tuple[int, int] | None], np.ndarray]], None]
"""Is shown each frame in turn: its number, its timestamp as the file has it, and what makes its upright picture, of its
own size (None) or another (width, height)."""


@dataclasses.dataclass(frozen=True)
class Frame:
    """image: [H, W, 3] uint8 RGB, upright.  index: position in the source.  time: seconds since the first frame of its
    shot."""

    image: np.ndarray
    index: int
    time: float


def probe(path: Path, *, progress: bool = False, visit: Visit = lambda number, stamp, picture: None) -> Video:
    """Find out when each frame of a video is shown, by decoding all of it once, and everything that is wrong with it.

    visit: what else is to be done with the frames on this occasion; their size may still change. Raises UserError,
    naming the file, when there is no frame, or when their size changes in a way that scaling does not undo.
    """
    if pictures.is_pictures(path) or not path.exists():
        return _probe_pictures(path, visit)
    with decoding.opened(path) as (container, stream):
        decoder, seen = decoding.Decoder(container, stream), _Seen()
        bar = tqdm(
            decoder, "reading", stream.frames or None, unit="frame", disable=None if progress else True, delay=_PATIENCE
        )
        for frame in bar:
            seen.add(frame, stream)
            shown = lambda size: decoding.picture(frame, *(size or seen.sizes[-1]))  # noqa: B023, E731
            visit(len(seen.stamps) - 1, seen.stamps[-1], shown)
        if not seen.stamps:
            raise UserError(f"{path}: contains no video frame that can be decoded; give a video with pictures in it")
        rates = [float(r) for r in (stream.average_rate, stream.guessed_rate, stream.base_rate) if r]
        times, notes = sound_times(seen.stamps, rates[0] if rates else None)
        width, height, resized = _one_size(path, seen.sizes, times)
        notes += resized + _losses(decoder, seen, container, stream, times)
        if seen.interlaced:
            notes.append(f"interlaced in {seen.interlaced} of {len(times)} frames: their fields are woven apart")
        if more := decoding.other_streams(container, stream):
            notes.append(f"holds {more + 1} video streams: number {stream.index} of {width} x {height} is read")
        diagonals = decoding.focal_in_diagonals(container, stream)
    return Video(
        path=path,
        width=width,
        height=height,
        times=times,
        fps=steady_rate(times, rates),
        notes=tuple(notes),
        interlaced=seen.interlaced > 0,
        focal=None if diagonals is None else diagonals * float(np.hypot(width, height)),
    )


def read_frames(video: Video, fps: float, shot: VideoShot | None = None) -> Iterator[Frame]:
    """Yield, in order, the frames of `nearest_frames`, of a shot or of the whole video, at the time since its first.
    Raises UserError when the file is not as `probe` found it."""
    shot = shot or VideoShot(0, video.frames)
    times = video.times[shot.first : shot.end] - video.times[shot.first]
    chosen = nearest_frames(times, fps)
    for row, image in zip(chosen.tolist(), frames_at(video, shot.first + chosen), strict=True):
        yield Frame(image, shot.first + row, float(times[row]))


def frames_at(video: Video, index: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the upright RGB picture of each frame that `index` names, in ascending order, repeats included.

    Raises UserError when the file is not as `probe` found it.
    """
    wanted, position = iter(np.asarray(index).tolist()), -1
    number = next(wanted, None)
    if number is None:
        return
    for position, shown in enumerate(_shown(video)):
        if position == number:
            image = shown()
            while number == position:
                yield image
                number = next(wanted, None)
            if number is None:
                return
    raise UserError(f"{video.path}: frame {number} is gone, {position + 1} are there; leave the file as it is")


def read_ahead(items: Iterable[_T]) -> Generator[_T, None, None]:
    """The same items, made in a thread of their own while the earlier ones are worked on."""
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1) as thread:
        waiting: collections.deque[Future[Any]] = collections.deque()
        try:
            while True:
                while len(waiting) < _AHEAD:
                    waiting.append(thread.submit(next, iterator, end))
                if (item := waiting.popleft().result()) is end:
                    return
                yield item
        finally:
            for future in waiting:
                future.cancel()


class _Seen:
    """What a pass over all frames takes down."""

    def __init__(self) -> None:
        self.stamps: list[float | None] = []
        self.sizes: list[tuple[int, int]] = []
        self.interlaced, self.damaged = 0, 0

    def add(self, frame: av.VideoFrame, stream: av.VideoStream) -> None:
        tick = frame.time_base or stream.time_base  # the last frames, which no packet brought, have none of their own
        self.stamps.append(None if frame.pts is None or tick is None else float(frame.pts * tick))
        size = decoding.square_size(frame, stream.sample_aspect_ratio)
        self.sizes.append(decoding.orientation(frame).size(*size))
        self.interlaced += bool(frame.interlaced_frame)
        self.damaged += bool(frame.is_corrupt)


def _probe_pictures(path: Path, visit: Visit) -> Video:
    files = pictures.list_pictures(path)
    notes, sizes, whole, damaged = pictures.others(path, files), [], [], []
    for number, file in enumerate(files):
        try:
            image = pictures.read_picture(file)
        except UserError as error:
            if len(files) == 1:
                raise
            damaged.append(f"left out: {error}")
            continue
        visit(len(whole), number / USUAL_FPS, lambda size: image if size is None else _scaled(image, size))  # noqa: B023
        whole.append(number)
        sizes.append(image.shape[1::-1])
    if not whole:
        raise UserError(f"{path}: none of its {len(files)} pictures can be read; save them again")
    if damaged:
        notes.append(damaged[0] + (f"; and {len(damaged) - 1} more" if len(damaged) > 1 else ""))
    stamps, told = pictures.stamps(files, USUAL_FPS)
    times, more = sound_times(stamps[whole].tolist(), USUAL_FPS)
    width, height, resized = _one_size(path, sizes, times)
    diagonals, zoomed = pictures.focal_in_diagonals([files[number] for number in whole])
    return Video(
        path=path,
        width=width,
        height=height,
        times=times,
        fps=steady_rate(times, [USUAL_FPS]),
        notes=(*notes, *told, *more, *resized, *zoomed),
        files=tuple(files[number] for number in whole),
        focal=None if diagonals is None else diagonals * float(np.hypot(width, height)),
    )


def _one_size(path: Path, sizes: list[tuple[int, int]], times: np.ndarray) -> tuple[int, int, list[str]]:
    """The largest size, to which the others are scaled, and a note if there are any."""
    count = Counter(sizes)
    width, height = max(count, key=lambda size: size[0] * size[1])
    for other in count:
        room = _ASPECT + 1 / min(*other, width, height)
        if abs(other[0] * height / (other[1] * width) - 1) > room:
            frame = next(i for i in range(1, len(sizes)) if sizes[i] != sizes[i - 1])
            change = "from {} x {} to {} x {}".format(*sizes[frame - 1], *sizes[frame])
            raise UserError(
                f"{path}: the picture's shape changes {change} at frame {frame} ({times[frame]:.2f} s);"
                " cut it there and give the parts one by one"
            )
    scaled = len(sizes) - count[width, height]
    note = f"the size changes: scaled to {width} x {height} in {scaled} of {len(sizes)} frames"
    return width, height, [note] if scaled else []


def _losses(
    decoder: decoding.Decoder, seen: _Seen, container: InputContainer, stream: av.VideoStream, times: np.ndarray
) -> list[str]:
    """What the file declares and does not hold, or holds and cannot be decoded."""
    notes = []
    missing = decoding.missing_frames(decoder, container, stream, times)
    if missing:
        declared = len(times) + missing
        notes.append(f"holds {len(times)} of {declared} frames: {missing} missing, cut off or beyond decoding")
    elif decoder.hidden:
        notes.append(f"frames that its edit list hides: {decoder.hidden}; they are left out")
    elif decoder.failed:
        notes.append(f"pieces that cannot be decoded: {decoder.failed}; they are left out")
    if seen.damaged:
        notes.append(f"damaged frames: {seen.damaged} of {len(times)}, taken as far as they can be seen")
    return notes


def _shown(video: Video) -> Iterator[Callable[[], np.ndarray]]:
    """For every frame, in order, what makes its upright picture."""
    size = video.width, video.height
    if video.files:
        for file in video.files:
            yield lambda: _scaled(pictures.read_picture(file), size)  # noqa: B023
        return
    with decoding.opened(video.path) as (container, stream):
        frames = iter(decoding.Decoder(container, stream))
        for frame in decoding.woven_apart(frames) if video.interlaced else frames:
            yield lambda: decoding.picture(frame, *size)  # noqa: B023


def _scaled(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return image if image.shape[1::-1] == size else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
