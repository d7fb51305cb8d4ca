"""How far apart two people are and how they move, in all frames."""

from collections.abc import Callable

import numpy as np

from experiments.rule_facts.pairs import Pair
from sm_jax.body.skeleton import JOINTS


def joint(pair: Pair, name: str) -> np.ndarray:
    """The true path of a joint: [2, T, 3]."""
    return pair.true.joints[:, :, JOINTS.index(name)].astype(np.float64)


def apart(pair: Pair) -> np.ndarray:
    """Metres between the pelvises over the ground: [T]."""
    pelvis = joint(pair, "pelvis")
    return np.linalg.norm(pelvis[1, :, :2] - pelvis[0, :, :2], axis=-1)


def within(low: float, high: float) -> Callable[[Pair], bool]:
    """A test of the median distance."""
    return lambda pair: bool(low <= np.median(apart(pair)) <= high)


def change(pair: Pair) -> float:
    """By how much the distance grows from the first quarter to the last."""
    metres, quarter = apart(pair), max(pair.true.n_frames // 4, 1)
    return float(metres[-quarter:].mean() - metres[:quarter].mean())


def sweep(v: np.ndarray) -> float:
    """Degrees between the farthest headings of [T, 2 or 3]."""
    return float(np.degrees(np.ptp(np.unwrap(np.arctan2(v[:, 1], v[:, 0])))))


def speed(pair: Pair) -> float:
    """Metres per second of the pelvises over half a second, on average."""
    half, pelvis = round(0.5 * pair.true.fps), joint(pair, "pelvis")[..., :2]
    return float(np.linalg.norm(pelvis[:, half:] - pelvis[:, :-half], axis=-1).mean() / 0.5)
