import resource
import struct

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image

from sm_jax.errors import UserError
from sm_jax.perception.frames import frames_at, probe
from sm_jax.perception.pictures import list_pictures, read_picture
from tests.perception.videos import shades


def write(folder, names, suffix=".png"):
    folder.mkdir(exist_ok=True)
    for name, picture in zip(names, shades(len(names)), strict=True):
        assert cv2.imwrite(str(folder / f"{name}{suffix}"), picture)
    return folder


def seen(video):
    return [round((float(image[:, :32].mean()) - 20) / 4) for image in frames_at(video, np.arange(video.frames))]


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path):
    folder = write(tmp_path / "f", [f"frame{i}" for i in range(12)])
    (folder / "notes.txt").write_text("mine")
    (folder / "._frame3.png").write_bytes(b"a file manager's")
    write(folder, ["mask"], ".jpg")
    video = probe(folder)
    assert seen(video) == [*range(12)] and (video.width, video.height, video.fps) == (64, 48, 30)
    np.testing.assert_allclose(video.times, np.arange(12) / 30)
    assert "30 a second" in " ".join(video.notes) and "1 pictures of another kind" in " ".join(video.notes)


def test_a_pattern_of_names(tmp_path):
    write(tmp_path / "f", [f"{i:04d}" for i in range(98, 104)])
    write(tmp_path / "f", ["other_0001"])
    assert seen(probe(tmp_path / "f" / "%04d.png")) == [*range(6)]
    assert seen(probe(tmp_path / "f" / "%d.png")) == [*range(6)]
    for pattern in ("%04d.jpg", "x%04d.png", "none.png"):
        with pytest.raises(UserError, match="no such file"):
            probe(tmp_path / "f" / pattern)


def test_a_missing_number_leaves_its_time_free(tmp_path):
    video = probe(write(tmp_path / "f", [f"{i:04d}" for i in (0, 5, 10, 15, 25, 30)]))
    np.testing.assert_allclose(video.times * 30, [0, 1, 2, 3, 5, 6])
    assert "1 numbers are missing between its pictures, first after 0015.png" in " ".join(video.notes)


def test_one_picture_is_a_clip_of_one_frame(tmp_path):
    write(tmp_path / "f", ["a%04d"], ".webp")
    video = probe(tmp_path / "f" / "a%04d.webp")
    assert video.frames == 1 and not video.notes and len(list(frames_at(video, np.array([0, 0])))) == 2


def test_deep_grey_and_transparent_pictures(tmp_path):
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((8, 8), 200 << 8, np.uint16))
    cv2.imwrite(str(tmp_path / "clear.png"), np.full((8, 8, 4), 200, np.uint8))
    for name in ("deep.png", "clear.png"):
        image = read_picture(tmp_path / name)
        assert image.shape == (8, 8, 3) and image.dtype == np.uint8 and abs(int(image[0, 0, 0]) - 200) <= 1


def test_a_photo_is_turned_as_its_metadata_say(tmp_path):
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:24] = 200
    data = cv2.imencode(".jpg", picture)[1].tobytes()
    tag = struct.pack(">HHI", 0x112, 3, 1) + struct.pack(">HH", 6, 0)  # orientation 6: a quarter clockwise
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + tag + bytes(4)
    (tmp_path / "photo.jpg").write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:])
    image = read_picture(tmp_path / "photo.jpg")
    assert image.shape == (64, 48, 3) and image[:, 40:].min() > 150 and image[:, :8].max() < 50


def photo(path, orientation=1, **tags):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif).update({ExifTags.Base[name].value: value for name, value in tags.items()})
    Image.new("RGB", (64, 48)).save(path, exif=exif.tobytes())
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
@pytest.mark.parametrize(
    ("tags", "millimetres"),
    [
        ({"FocalLengthIn35mmFilm": 26, "FocalLength": 4.2}, 26.0),
        # 5 mm before 200 pixels a millimetre of a picture that was 128 wide: 500 pixels of 64, in diagonals of 80.
        (
            {"FocalLength": 5.0, "FocalPlaneXResolution": 2000.0, "FocalPlaneResolutionUnit": 3, "ExifImageWidth": 128},
            500 / 80 * np.hypot(36, 24),
        ),
        ({"FocalLength": 2.0, "FocalPlaneXResolution": 2540.0}, 200 / 80 * np.hypot(36, 24)),
        ({"FocalLengthIn35mmFilm": 0, "FocalLength": 4.2}, None),
        ({"FocalLengthIn35mmFilm": 60000}, None),
        ({"FocalLength": 5.0, "FocalPlaneXResolution": 2000.0, "FocalPlaneResolutionUnit": 77}, None),
        ({}, None),
    ],
)
def test_a_photos_focal_length_is_taken_from_its_metadata(tmp_path, tags, millimetres, suffix):
    focal = probe(photo(tmp_path / f"photo{suffix}", **tags)).focal
    if millimetres is None:
        assert focal is None
    else:
        assert focal == pytest.approx(millimetres / np.hypot(36, 24) * 80, rel=1e-3)


def test_the_focal_length_of_a_turned_photo_is_of_its_diagonal(tmp_path):
    video = probe(photo(tmp_path / "a.jpg", orientation=6, FocalLengthIn35mmFilm=26))
    assert (video.width, video.height) == (48, 64) and video.focal == pytest.approx(26 / np.hypot(36, 24) * 80)


def test_a_folder_has_its_pictures_focal_length(tmp_path):
    for number in range(4):
        photo(tmp_path / f"{number}.jpg", **({} if number == 2 else {"FocalLengthIn35mmFilm": 26}))
    video = probe(tmp_path)
    assert video.focal == pytest.approx(26 / np.hypot(36, 24) * 80) and "focal" not in " ".join(video.notes)
    photo(tmp_path / "4.jpg", FocalLengthIn35mmFilm=52)
    video = probe(tmp_path)
    assert video.focal == pytest.approx(26 / np.hypot(36, 24) * 80) and "26 to 52 mm" in " ".join(video.notes)


def test_damaged_pictures_are_left_out_and_named(tmp_path):
    folder = write(tmp_path / "f", [f"{i}" for i in range(5)])
    (folder / "2.png").write_bytes((folder / "2.png").read_bytes()[:60])
    (folder / "3.png").write_bytes(b"")
    video = probe(folder)
    assert seen(video) == [0, 1, 4] and "2.png" in video.notes[0] and "1 more" in video.notes[0]
    np.testing.assert_allclose(video.times * 30, [0, 1, 4])
    with pytest.raises(UserError, match=r"2.png: not a picture"):
        probe(folder / "2.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no picture in this folder"):
        list_pictures(tmp_path / "empty")


def test_pictures_of_several_shapes_are_refused_at_once(tmp_path):
    folder = write(tmp_path / "f", ["0", "1"])
    cv2.imwrite(str(folder / "2.png"), np.zeros((64, 48, 3), np.uint8))
    with pytest.raises(UserError, match="from 64 x 48 to 48 x 64 at frame 2"):
        probe(folder)


def test_a_chunk_that_is_longer_than_its_file_is_damage(tmp_path):
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((48, 64, 3), np.uint8))
    data = path.read_bytes()
    at = data.index(b"IDAT") - 4
    path.write_bytes(data[:at] + b"\x7f\xff\xff\xff" + data[at + 4 :])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match="not a picture that can be read"):
        read_picture(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 100_000  # KiB


def test_a_picture_that_asks_for_gigabytes_is_refused(tmp_path):
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6 30000 30000 255\n" + bytes(1000))
    with pytest.raises(UserError, match="damaged or too large"):
        read_picture(path)
