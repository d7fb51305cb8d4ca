import gc
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition
from av.video.reformatter import ColorTrc

from sm_jax.perception import decoding
from sm_jax.perception.decoding import Orientation
from sm_jax.perception.frames import frames_at, probe
from tests.perception.videos import shades, write_video

ONE = 1 << 16
TIMES = [0.0, 0.1, 0.2]


def quarters() -> np.ndarray:
    """A picture whose quarters are of four greys: 40 100 above, 160 220 below."""
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:24, :32], picture[:24, 32:], picture[24:, :32], picture[24:, 32:] = 40, 100, 160, 220
    return picture


def greys(image: np.ndarray) -> list[int]:
    """The four quarters, row by row, as multiples of 60 above 40."""
    height, width = image.shape[:2]
    rows, columns = (height // 4, 3 * height // 4), (width // 4, 3 * width // 4)
    return [round((float(image[y, x].mean()) - 40) / 60) for y in rows for x in columns]


# x' = a x + c y, y' = b x + d y
@pytest.mark.parametrize(
    ("matrix", "size", "expected"),
    [
        ((1, 0, 0, 1), (64, 48), [0, 1, 2, 3]),
        ((0, 1, -1, 0), (48, 64), [2, 0, 3, 1]),  # a quarter clockwise, as a phone held upright writes it
        ((-1, 0, 0, -1), (64, 48), [3, 2, 1, 0]),
        ((0, -1, 1, 0), (48, 64), [1, 3, 0, 2]),
        ((-1, 0, 0, 1), (64, 48), [1, 0, 3, 2]),  # as in a mirror
        ((1, 0, 0, -1), (64, 48), [2, 3, 0, 1]),
        ((0, 1, 1, 0), (48, 64), [0, 2, 1, 3]),
        ((0, -1, -1, 0), (48, 64), [3, 1, 2, 0]),
    ],
)
def test_display_matrices_turn_and_mirror(tmp_path, matrix, size, expected):
    a, b, c, d = (ONE * value for value in matrix)
    path = write_video(
        tmp_path / "v.mp4",
        [quarters()] * 3,
        TIMES,
        setup=lambda stream: stream.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30]),
    )
    video = probe(path)
    assert (video.width, video.height) == size
    (image,) = frames_at(video, np.array([1]))
    assert image.shape == (size[1], size[0], 3) and greys(image) == expected


@pytest.mark.parametrize(
    ("stored", "aspect", "shown"), [((32, 48), Fraction(2), (64, 48)), ((64, 48), Fraction(1, 2), (32, 48)),
                                    ((64, 48), Fraction(1, 100), (64, 48)), ((72, 48), Fraction(16, 15), (77, 48))]
)  # fmt: skip
@pytest.mark.parametrize("name", ["v.mp4", "v.mkv"])
def test_oblong_pixels_become_square(tmp_path, name, stored, aspect, shown):
    def setup(stream):
        stream.codec_context.sample_aspect_ratio = aspect

    picture = cv2.resize(quarters(), stored)
    video = probe(write_video(tmp_path / name, [picture] * 3, TIMES, setup=setup))
    assert (video.width, video.height) == shown
    (image,) = frames_at(video, np.array([2]))
    assert image.shape == (shown[1], shown[0], 3) and greys(image) == [0, 1, 2, 3]


