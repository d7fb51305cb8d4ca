"""Small videos for the tests of perception."""

import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

IDENTITY = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


def write_video(
    path: Path,
    images: Sequence[np.ndarray],
    times: Sequence[float],
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    clock: Fraction = Fraction(1, 6000),
    rate: int = 60,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    format: str | None = None,
    setup: Callable[[av.VideoStream], None] = lambda stream: None,
) -> Path:
    """A file of RGB images [H, W, 3] shown at times in seconds, in ticks of the clock."""
    options = {"crf": "1"} if codec == "libx264" and options is None else options or {}
    with av.open(str(path), "w", format=format, options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt, stream.time_base = pix_fmt, clock
        stream.codec_context.time_base = clock
        setup(stream)
        for image, time in zip(images, times, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round(time / clock), clock
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def shades(count: int, size: tuple[int, int] = (48, 64)) -> list[np.ndarray]:
    """Grey pictures [H, W, 3], each of its own brightness, the left half darker by 8 than the right."""
    pictures = [np.full((*size, 3), 20 + 4 * (i % 50), np.uint8) for i in range(count)]
    for picture in pictures:
        picture[:, size[1] // 2 :] += 8
    return pictures


def noise(count: int, size: tuple[int, int] = (48, 64)) -> list[np.ndarray]:
    """Pictures that do not compress, so that damage to a file hits them and not its header."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (*size, 3), dtype=np.uint8) for _ in range(count)]


def write_sound(path: Path) -> Path:
    """A file with an audio stream only."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
