"""Pictures and films out of a finished video."""

import av
import cv2
import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.export.film import film, stills
from tests.perception.videos import noise, shades, write_video


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return write_video(
        tmp_path_factory.mktemp("film") / "film.mp4", shades(20, (48, 64)), (np.arange(20) / 10).tolist()
    )


def brightness(jpeg: bytes) -> float:
    return float(decoded(jpeg).mean())


def decoded(jpeg: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def test_a_still_is_what_is_shown_then(video):
    found = stills(video, [0.0, 0.55, 0.6, 9.0], width=32)
    expected = [24 + 4 * frame for frame in (0, 5, 6, 19)]
    np.testing.assert_allclose([brightness(jpeg) for jpeg in found], expected, atol=2.5)
    assert decoded(found[0]).shape == (24, 32, 3)


def test_a_small_film_stays_as_it_is(video):
    found = film(video, 1_000_000)
    assert found.content == video.read_bytes() and found.whole and found.seconds == pytest.approx(2, abs=0.2)


def test_a_large_film_becomes_smaller_or_shorter(tmp_path):
    path = write_video(tmp_path / "large.mp4", noise(60, (96, 128)), (np.arange(60) / 10).tolist())
    for most, whole in ((150_000, True), (40_000, False)):
        found = film(path, most, height=48)
        assert path.stat().st_size > most >= 0.7 * len(found.content) and found.whole == whole
        (tmp_path / "small.mp4").write_bytes(found.content)
        with av.open(str(tmp_path / "small.mp4")) as container:
            frames = list(container.decode(video=0))
        assert frames[0].height == 48 and float(frames[-1].time or 0) == pytest.approx(
            min(found.seconds, 5.9), abs=0.11
        )


def test_what_is_no_video(tmp_path):
    (tmp_path / "no.mp4").write_bytes(b"no")
    with pytest.raises(UserError, match="cannot be read"):
        film(tmp_path / "no.mp4", 10)