def test_an_oblong_picture_that_lies_on_its_side(tmp_path):
    def setup(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(2)
        stream.set_display_matrix([0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30])

    video = probe(write_video(tmp_path / "v.mp4", [cv2.resize(quarters(), (32, 48))] * 3, TIMES, setup=setup))
    (image,) = frames_at(video, np.array([0]))
    assert (video.width, video.height) == (48, 64) and greys(image) == [2, 0, 3, 1]


def test_odd_sides(tmp_path):
    picture = quarters()[:47, :63]
    for name, codec, pix_fmt in (("v.mkv", "ffv1", "yuv444p"), ("v.gif", "gif", "rgb8")):
        path = write_video(tmp_path / name, [picture] * 3, TIMES, codec=codec, pix_fmt=pix_fmt, clock=Fraction(1, 100))
        (image,) = frames_at(probe(path), np.array([1]))
        assert image.shape == (47, 63, 3) and greys(image) == [0, 1, 2, 3]


def test_interlaced_fields_are_woven_apart(tmp_path):
    """A bar that moves between the two fields of a frame has teeth, which are gone afterwards; no frame is lost."""
    pictures = []
    for frame in range(8):
        picture = np.full((48, 64, 3), 40, np.uint8)
        picture[::2, 6 * frame : 6 * frame + 8] = picture[1::2, 6 * frame + 3 : 6 * frame + 11] = 220
        pictures.append(picture)
    path = write_video(
        tmp_path / "v.mp4", pictures, [i / 25 for i in range(8)], options={"crf": "1", "x264-params": "interlaced=1"}
    )
    video = probe(path)
    assert video.frames == 8 and video.interlaced and "interlaced in 8 of 8" in video.notes[0]
    images = list(frames_at(video, np.arange(8)))
    teeth = [np.abs(np.diff(image[8:-8, :, 0].astype(int), axis=0)).mean() for image in images]
    before = np.abs(np.diff(pictures[3][8:-8, :, 0].astype(int), axis=0)).mean()
    assert len(images) == 8 and max(teeth) < before / 3
    centres = [float((image[..., 0] > 130).nonzero()[1].mean()) for image in images]
    np.testing.assert_allclose(np.diff(centres), 6, atol=1.5)  # in their order
    assert not probe(write_video(tmp_path / "p.mp4", shades(3), TIMES)).interlaced


@pytest.mark.parametrize("trc", [16, 18])
def test_hdr_is_shown_as_a_screen_would(tmp_path, trc):
    """Grey of 203 nits, diffuse white, is bright; black is black; order is kept."""
    nits = np.array([0, 5, 50, 203, 1000]) / 10_000
    pq = ((107 / 128 + 2413 / 128 * nits ** (1305 / 8192)) / (1 + 2392 / 128 * nits ** (1305 / 8192))) ** (2523 / 32)
    codes = pq if trc == 16 else np.array([0, 0.2, 0.5, 0.75, 1.0])  # HLG puts diffuse white at 75 %
    picture = np.repeat(np.rint(255 * codes).astype(np.uint8), 16)[None, :, None].repeat(48, 0).repeat(3, 2)

    def setup(stream):
        stream.codec_context.color_trc = trc

    path = write_video(tmp_path / "v.mkv", [picture] * 3, TIMES, codec="ffv1", pix_fmt="yuv444p10le", setup=setup)
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).color_trc == trc
    (image,) = frames_at(probe(path), np.array([1]))
    levels = image[24, 8::16].mean(axis=-1)
    assert levels[0] < 8 and (np.diff(levels) > 10).all() and 150 < levels[3] < 215 and levels[4] > 240
    assert ColorTrc(trc)


def write_streams(path, kinds):
    """Streams of (codec, width, height, frames, is the default) in one file."""
    with av.open(str(path), "w") as container:
        streams = [container.add_stream(kind[0], rate=30) for kind in kinds]
        for stream, (codec, width, height, _, default) in zip(streams, kinds, strict=True):
            stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.disposition = Disposition.default if default else 0
        for frame in range(max(kind[3] for kind in kinds)):
            for stream, kind in zip(streams, kinds, strict=True):
                if frame < kind[3]:
                    picture = np.full((stream.height, stream.width, 3), 99, np.uint8)
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        for stream in streams:
            container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("name", "kinds", "number"),
    [
        ("larger.mkv", [("libx264", 32, 24, 4, False), ("libx264", 64, 48, 4, False)], 1),
        ("default.mkv", [("libx264", 64, 48, 4, False), ("libx264", 32, 24, 4, True)], 1),
        ("thumbnail.mp4", [("mjpeg", 128, 96, 1, True), ("libx264", 64, 48, 4, True)], 1),
    ],
)
def test_the_video_is_found_among_other_streams(tmp_path, name, kinds, number):
    video = probe(write_streams(tmp_path / name, kinds))
    width, height = kinds[number][1:3]
    assert (video.width, video.height, video.frames) == (width, height, 4)
    assert any(f"holds 2 video streams: number {number} of {width} x {height}" in note for note in video.notes)
    assert len(list(frames_at(video, np.arange(4)))) == 4


def test_side_data_of_an_unknown_kind_does_not_hide_the_turn(monkeypatch):
    class Odd:
        rotation = 90

    def refuse(frame):
        raise ValueError("31 is not a valid Type")

    monkeypatch.setattr(decoding, "SideDataContainer", refuse)
    assert decoding.orientation(Odd()) == Orientation(transposed=True, mirror_x=False, mirror_y=True)  # type: ignore[arg-type]
    image = np.arange(6).reshape(2, 3, 1)
    np.testing.assert_array_equal(decoding.orientation(Odd())(image), np.rot90(image))  # type: ignore[arg-type]


def test_frames_go_when_nobody_holds_them(tmp_path):
    """Without a collection of garbage, which is rare beside a large library: ten minutes of 1080p would not fit."""
    video = probe(write_video(tmp_path / "v.mp4", shades(12), [i / 30 for i in range(12)]))

    def look(number, stamp, picture):
        picture(None)

    gc.collect()
    gc.disable()
    try:
        probe(video.path, visit=look)
        for _ in frames_at(video, np.arange(12)):
            pass
        assert sum(type(thing) is av.VideoFrame for thing in gc.get_objects()) <= 2
    finally:
        gc.enable()
