"""Where a video is cut, from small pictures of all its frames in the one pass that finds out their times.

A cut is where pictures before and after have little in common, and a step between them is far greater than those on
either side. Contrasts are compared, not brightness, so that a light that goes on is none; pictures some frames apart,
so that a flash is none, and a cut with a mixed frame between is one. Sweeps of the camera, and dancers before an empty
wall, change as much on either side. Fades are not found.
"""

import collections
import itertools
from collections.abc import Callable

import cv2
import numpy as np

from sm_jax.perception.video import VideoShot

_SIZE = (48, 27)  # pixels, width and height, whatever the picture's shape
_BLUR = 9  # pixels over which brightness is evened out
_NOISE = 2.0  # levels of contrast that are nothing
_CUT = 0.4  # difference of two pictures, 0 for equal ones and about 1 for strange ones, from which on it is a cut
_ABRUPT = 3.0  # times as much as on either side changes in one step of a cut


class Cuts:
    """Looks for cuts while a video is probed (see `frames.probe`'s `visit`). It keeps two numbers a frame."""

    def __init__(self) -> None:
        self._recent: collections.deque[np.ndarray] = collections.deque(maxlen=5)
        self._change: list[float] = []  # from each frame to the next
        self._across: list[float] = []  # from two frames before each frame to two after it, the least

    def visit(self, number: int, stamp: float | None, picture: Callable[[tuple[int, int] | None], np.ndarray]) -> None:
        """Take down a frame."""
        recent = self._recent
        recent.append(_contrasts(picture(_SIZE)))
        if len(recent) > 1:
            self._change.append(_difference(recent[-2], recent[-1]))
        if len(recent) == 5:
            self._across.append(min(_difference(a, b) for a in list(recent)[:2] for b in list(recent)[3:]))

    def shots(self, frames: int) -> list[VideoShot]:
        """The shots of a video of so many frames, in order."""
        change, across = np.array(self._change), np.array(self._across)
        middle = np.arange(2, 2 + len(across), dtype=int)
        step, sides = (np.maximum(change[middle + a], change[middle + b]) for a, b in ((-1, 0), (-2, 1)))
        strange = (across > _CUT) & (step > _ABRUPT * sides)
        starts = []
        for run in np.split(middle[strange], np.flatnonzero(np.diff(middle[strange]) > 1) + 1):
            if len(run):
                steps = np.arange(run[0] - 1, run[-1] + 1)
                starts.append(int(steps[change[steps].argmax()]) + 1)
        edges = [0, *starts, frames]
        return [VideoShot(a, b) for a, b in itertools.pairwise(edges)]


def _contrasts(picture: np.ndarray) -> np.ndarray:
    """A small picture without its brightness, of about unit length where it has any contrast."""
    grey = picture.astype(np.float32)
    grey -= cv2.blur(grey, (_BLUR, _BLUR))
    return grey / np.sqrt(np.square(grey).sum() + grey.size * _NOISE**2)


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(0.5 * np.square(a - b).sum())
