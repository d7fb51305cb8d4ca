"""Who holds which posture, in all frames."""

from collections.abc import Callable

import numpy as np

from experiments.rule_facts.movement import joint
from experiments.rule_facts.pairs import Pair

Frames = Callable[[Pair], np.ndarray]  # [P, T] bool


def lies(pair: Pair) -> np.ndarray:
    """Low, with the trunk tilted."""
    trunk = joint(pair, "neck") - joint(pair, "pelvis")
    low = joint(pair, "pelvis")[..., 2] - pair.true.joints[..., 2].min(axis=-1) < 0.5
    return low & (tilt(trunk) > 50)


def tilt(v: np.ndarray) -> np.ndarray:
    """Degrees from the vertical."""
    return np.degrees(np.arccos(np.clip(v[..., 2] / np.linalg.norm(v, axis=-1), -1, 1)))


def sits(pair: Pair) -> np.ndarray:
    """Thighs tilted."""
    thighs = [tilt(joint(pair, f"{side}_hip") - joint(pair, f"{side}_knee")) for side in ("left", "right")]
    return np.mean(thighs, axis=0) > 50


def bends(pair: Pair) -> np.ndarray:
    """Trunk tilted."""
    return tilt(joint(pair, "neck") - joint(pair, "pelvis")) > 30


def raises(pair: Pair) -> np.ndarray:
    """A hand at the height of the ears or above."""
    highest = np.maximum(joint(pair, "left_hand")[..., 2], joint(pair, "right_hand")[..., 2])
    return highest > joint(pair, "head")[..., 2] - 0.05


def held(pair: Pair, frames: Frames, share: float = 0.5) -> np.ndarray:
    """[P] who holds a posture for this share of the frames."""
    return frames(pair).mean(axis=1) >= share


def by_one(frames: Frames, share: float = 0.5) -> Callable[[Pair], bool]:
    """A test that somebody does."""
    return lambda pair: bool(held(pair, frames, share).any())


def by_both(frames: Frames, share: float = 0.5) -> Callable[[Pair], bool]:
    """A test that both do."""
    return lambda pair: bool(held(pair, frames, share).all())


def upright(pair: Pair) -> bool:
    """Nobody lies or sits for most of the time."""
    return not any(held(pair, low).any() for low in (lies, sits))
