"""Videos as they come: one frame for each that exists, at its own time; what is wrong is found at once and told."""

import shutil
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.perception.frames import frames_at, probe, read_ahead, read_frames
from sm_jax.perception.video import Video
from tests.perception.videos import noise, shades, write_sound, write_video


def shade(image: np.ndarray) -> int:
    """Which of `shades` a decoded picture is."""
    return round((float(image[:, : image.shape[1] // 2].mean()) - 20) / 4)


def shown(video: Video) -> list[int]:
    """Which of `shades` all frames are, each of the declared size."""
    images = list(frames_at(video, np.arange(video.frames)))
    assert len(images) == video.frames and {image.shape for image in images} == {(video.height, video.width, 3)}
    return [shade(image) for image in images]


def even(count, fps):
    return [i / fps for i in range(count)]


SLOW_THEN_FAST = [i / 15 for i in range(10)] + [10 / 15 + i / 60 for i in range(11)]


@pytest.mark.parametrize(
    ("name", "times", "fps", "write"),
    [
        ("c.mp4", even(64, 60), 60, {}),
        ("c.mov", even(51, 120), 120, {"container_options": {"movflags": "faststart"}}),
        ("v.mkv", SLOW_THEN_FAST, 20 / SLOW_THEN_FAST[-1], {}),
        ("v.mp4", SLOW_THEN_FAST, 20 / SLOW_THEN_FAST[-1], {}),
        ("ms.webm", even(30, 60), 60, {"codec": "libvpx", "clock": Fraction(1, 1000)}),
        ("g.gif", [0.0, 0.1, 0.4, 0.5], 3 / 0.5, {"codec": "gif", "pix_fmt": "rgb8", "clock": Fraction(1, 100)}),
        ("a.ts", even(12, 30), 30, {}),
        ("a.flv", even(12, 30), 30, {}),
        ("a.avi", even(12, 30), 30, {"codec": "mpeg4", "clock": Fraction(1, 30), "options": {"bf": "2"}}),
        ("ntsc.mp4", even(40, 30000 / 1001), 30000 / 1001, {"clock": Fraction(1001, 30000)}),
        ("ten.mkv", even(5, 30), 30, {"codec": "ffv1", "pix_fmt": "yuv420p10le"}),
        ("one.mp4", [0.0], 60, {}),
    ],
)
def test_every_frame_once_at_its_own_time(tmp_path, name, times, fps, write):
    video = probe(write_video(tmp_path / name, shades(len(times)), times, **write))
    assert video.frames == len(times) and (video.width, video.height) == (64, 48)
    np.testing.assert_allclose(video.times, np.array(times) - times[0], atol=1e-3)
    assert video.fps == pytest.approx(fps, rel=2e-3)
    np.testing.assert_allclose(shown(video), np.arange(len(times)) % 50, atol=1)  # some codecs blur shades


def test_a_faster_source_is_thinned_out_and_a_slower_one_is_not(tmp_path):
    video = probe(write_video(tmp_path / "v.mp4", shades(12), even(12, 60)))
    frames = list(read_frames(video, 30.0))
    assert [frame.index for frame in frames] == [0, 2, 4, 6, 8, 10, 11]
    assert [shade(frame.image) for frame in frames] == [0, 2, 4, 6, 8, 10, 11]
    np.testing.assert_allclose([frame.time for frame in frames], [*np.arange(6) / 30, 11 / 60], atol=1e-3)
    slow = probe(write_video(tmp_path / "s.mp4", shades(5), even(5, 10)))
    assert [frame.index for frame in read_frames(slow, 30.0)] == [0, 1, 2, 3, 4]


def test_frames_at_repeats_and_skips(tmp_path):
    video = probe(write_video(tmp_path / "v.mp4", shades(6), even(6, 30)))
    assert [shade(image) for image in frames_at(video, np.array([0, 2, 2, 5]))] == [0, 2, 2, 5]
    assert list(frames_at(video, np.array([], int))) == []


def test_recordings_one_after_the_other_are_read_to_the_end(tmp_path):
    once = write_video(tmp_path / "a.ts", shades(20), even(20, 30)).read_bytes()
    (tmp_path / "aa.ts").write_bytes(once + once)
    video = probe(tmp_path / "aa.ts")
    assert video.frames == 40 and shown(video) == [*range(20), *range(20)]
    np.testing.assert_allclose(video.times, even(40, 30), atol=1e-3)
    assert "run back" in " ".join(video.notes)


def test_frames_out_of_order_in_avi_are_placed_in_order(tmp_path):
    path = write_video(tmp_path / "b.avi", shades(30), even(30, 30), clock=Fraction(1, 30), rate=30)
    video = probe(path)
    assert shown(video) == [*range(30)] and "out of order" in video.notes[0]
    np.testing.assert_allclose(video.times, even(30, 30), atol=1e-3)


def test_no_timestamps_and_no_count(tmp_path):
    video = probe(write_video(tmp_path / "raw.h264", shades(12), even(12, 30), format="h264"))
    assert shown(video) == [*range(12)] and "no timestamps" in video.notes[0]
    path = write_video(
        tmp_path / "live.webm", shades(12), even(12, 30), codec="libvpx", container_options={"live": "1"}
    )
    np.testing.assert_allclose(shown(probe(path)), range(12), atol=1)


def test_what_a_file_lacks_is_counted(tmp_path):
    """Cut off in the middle: each container tells in its own way how many frames there should be."""
    codecs = {"a.mov": "libx264", "a.mkv": "libx264", "a.avi": "mpeg4", "a.webm": "libvpx", "a.flv": "libx264"}
    for name, codec in codecs.items():
        path = tmp_path / name
        how: dict[str, Any] = {"codec": codec, "clock": Fraction(1, 3000), "rate": 30, "options": {"g": "5"}}
        how |= {"container_options": {"movflags": "faststart"}} if name == "a.mov" else {}
        write_video(path, noise(50), even(50, 30), **how)
        assert not probe(path).notes, name
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
        video = probe(path)
        assert 20 < video.frames < 45, name
        declared = int(video.notes[-1].split(" of ")[1].split()[0])
        assert abs(declared - 50) <= 3 and f"{declared - video.frames} missing" in video.notes[-1], (name, video.notes)
        assert len(list(frames_at(video, np.arange(video.frames)))) == video.frames


@pytest.mark.parametrize(
    ("name", "codec"), [("m.mp4", "libx264"), ("m.ts", "libx264"), ("m.mkv", "libx264"), ("m.webm", "libvpx")]
)
def test_damage_in_the_middle_costs_only_what_it_hits(tmp_path, name, codec):
    path = write_video(tmp_path / name, noise(50), even(50, 30), codec=codec, rate=30, options={"g": "5"})
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4000] = bytes(4000)
    path.write_bytes(data)
    video = probe(path)
    assert 40 <= video.frames < 50  # two groups of five pictures at most
    assert video.times[-1] == pytest.approx(49 / 30, abs=0.01) and video.notes
    for _ in range(3):
        assert len(list(frames_at(video, np.arange(video.frames)))) == video.frames


def test_a_changing_shape_is_refused_at_once_and_a_changing_size_is_scaled(tmp_path):
    small = write_video(tmp_path / "a.ts", shades(10), even(10, 30)).read_bytes()
    upright = write_video(tmp_path / "b.ts", shades(10, (64, 48)), even(10, 30)).read_bytes()
    (tmp_path / "turned.ts").write_bytes(small + upright)
    with pytest.raises(UserError, match=r"from 64 x 48 to 48 x 64 at frame 10 \(0.33 s\)"):
        probe(tmp_path / "turned.ts")
    large = write_video(tmp_path / "c.ts", shades(10, (96, 128)), even(10, 30)).read_bytes()
    (tmp_path / "grown.ts").write_bytes(small + large)
    video = probe(tmp_path / "grown.ts")
    assert (video.width, video.height) == (128, 96) and shown(video) == [*range(10), *range(10)]
    assert any("scaled to 128 x 96 in 10 of 20" in note for note in video.notes)


def test_names_that_look_like_something_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_video(tmp_path / "x.mp4", shades(3), even(3, 30))
    no_text = b"\xff\xfe.mp4".decode("utf-8", "surrogateescape")
    for name in ("2024-01-01T12:30:00.mp4", "http:x.mp4", "-x.mp4", "%04d.mp4", "a b?#.mp4", no_text):
        shutil.copy(path, tmp_path / name)
        assert probe(Path(name)).frames == probe(tmp_path / name).frames == 3, name


def test_bad_files_get_one_line(tmp_path):
    whole = write_video(tmp_path / "v.mp4", shades(9), even(9, 30)).read_bytes()
    files = {
        "text.mp4": (b"not a video\n" * 100, "not a video"),
        "text.txt": (b"not a video\n" * 100, "no video stream"),
        "cut.mp4": (whole[: len(whole) // 2], "not a video"),
        "empty.mp4": (b"", "not a video"),
    }
    for name, (content, _) in files.items():
        (tmp_path / name).write_bytes(content)
    write_sound(tmp_path / "sound.mp4")
    with av.open(str(tmp_path / "none.avi"), "w") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuvj420p"
        container.start_encoding()
    words = {name: word for name, (_, word) in files.items()}
    words |= {"sound.mp4": "no video stream", "none.avi": "no video|not a video", "gone.mp4": "no such file"}
    for name, word in words.items():
        with pytest.raises(UserError, match=word) as error:
            probe(tmp_path / name)
        assert str(tmp_path / name) in str(error.value) and "\n" not in str(error.value)


def test_a_file_that_shrinks_while_it_is_read_is_named(tmp_path):
    path = write_video(tmp_path / "v.ts", shades(30), even(30, 30))
    video = probe(path)
    write_video(path, shades(10), even(10, 30))
    with pytest.raises(UserError, match="frame 29 is gone, 10 are there"):
        list(frames_at(video, np.array([0, 29])))


def test_reading_ahead_changes_nothing_but_the_thread():
    made, threads = [], set()

    def items(count):
        for number in range(count):
            made.append(number)
            threads.add(threading.get_ident())
            yield number

    ahead = read_ahead(items(50))
    assert next(ahead) == 0
    assert list(ahead) == list(range(1, 50)) and threading.get_ident() not in threads and len(threads) == 1
    made.clear()
    ahead = read_ahead(items(50))
    next(ahead)
    ahead.close()
    assert len(made) < 8, "no more is made than was asked for, and a few"


def test_a_fault_while_reading_ahead_comes_where_it_belongs():
    def items():
        yield 1
        raise UserError("the third is gone")

    ahead = read_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(UserError, match="third"):
        next(ahead)


@pytest.mark.parametrize(("written", "diagonals"), [("26", 26 / 43.2666), ("0", None), ("f/1.8", None), (None, None)])
def test_a_phones_focal_length_is_taken_from_the_file(tmp_path, written, diagonals):
    def tag(stream: av.VideoStream) -> None:
        if written is not None:
            stream.container.metadata["com.apple.quicktime.camera.focal_length.35mm_equivalent"] = written

    options = {"movflags": "use_metadata_tags"}
    path = write_video(tmp_path / "v.mov", shades(2), [0.0, 0.1], setup=tag, container_options=options)
    focal = probe(path).focal
    assert focal is None if diagonals is None else focal == pytest.approx(diagonals * 80, rel=1e-4)
