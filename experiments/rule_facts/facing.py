"""How two people stand to each other, by the rotations of their trunks and in all frames."""

import numpy as np

from experiments.rule_facts.movement import joint
from experiments.rule_facts.pairs import Pair

WIDE = float(np.cos(np.radians(75)))  # of the angle to a direction that counts as facing it


def unit(v: np.ndarray) -> np.ndarray:
    """Directions over the ground: [..., 3] -> [..., 2]."""
    v = v[..., :2]
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def looks(pair: Pair) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cosines [T]: of person 0's forward and the way to person 1, of person 1's and the way to 0, of both forwards."""
    forward, way = unit(pair.forward), unit(joint(pair, "pelvis")[1] - joint(pair, "pelvis")[0])
    return (forward[0] * way).sum(-1), -(forward[1] * way).sum(-1), (forward[0] * forward[1]).sum(-1)


def often(frames: np.ndarray, share: float = 0.5) -> bool:
    """Whether frames [T] are so for this share of them."""
    return bool(frames.mean() >= share)


def face_to_face(pair: Pair) -> bool:
    """Each looks towards the other."""
    first, second, _ = looks(pair)
    return often((first > WIDE) & (second > WIDE))


def back_to_back(pair: Pair) -> bool:
    """Each looks away from the other."""
    first, second, _ = looks(pair)
    return often((first < -WIDE) & (second < -WIDE))


def one_behind(pair: Pair) -> bool:
    """One looks towards the other, who looks away."""
    first, second, _ = looks(pair)
    return often((np.maximum(first, second) > WIDE) & (np.minimum(first, second) < -WIDE))


def side_by_side(pair: Pair) -> bool:
    """Both look the same way, with the other at the side."""
    first, second, alike = looks(pair)
    sideways = np.cos(np.radians(40))  # 50 degrees off the side, either way
    return often((alike > WIDE) & (np.abs(first) < sideways) & (np.abs(second) < sideways))


def same_way(pair: Pair) -> bool:
    """Both look the same way."""
    return often(looks(pair)[2] > WIDE)


def at_an_angle(pair: Pair) -> bool:
    """They look neither the same way nor opposite ways."""
    _, _, alike = looks(pair)
    return often(np.abs(alike) < np.cos(np.radians(30)))
