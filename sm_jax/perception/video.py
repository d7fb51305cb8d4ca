"""A video as the list of its frames' times: no other rate is assumed anywhere.

Timestamps come as files have them: late, negative, permuted, repeated, jumping, running backwards where two recordings
were joined, or not at all. `sound_times` makes of them ascending seconds, one for each frame, and says in words what it
did not believe.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

USUAL_FPS = 30.0  # where nothing else is known
LONGEST_GAP = 10.0  # seconds between two frames; a longer one is an error of the timestamps, or a cut
_HOLE = 1.0  # seconds without a frame that are worth a word
_WINDOW = 16  # frames: as far as decoders put frames out of order
_STEPS = (1e-3, LONGEST_GAP)  # seconds: a typical step outside is not a rate
_STEADY = 0.8  # share of equal steps that makes the others exceptions
_TICK = 1e-3  # seconds: the coarsest clock that containers use for a steady rate


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Video:
    """path: a file, a folder of pictures, or a pattern of their names.  width, height: of the upright picture of square
    pixels.  times: [N] ascending seconds since the first frame, one for each frame that can be decoded.  fps: its
    steady rate where it has one, else the mean.  notes: what the user should know, a line each.  files: the pictures,
    where it is made of them.  interlaced: whether any frame is.  has_pictures: False where only the times are known,
    because the file itself is not at hand.  focal: focal length in pixels, where the file tells it.
    """

    path: Path
    width: int
    height: int
    times: np.ndarray
    fps: float
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    interlaced: bool = False
    has_pictures: bool = True
    focal: float | None = None

    @property
    def frames(self) -> int:
        """How many frames it holds."""
        return len(self.times)


@dataclasses.dataclass(frozen=True)
class VideoShot:
    """The frames of a video from `first` up to, and without, `end`."""

    first: int
    end: int


def nearest_frames(times: np.ndarray, fps: float) -> np.ndarray:
    """Ascending frames [n] that are the nearest in time to some point of the grid 0, 1/fps, 2/fps …, and the last one.

    A faster source is thinned out; one that is slower is taken as it is, without duplicates.
    """
    middles = 0.5 * (times[1:] + times[:-1])
    grid = np.arange(int(np.floor(times[-1] * fps + 1e-6)) + 1) / fps
    return np.unique(np.append(np.searchsorted(middles, grid - 1e-9), len(times) - 1))


def steady_rate(times: np.ndarray, declared: Sequence[float] = ()) -> float:
    """Frames a second: the first declared rate that all times obey, to a millisecond's tick, else their mean rate."""
    if len(times) < 2:
        return next((rate for rate in declared if _is_rate(rate)), USUAL_FPS)
    mean = (len(times) - 1) / float(times[-1] - times[0])
    for rate in (*declared, float(round(mean)), round(mean * 1.001) / 1.001):
        if _is_rate(rate) and np.abs(times - times[0] - np.arange(len(times)) / rate).max() <= _TICK:
            return rate
    return mean


def sound_times(stamps: Sequence[float | None], declared: float | None) -> tuple[np.ndarray, list[str]]:
    """Timestamps of frames in the order they are shown -> strictly ascending seconds [N] since the first, and notes.

    declared: the rate that the file states, for where its timestamps are of no use. Stamps that are only out of order
    are sorted, repeated ones are spread evenly up to the next, and where they run back or leap by more than
    LONGEST_GAP, the next frame follows after a typical step.
    """
    raw = np.array([np.nan if stamp is None else stamp for stamp in stamps], np.float64)
    missing = int(np.isnan(raw).sum())
    if len(raw) - missing < min(2, len(raw)):
        rate = declared if declared and _is_rate(declared) else USUAL_FPS
        return np.arange(len(raw)) / rate, [f"has no timestamps: taken as {rate:.4g} frames a second"]
    faults = [f"are missing ({missing} of {len(raw)})"] if missing else []
    if abs(raw[~np.isnan(raw)][0]) > _HOLE:
        faults.append(f"start at {raw[~np.isnan(raw)][0]:.2f} s")
    raw, told = _without_strays(_filled(raw))
    faults += told
    parts = np.split(raw, _breaks(raw))
    if len(parts) > 1:
        faults.append(_told_breaks(parts))
    if any((np.diff(part) < 0).any() for part in parts):
        faults.append("are out of order")
    parts = [np.sort(part) for part in parts]
    parts = [piece for part in parts for piece in np.split(part, np.flatnonzero(np.diff(part) > LONGEST_GAP) + 1)]
    repeated = sum(int((np.diff(part) <= 0).sum()) for part in parts)
    if repeated:
        faults.append(f"repeat ({repeated} of {len(raw)})")
    usual = _typical_step(parts)
    step = usual if _is_rate(1 / usual) else 1 / (declared if declared and _is_rate(declared) else USUAL_FPS)
    if 0 < usual < _STEPS[0]:
        faults.append(f"are {usual:.2g} s apart")
        parts = [step * np.arange(len(part)) for part in parts]
    times = _joined([_spread(part, step) for part in parts], step)
    notes = [f"its timestamps {', '.join(faults)}: mended, and counted from the first frame"] if faults else []
    return times, notes + _holes(times, step)


