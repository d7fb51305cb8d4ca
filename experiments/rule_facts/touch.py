"""Who touches whom, by the distances between the vertices of regions."""

from collections.abc import Callable

import numpy as np

from experiments.rule_facts.pairs import Pair
from sm_jax.body.skeleton import PAIRED_REGIONS, SIDED_REGIONS

TOUCH, HELD = 0.08, 0.3  # metres between vertices, seconds
ARM = ("hand", "forearm", "upper_arm")
TRUNK = ("chest", "belly", "back", "waist", "shoulder", "neck", "buttock")


def sided(names: tuple[str, ...]) -> list[int]:
    """Numbers of regions, on both sides."""
    wanted = {f"{side}_{name}" if name in PAIRED_REGIONS else name for name in names for side in ("left", "right")}
    return [SIDED_REGIONS.index(name) for name in sorted(wanted)]


def gap(pair: Pair, first: tuple[str, ...], second: tuple[str, ...]) -> np.ndarray:
    """Least distance [2, T / EVERY] of any region of `first` from any of `second`, if person 0 or person 1 has it."""
    a, b = sided(first), sided(second)
    return np.stack([pair.gaps[:, a][:, :, b].min(axis=(1, 2)), pair.gaps[:, b][:, :, a].min(axis=(1, 2))])


def embrace(pair: Pair) -> bool:
    """Each has a hand or forearm on the other at the same time."""
    return bool((gap(pair, ("hand", "forearm"), ("back", "waist", "shoulder", "neck")) < TOUCH).all(axis=0).any())


def hand_in_hand(pair: Pair) -> bool:
    """A hand of one and a hand of the other, for a while."""
    return bool((gap(pair, ("hand",), ("hand",))[0] < TOUCH).sum() * pair.every / pair.true.fps >= HELD)


def touching(first: tuple[str, ...], second: tuple[str, ...]) -> Callable[[Pair], bool]:
    """A test of a touch in any frame, whoever has which."""
    return lambda pair: bool(gap(pair, first, second).min() < TOUCH)
