"""Frames of a source and of the clip that was seen of it."""

import numpy as np
import pytest

from sm_jax.text.clip_frames import ClipFrames


def clip(step: float, first: int = 10, count: int = 40) -> ClipFrames:
    """A clip at 30 frames a second of a source at 30 × step."""
    return ClipFrames(index=first + np.floor(step * np.arange(count)).astype(int), fps=30.0, start=first / (30 * step))


@pytest.mark.parametrize("step", [1.0, 2.0, 8.0, 0.8])
def test_what_goes_to_the_source_comes_back(step):
    frames = clip(step)
    for start, end in ((0, 40), (0, 1), (3, 17), (39, 40)):
        there = frames.source_span(start, end)
        assert frames.source_span(*frames.clip_span(*there)) == there
        if step >= 1:
            assert frames.clip_span(*there) == (start, end)


def test_the_times_are_those_of_the_source():
    frames = clip(2.0)  # 60 a second from its frame 10 on
    assert frames.seconds(10) == pytest.approx(10 / 60) and frames.seconds(40) == pytest.approx(40 / 60)
    assert frames.nearest(40 / 60) == 15 and frames.source_span(15, 40) == (40, 89)
    assert frames.nearest(-1.0) == 0 and frames.nearest(99.0) == 40


def test_a_span_between_two_frames_is_one_frame():
    assert clip(2.0).clip_span(11, 12) == (1, 2) and clip(2.0).clip_span(200, 300) == (39, 40)
