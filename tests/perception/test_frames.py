import struct

import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.perception.frames import frames_at, probe, read_frames
from tests.perception.videos import shades, write_sound, write_video


def shade(image: np.ndarray) -> int:
    """Which of `shades` a decoded picture is."""
    return round((float(image[:, : image.shape[1] // 2].mean()) - 20) / 4)


def test_a_faster_source_is_thinned_out(tmp_path):
    path = write_video(tmp_path / "v.mp4", shades(12), [i / 60 for i in range(12)])
    frames = list(read_frames(path, 30.0))
    assert [frame.index for frame in frames] == [0, 2, 4, 6, 8, 10]
    assert [shade(frame.image) for frame in frames] == [0, 2, 4, 6, 8, 10]
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(6) / 30, atol=1e-3)


def test_a_slower_source_passes_without_duplicates(tmp_path):
    path = write_video(tmp_path / "v.mp4", shades(5), [i / 10 for i in range(5)])
    assert [frame.index for frame in read_frames(path, 30.0)] == [0, 1, 2, 3, 4]


def test_uneven_times_give_the_nearest_frames(tmp_path):
    path = write_video(tmp_path / "v.mp4", shades(6), [0.0, 0.01, 0.095, 0.105, 0.19, 0.31])
    frames = list(read_frames(path, 10.0))
    # The grid 0, .1, .2, .3: .095 and .105 are as near to .1, and the first of them is taken.
    assert [frame.index for frame in frames] in ([0, 2, 4, 5], [0, 3, 4, 5])


def test_frames_at_repeats_and_skips(tmp_path):
    path = write_video(tmp_path / "v.mp4", shades(6), [i / 30 for i in range(6)])
    assert [shade(image) for image in frames_at(path, np.array([0, 2, 2, 5]))] == [0, 2, 2, 5]


def test_rotation_in_the_metadata_is_honoured(tmp_path):
    path = write_video(tmp_path / "v.mp4", shades(3, size=(32, 64)), [0.0, 0.1, 0.2])
    data = path.read_bytes()
    identity = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    at = data.index(identity, data.index(b"tkhd"))
    # Shown turned a quarter clockwise: x' = -y, y' = x, as a phone held upright writes it.
    turned = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 32 << 16, 0, 1 << 30)
    path.write_bytes(data[:at] + turned + data[at + 36 :])
    video = probe(path)
    image = next(read_frames(path, 30.0)).image
    assert (video.width, video.height) == (32, 64) and image.shape == (64, 32, 3)
    assert image[:20].mean() < image[-20:].mean() - 4  # the darker left half is on top now


def test_probe_tells_size_rate_and_length(tmp_path):
    video = probe(write_video(tmp_path / "v.mp4", shades(9), [i / 30 for i in range(9)]))
    assert (video.width, video.height, video.frames) == (64, 32, 9)
    assert video.fps == pytest.approx(30, rel=0.15)


def test_bad_files_get_one_line(tmp_path):
    text, cut, sound = tmp_path / "text.mp4", tmp_path / "cut.mp4", write_sound(tmp_path / "sound.mp4")
    text.write_text("not a video\n" * 100)
    whole = write_video(tmp_path / "v.mp4", shades(9), [i / 30 for i in range(9)]).read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    for path, words in (
        (tmp_path / "none.mp4", "no such file"),
        (text, "not a video"),
        (cut, "not a video"),
        (sound, "no video stream"),
        (write_video(tmp_path / "empty.mp4", shades(1), [0.0]), None),
    ):
        if words is None:
            assert len(list(read_frames(path, 30.0))) == 1
            continue
        with pytest.raises(UserError, match=words) as error:
            probe(path)
        assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_file_without_frames_is_refused(tmp_path):
    import av

    path = tmp_path / "empty.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuvj420p"
        container.start_encoding()
    with pytest.raises(UserError, match=r"no video frame|not a video|cannot be decoded"):
        probe(path)
