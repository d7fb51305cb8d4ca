"""Strips: where what begins and ends, and text that stays text."""

from xml.etree.ElementTree import tostring

import numpy as np
import pytest

from sm_jax.export import timeline
from sm_jax.export.markup import document, tag


def test_text_is_never_markup():
    page = document("<&>", "p > q {}", [tag("p", "a <b> & \x00\ud800", tag("i"), '"c"', title='<"&')])
    assert "<title>&lt;&amp;&gt;</title>" in page and "p > q {}" in page
    assert '<p title="<&quot;&amp;">a &lt;b&gt; &amp; ��<i></i>"c"</p>' in page


def test_equal_neighbours_are_one_span():
    spans = timeline.shades(np.array([0.0, 0.1, 0.9, 1.0, 1.0, 0.5]), "v")
    assert [(round(6 * s.start), round(6 * s.end), s.style) for s in spans] == [
        (0, 2, "v v0"), (2, 5, "v v4"), (5, 6, "v v2")
    ]  # fmt: skip


def test_a_long_clip_is_binned_without_losing_its_end():
    flags = np.zeros(1007, bool)
    flags[-300:] = True
    (span,) = timeline.marked(flags, "on")
    assert span.start == pytest.approx(1 - 300 / 1007, abs=1 / timeline.BINS) and span.end == 1


@pytest.mark.parametrize(
    ("start", "end", "marks"),
    [(0, 1.65, "0 s,0.5 s,1 s,1.5 s"), (7.2, 7.2, "7.2 s"), (10, 70, "10 s,20 s,30 s,40 s,50 s,60 s,70 s")],
)
def test_the_axis_has_round_seconds(start, end, marks):
    ticks = timeline.axis(start, end)[1]
    assert ",".join(tick.text or "" for tick in ticks) == marks


def test_a_curve_fills_from_below():
    drawn = tostring(timeline.curve("sure", np.array([1.0, 0.0]), "a0"), encoding="unicode")
    assert 'd="M0 10 L0.0 0.00 L60.0 0.00 L180.0 10.00 L240.0 10.00 L240 10 Z"' in drawn
