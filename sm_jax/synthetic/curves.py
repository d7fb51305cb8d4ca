"""Smooth functions of time from a few keys."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np

Keys = Sequence[tuple[float, ...]]  # (seconds, value, …), in order of time


def ease(u: np.ndarray | float) -> np.ndarray:
    """From 0 to 1 over u in [0, 1] with the least jerk, as hands move (Flash and Hogan 1985)."""
    u = np.clip(u, 0.0, 1.0)
    return u**3 * (10.0 - 15.0 * u + 6.0 * u**2)


def glide(u: np.ndarray | float, seconds: float) -> np.ndarray:
    """From 0 to 1 over u in [0, 1], which takes so many seconds, at an even pace but for the start and the stop."""
    soft = min(0.7 / max(seconds, 1e-6), 0.45)
    u = np.clip(u, 0.0, 1.0)
    x = np.minimum(u, 1.0 - u)
    part = np.where(x < soft, soft * ((x / soft) ** 3 - (x / soft) ** 4 / 2.0), x - soft / 2.0) / (1.0 - soft)
    return np.where(u < 0.5, part, 1.0 - part)


def keyed(t: np.ndarray, keys: Keys, way: Callable[[np.ndarray, float], np.ndarray] | None = None) -> np.ndarray:
    """Values [T, n] at seconds t [T], constant before the first key and after the last.

    way: share of the way from one key to the next at a share u of the time, given how long that is; `ease` if None.
    """
    way = way or (lambda u, seconds: ease(u))
    table = np.array(keys, np.float64)
    value = np.broadcast_to(table[0, 1:], (len(t), table.shape[1] - 1)).copy()
    for (start, *a), (end, *b) in itertools.pairwise(table):
        value += way((t - start) / max(end - start, 1e-6), end - start)[:, None] * (np.array(b) - np.array(a))
    return value


def window(t: np.ndarray, start: float, end: float, rise: float, fall: float) -> np.ndarray:
    """One from start to end, eased in over `rise` seconds before and out over `fall` seconds after."""
    return ease((t - start + rise) / max(rise, 1e-6)) * (1.0 - ease((t - end) / max(fall, 1e-6)))


def drift(chance: np.random.Generator, t: np.ndarray, channels: int, period: float) -> np.ndarray:
    """Aimless slow movement [T, channels] of about unit size, whose quickest part takes `period` seconds."""
    periods = period * chance.uniform(1.0, 3.5, (4, channels))
    phases = chance.uniform(0.0, 2.0 * np.pi, (4, channels))
    return np.sin(2.0 * np.pi * t[:, None, None] / periods + phases).sum(axis=1) / np.sqrt(2.0)
