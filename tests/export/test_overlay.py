"""overlay.mp4 plays: H.264, even sides, one picture a frame, at the motion's rate; both panels show the bodies."""

import dataclasses

import av
import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.export.overlay import save_overlay

GREY = np.full((200, 240, 3), 90, np.uint8)


@pytest.fixture(scope="module")
def video(body, content, tmp_path_factory):
    path, done = tmp_path_factory.mktemp("overlay") / "overlay.mp4", []
    save_overlay(path, iter([GREY] * 7), body, content, done.append)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return path, done, stream.codec_context, stream.average_rate, frames


def test_plays_everywhere(video):
    path, done, codec, rate, frames = video
    assert codec.name == "h264" and codec.pix_fmt == "yuv420p"
    assert (codec.width, codec.height) == (240 + 200, 200) and rate == 25
    assert len(frames) == 7 and done == list(range(1, 8))
    assert list(path.parent.iterdir()) == [path]


def test_both_panels_show_both_people(video):
    frame = video[-1][0].astype(int)
    for panel in (frame[:170, :240], frame[:170, 240:]):  # without the legend
        blue, orange = panel[..., 2] > panel[..., 0] + 40, panel[..., 0] > panel[..., 2] + 40
        assert blue.mean() > 0.01 and orange.mean() > 0.01
    left = frame[:170, :240]
    columns = [np.nonzero(mask.any(0))[0].mean() for mask in (
        left[..., 2] > left[..., 0] + 40, left[..., 0] > left[..., 2] + 40
    )]  # fmt: skip
    assert columns[0] < columns[1], "person 0 stands on the left"
    assert abs(frame[5, 5] - 90).max() < 8, "the input shows through elsewhere"


def test_uneven_frames_are_shown_at_their_times(body, uneven, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_overlay("12:30.mp4", [GREY] * 7, body, uneven)  # a name that looks like an address
    with av.open(str(tmp_path / "12:30.mp4")) as container:
        times = [float(frame.time) for frame in container.decode(video=0)]
    np.testing.assert_allclose(np.array(times) - times[0], uneven.time - 3, atol=1e-3)


def test_infilled_parts_are_lighter(body, content, tmp_path):
    """The same frame with every joint infilled is paler."""
    means = []
    for name, infilled in (("seen", False), ("made_up", True)):
        changed = dataclasses.replace(content, infilled=np.full_like(content.infilled, infilled))
        save_overlay(tmp_path / f"{name}.mp4", [GREY] * 7, body, changed)
        with av.open(str(tmp_path / f"{name}.mp4")) as container:
            frame = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
        means.append(np.ptp(frame[:170], axis=-1).mean())
    assert means[1] < 0.6 * means[0]


def test_too_few_frames_leave_no_file(body, content, tmp_path):
    with pytest.raises(UserError, match="gave 3 frames, the motion has 7"):
        save_overlay(tmp_path / "overlay.mp4", [GREY] * 3, body, content)
    assert not list(tmp_path.iterdir())


def test_frames_of_another_video_are_refused(body, content, tmp_path):
    with pytest.raises(UserError, match="240 x 200"):
        save_overlay(tmp_path / "overlay.mp4", [GREY[:100]] * 7, body, content)


def first_picture(path) -> np.ndarray:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)


@pytest.fixture
def before(content):
    """Person 0 farther to the left, by 22 pixels."""
    aside = np.zeros_like(content.motion.pelvis)
    aside[0, :, 0] = -0.3
    motion = dataclasses.replace(content.motion, pelvis=content.motion.pelvis + aside)
    return dataclasses.replace(content, motion=motion)


def blue(picture: np.ndarray) -> np.ndarray:
    return picture[30:170, :, 2] > picture[30:170, :, 0] + 40  # without titles and legend


def test_before_and_after_stand_side_by_side(body, content, before, tmp_path):
    save_overlay(tmp_path / "compared.mp4", [GREY] * 7, body, content, before=before, compare=True)
    picture = first_picture(tmp_path / "compared.mp4")
    assert picture.shape == (200, 480, 3)
    left, right = (np.nonzero(blue(half).any(0))[0].min() for half in (picture[:, :240], picture[:, 240:]))
    assert 17 < right - left < 27 and abs(picture[35, 245] - 90).max() < 8  # over the input, both


def test_the_first_estimate_is_outlined(body, content, before, video, tmp_path):
    save_overlay(tmp_path / "outlined.mp4", [GREY] * 7, body, content, before=before, outline=True)
    outlined, plain = first_picture(tmp_path / "outlined.mp4"), video[-1][0].astype(int)
    changed = np.abs(outlined - plain)[:170].max(axis=-1) > 60
    aside = np.nonzero(blue(plain[:, :240]).any(0))[0].min() - np.nonzero(changed[:, :240].any(0))[0].min()
    assert 15 < aside < 30 and 0.002 < changed.mean() < 0.06
    assert not changed[:, 245:].any(), "the second viewpoint has none"


def test_skin_that_touches_is_green(body, content, tmp_path):
    pelvis = np.array(content.motion.pelvis)
    pelvis[1] = pelvis[0] + [0.2, 0, 0]
    near = dataclasses.replace(content, motion=dataclasses.replace(content.motion, pelvis=pelvis))
    shares = []
    for contacts in (False, True):
        save_overlay(tmp_path / "touching.mp4", [GREY] * 7, body, near, contacts=contacts)
        picture = first_picture(tmp_path / "touching.mp4")[:170]
        shares.append((picture[..., 1] > np.maximum(picture[..., 0], picture[..., 2]) + 40).mean())
    assert shares[0] == 0 and shares[1] > 3e-4
