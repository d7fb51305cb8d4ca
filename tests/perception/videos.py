"""Small videos for the tests of perception."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def write_video(path: Path, images: list[np.ndarray], times: list[float]) -> Path:
    """An H.264 file of RGB images [H, W, 3] shown at times in seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=60, options={"crf": "1"})
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, 6000)
        stream.codec_context.time_base = stream.time_base
        for image, time in zip(images, times, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round(time * 6000), stream.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def shades(count: int, size: tuple[int, int] = (32, 64)) -> list[np.ndarray]:
    """Grey pictures [H, W, 3], each of its own brightness, the left half darker by 8 than the right."""
    pictures = [np.full((*size, 3), 20 + 4 * i, np.uint8) for i in range(count)]
    for picture in pictures:
        picture[:, size[1] // 2 :] += 8
    return pictures


def write_sound(path: Path) -> Path:
    """A file with an audio stream only."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
