"""Strips over a time axis as HTML and SVG: one row a thing, all rows under one another, as wide as the page is."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

import numpy as np

from sm_jax.export.markup import Child, tag
from sm_jax.types import Array

BINS = 240  # moments that a strip tells apart
LEVELS = 5  # of shade
_TALL = 10.0  # height of a strip in its own units; its width is BINS
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)  # seconds between two marks of an axis
_MOST_MARKS = 8


@dataclasses.dataclass(frozen=True, kw_only=True)
class Span:
    """From a share of the axis to another, in [0, 1], drawn as the style's class of that name. upper, lower: the part
    of the strip's height that it takes.  title: what a pointer is told."""

    start: float
    end: float
    style: str
    upper: float = 0.0
    lower: float = 1.0
    title: str = ""


def shades(values: Array, style: str) -> list[Span]:
    """Values [T] in [0, 1] as spans of LEVELS shades, `style` and a number from 0, equal neighbours joined."""
    level = np.minimum((_binned(values) * LEVELS).astype(int), LEVELS - 1)
    return [Span(start=a, end=b, style=f"{style} {style}{shade}") for a, b, shade in _runs(level)]


def marked(flags: Array, style: str) -> list[Span]:
    """Flags [T], or shares of several in [0, 1], as spans where at least half are set."""
    on = _binned(np.asarray(flags, np.float64)) >= 0.5
    return [Span(start=a, end=b, style=style) for a, b, is_on in _runs(on) if is_on]


def row(label: str, spans: Sequence[Span], note: str = "") -> Element:
    """A strip with its name before it. note: what stands under the name, smaller."""
    drawn = [
        tag(
            "rect",
            tag("title", span.title) if span.title else None,
            x=span.start * BINS,
            y=span.upper * _TALL,
            width=max((span.end - span.start) * BINS, 0.6),
            height=(span.lower - span.upper) * _TALL,
            class_=span.style,
        )
        for span in spans
    ]
    strip = tag("svg", drawn, viewBox=f"0 0 {BINS} {_TALL:g}", preserveAspectRatio="none", class_="strip", role="img")
    return tag("div", _label(label, note), strip, class_="row")


def curve(label: str, values: Array, style: str, note: str = "") -> Element:
    """Values [T] in [0, 1] as an area over the axis."""
    heights = _TALL * (1 - np.clip(_binned(values), 0, 1))
    across = (np.arange(len(heights)) + 0.5) * BINS / len(heights)
    points = [(0.0, heights[0]), *zip(across, heights, strict=True), (float(BINS), heights[-1])]
    path = " L".join(f"{x:.1f} {y:.2f}" for x, y in points)
    area = tag("path", d=f"M0 {_TALL:g} L{path} L{BINS} {_TALL:g} Z", class_=f"area {style}")
    strip = tag("svg", area, viewBox=f"0 0 {BINS} {_TALL:g}", preserveAspectRatio="none", class_="strip", role="img")
    return tag("div", _label(label, note), strip, class_="row")


def axis(start: float, end: float) -> Element:
    """The seconds from `start` to `end` under the strips."""
    length = max(end - start, 1e-9)
    step = next((step for step in _STEPS if length / step <= _MOST_MARKS), _STEPS[-1])
    marks = np.arange(np.ceil(start / step - 1e-6), np.floor(end / step + 1e-6) + 1) * step + 0.0
    ticks = [tag("span", f"{mark:.4g} s", style=f"left:{100 * (mark - start) / length:.2f}%") for mark in marks]
    return tag("div", _label("", ""), tag("div", ticks, class_="ticks"), class_="row axis")


def _label(label: str, note: str) -> Child:
    return tag("div", label, tag("small", note) if note else None, class_="label")


def _binned(values: Array) -> np.ndarray:
    """Means of values [T] over at most BINS equal parts."""
    values = np.asarray(values, np.float64)
    if len(values) <= BINS:
        return values
    edges = np.linspace(0, len(values), BINS + 1).astype(int)
    return np.add.reduceat(values, edges[:-1]) / np.diff(edges)


def _runs(values: np.ndarray) -> Iterator[tuple[float, float, int]]:
    """Where equal values begin and end, as shares of all, and the value."""
    edges = [0, *(1 + np.flatnonzero(np.diff(values.astype(int)))).tolist(), len(values)]
    for start, end in itertools.pairwise(edges):
        yield start / len(values), end / len(values), int(values[start])