def _is_rate(rate: float) -> bool:
    return 1 / _STEPS[1] <= rate <= 1 / _STEPS[0]


def _filled(raw: np.ndarray) -> np.ndarray:
    """Missing stamps interpolated, and carried on beyond the ends."""
    known = np.flatnonzero(~np.isnan(raw))
    filled = np.interp(np.arange(len(raw)), known, raw[known])
    steps = np.diff(raw[known]) / np.diff(known)
    step = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    filled[: known[0]] -= step * np.arange(known[0], 0, -1)
    filled[known[-1] + 1 :] += step * np.arange(1, len(raw) - known[-1])
    return filled


def _without_strays(raw: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Single stamps far from both neighbours, which agree with each other, are put between these."""
    if len(raw) < 3:
        return raw, []
    before, after = np.diff(raw)[:-1], np.diff(raw)[1:]
    usual = max(float(np.median(np.abs(np.diff(raw)))), _STEPS[0])
    across = raw[2:] - raw[:-2]
    far = np.minimum(np.abs(before), np.abs(after)) > _WINDOW * usual
    stray = 1 + np.flatnonzero(far & (before * after < 0) & (across > 0) & (across <= 4 * usual))
    mended = raw.copy()
    mended[stray] = 0.5 * (raw[stray - 1] + raw[stray + 1])
    return mended, [f"go astray ({len(stray)} of {len(raw)})"] * bool(len(stray))


def _breaks(raw: np.ndarray) -> list[int]:
    """Where the stamps leap too far, or run back and do not return: frames that begin a new part."""
    usual = float(np.median(np.abs(np.diff(raw)))) if len(raw) > 1 else 0.0
    found, high = [], raw[0]
    for frame, stamp in enumerate(raw.tolist()):
        behind = stamp < high and not (raw[frame + 1 : frame + 1 + _WINDOW] > high).any()
        again = (np.abs(raw[max(0, frame - _WINDOW) : frame] - stamp) < 0.25 * usual).any()
        if stamp - high > LONGEST_GAP or (behind and (again or high - stamp > 4 * usual)):
            found.append(frame)
            high = stamp
        high = max(high, stamp)
    return found


def _told_breaks(parts: list[np.ndarray]) -> str:
    first = len(parts[0])
    leap = parts[1][0] - parts[0].max()
    what = f"run back by {-leap:.2f} s" if leap < 0 else f"leap by {leap:.2f} s"
    more = f" and {len(parts) - 2} times more" if len(parts) > 2 else ""
    return f"{what} at frame {first}{more}"


def _typical_step(parts: list[np.ndarray]) -> float:
    """Median seconds between different stamps; infinite where there are none."""
    steps = np.concatenate([np.diff(np.unique(part)) for part in parts])
    return float(np.median(steps)) if len(steps) else np.inf


def _spread(part: np.ndarray, step: float) -> np.ndarray:
    """Runs of equal stamps spread evenly up to the next one, at most by a typical step each."""
    values, first, count = np.unique(part, return_index=True, return_counts=True)
    room = np.minimum(np.append(np.diff(values), np.inf), count * step)
    return np.repeat(values, count) + (np.arange(len(part)) - np.repeat(first, count)) * np.repeat(room / count, count)


def _joined(parts: list[np.ndarray], step: float) -> np.ndarray:
    """The parts one after the other, a typical step between them, from zero."""
    times, start = [], 0.0
    for part in parts:
        times.append(part - part[0] + start)
        start = times[-1][-1] + step
    return np.concatenate(times)


def _holes(times: np.ndarray, step: float) -> list[str]:
    """A word on stretches without any frame, and on frames that an otherwise steady rate lacks."""
    steps = np.diff(times)
    holes = np.flatnonzero(steps > max(_HOLE, 4 * step))
    if len(holes):
        start, end = times[holes[0]], times[holes[0] + 1]
        more = f" and in {len(holes) - 1} more places" if len(holes) > 1 else ""
        return [f"no frame between {start:.2f} and {end:.2f} s{more}: what happens there is made up"]
    lost = int((np.rint(steps / step) - 1).clip(0).sum())
    usual = np.abs(steps / step - 1) < 0.2
    if lost and usual.mean() > _STEADY:
        return [f"lacks {lost} frames of a steady {1 / steps[usual].mean():.4g} a second: their time is left free"]
    return []
