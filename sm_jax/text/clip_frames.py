"""How frames are counted. What people read and write (files, options, `Description`) counts the frames of the source
video, from 0; networks and describers count those of the observation, 30 a second. A span holds its `start` and not its
`end` in both, and is in seconds where its frames' times are."""

import dataclasses
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from sm_jax.types import Contact, Description, Phase

_Span = TypeVar("_Span", Phase, Contact)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClipFrames:
    """The frames of a clip in its source. index: [T] the source's frame of each, never falling.  fps: of the clip.
    start: seconds of the first frame since the source's first."""

    index: np.ndarray
    fps: float
    start: float = 0.0

    @property
    def bounds(self) -> tuple[int, int]:
        """The source's frames that the clip shows, as a span."""
        return int(self.index[0]), int(self.index[-1]) + 1

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """A span of the clip -> the same in the source's frames."""
        edges = np.append(self.index, self.bounds[1])
        first, last = (int(edges[np.clip(frame, 0, len(self.index))]) for frame in (start, end))
        return first, max(last, first + 1)

    def clip_span(self, start: int, end: int) -> tuple[int, int]:
        """A span of the source's frames -> the same in the clip's, one frame at least. What `source_span` gave comes
        back, but for frames that the clip shows twice."""
        first, last = (int(frame) for frame in np.searchsorted(self.index, (start, end)))
        first = min(first, len(self.index) - 1)
        return first, max(last, first + 1)

    def nearest(self, seconds: float) -> int:
        """The frame of the clip, or its end, at a time of the source."""
        return int(np.clip(np.rint((seconds - self.start) * self.fps), 0, len(self.index)))

    def seconds(self, frame: int) -> float:
        """When a frame of the source is shown, or the last one ends."""
        frames, first = np.unique(np.append(self.index, self.bounds[1]), return_index=True)
        return self.start + float(np.interp(frame, frames, first)) / self.fps

    def in_source(self, description: Description) -> Description:
        """A description in the clip's frames -> in the source's."""
        return _with_spans(description, self.source_span)

    def in_clip(self, description: Description) -> Description:
        """A description in the source's frames -> in the clip's."""
        return _with_spans(description, self.clip_span)


def _with_spans(description: Description, span: Callable[[int, int], tuple[int, int]]) -> Description:
    def moved(item: _Span) -> _Span:
        start, end = span(item.start, item.end)
        return dataclasses.replace(item, start=start, end=end)

    return dataclasses.replace(
        description,
        phases=tuple(moved(phase) for phase in description.phases),
        contacts=tuple(moved(contact) for contact in description.contacts),
    )
