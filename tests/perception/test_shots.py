"""Cuts are found, and nothing else is taken for one."""

import cv2
import numpy as np
import pytest

from sm_jax.perception.frames import probe, read_frames
from sm_jax.perception.shots import Cuts
from sm_jax.perception.video import VideoShot
from tests.perception.videos import write_video


def room(seed, size=(90, 160)):
    """A picture with soft contrasts of its own."""
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.integers(30, 220, (9, 16, 3), dtype=np.uint8), size[::-1], interpolation=cv2.INTER_CUBIC)


def shots(pictures):
    cuts = Cuts()
    for number, picture in enumerate(pictures):
        cuts.visit(number, None, lambda size: cv2.resize(picture, size, interpolation=cv2.INTER_AREA))  # noqa: B023
    return cuts.shots(len(pictures))


def walk(picture, count, start=0):
    """Frames in which somebody two thirds as high as the picture walks through it."""
    frames = [picture.copy() for _ in range(count)]
    for i, frame in enumerate(frames):
        frame[30:90, 4 * (start + i) : 4 * (start + i) + 25] = (200, 30, 60)
    return frames


def test_cuts_are_found_at_their_frames():
    first, second, third = room(1), room(2), room(3)
    assert shots(walk(first, 20)) == [VideoShot(0, 20)]
    assert shots(walk(first, 12) + walk(second, 9) + walk(third, 7)) == [
        VideoShot(0, 12),
        VideoShot(12, 21),
        VideoShot(21, 28),
    ]
    mixed = np.rint(0.5 * first + 0.5 * second).astype(np.uint8)  # of a conversion of rates
    assert len(shots([first] * 10 + [mixed] + [second] * 10)) == 2
    assert shots([first] * 3) == [VideoShot(0, 3)]


def test_lights_flashes_sweeps_and_people_before_a_wall_are_no_cuts():
    picture = room(1)
    assert len(shots([frame // 3 for frame in walk(picture, 10)] + walk(picture, 10, 10))) == 1
    assert len(shots([*walk(picture, 10), np.full_like(picture, 250), *walk(picture, 10, 11)])) == 1
    wide = np.concatenate([room(seed) for seed in range(8)], axis=1)
    sweep = [wide[:, x : x + 160] for x in [0] * 6 + list(range(0, 1120, 56)) + [1120] * 6]
    assert len(shots(sweep)) == 1
    wall = np.full((90, 160, 3), 120, np.uint8)
    assert len(shots(walk(wall, 30))) == len(shots([wall // 20 * i for i in range(20)])) == 1


def test_a_shot_is_read_at_its_own_times(tmp_path):
    """While the file is probed; its frames count from the shot's first."""
    cuts, pictures = Cuts(), walk(room(1), 14) + walk(room(2), 10)
    video = probe(write_video(tmp_path / "v.mp4", pictures, [i / 60 for i in range(24)]), visit=cuts.visit)
    first, second = cuts.shots(video.frames)
    assert second == VideoShot(14, 24)
    frames = list(read_frames(video, 30.0, second))
    assert [frame.index for frame in frames] == [14, 16, 18, 20, 22, 23]
    assert [frame.time for frame in frames][:2] == pytest.approx([0, 1 / 30])
    assert np.abs(frames[0].image.astype(int) - pictures[14]).mean() < 6
    assert [frame.index for frame in read_frames(video, 30.0, first)][-1] == 13
