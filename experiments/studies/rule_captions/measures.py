"""Tests of true motion: distance and movement, postures, facing and touches of two people, in all frames."""

from collections.abc import Callable

import numpy as np

from experiments.studies.rule_captions.pairs import PairWindow
from sm_jax.body.skeleton import JOINTS, PAIRED_REGIONS, SIDED_REGIONS

WIDE = float(np.cos(np.radians(75)))  # of the angle to a direction that counts as facing it
TOUCH, HOLD = 0.08, 0.3  # metres between vertices, seconds
ARM = ("hand", "forearm", "upper_arm")
TRUNK = ("chest", "belly", "back", "waist", "shoulder", "neck", "buttock")

Frames = Callable[[PairWindow], np.ndarray]  # [P, T] bool


def joint_path(pair: PairWindow, name: str) -> np.ndarray:
    """The true path of a joint: [2, T, 3]."""
    return pair.true.joints[:, :, JOINTS.index(name)].astype(np.float64)


def pelvis_distance(pair: PairWindow) -> np.ndarray:
    """Metres between the pelvises over the ground: [T]."""
    pelvis = joint_path(pair, "pelvis")
    return np.linalg.norm(pelvis[1, :, :2] - pelvis[0, :, :2], axis=-1)


def distance_within(low: float, high: float) -> Callable[[PairWindow], bool]:
    """A test of the median distance."""
    return lambda pair: bool(low <= np.median(pelvis_distance(pair)) <= high)


def distance_change(pair: PairWindow) -> float:
    """By how much the distance grows from the first quarter to the last."""
    metres, quarter = pelvis_distance(pair), max(pair.true.n_frames // 4, 1)
    return float(metres[-quarter:].mean() - metres[:quarter].mean())


def heading_range(v: np.ndarray) -> float:
    """Degrees between the farthest headings of [T, 2 or 3]."""
    return float(np.degrees(np.ptp(np.unwrap(np.arctan2(v[:, 1], v[:, 0])))))


def speed(pair: PairWindow) -> float:
    """Metres per second of the pelvises over half a second, on average."""
    half, pelvis = round(0.5 * pair.true.fps), joint_path(pair, "pelvis")[..., :2]
    return float(np.linalg.norm(pelvis[:, half:] - pelvis[:, :-half], axis=-1).mean() / 0.5)


# Who holds which posture.


def lies(pair: PairWindow) -> np.ndarray:
    """Low, with the trunk tilted."""
    trunk = joint_path(pair, "neck") - joint_path(pair, "pelvis")
    low = joint_path(pair, "pelvis")[..., 2] - pair.true.joints[..., 2].min(axis=-1) < 0.5
    return low & (tilt(trunk) > 50)


def tilt(v: np.ndarray) -> np.ndarray:
    """Degrees from the vertical."""
    return np.degrees(np.arccos(np.clip(v[..., 2] / np.linalg.norm(v, axis=-1), -1, 1)))


def sits(pair: PairWindow) -> np.ndarray:
    """Thighs tilted."""
    thighs = [tilt(joint_path(pair, f"{side}_hip") - joint_path(pair, f"{side}_knee")) for side in ("left", "right")]
    return np.mean(thighs, axis=0) > 50


def bends(pair: PairWindow) -> np.ndarray:
    """Trunk tilted."""
    return tilt(joint_path(pair, "neck") - joint_path(pair, "pelvis")) > 30


def raises(pair: PairWindow) -> np.ndarray:
    """A hand at the height of the ears or above."""
    highest = np.maximum(joint_path(pair, "left_hand")[..., 2], joint_path(pair, "right_hand")[..., 2])
    return highest > joint_path(pair, "head")[..., 2] - 0.05


def who_holds(pair: PairWindow, frames: Frames, share: float = 0.5) -> np.ndarray:
    """[P] who holds a posture for this share of the frames."""
    return frames(pair).mean(axis=1) >= share


def by_one(frames: Frames, share: float = 0.5) -> Callable[[PairWindow], bool]:
    """A test that somebody does."""
    return lambda pair: bool(who_holds(pair, frames, share).any())


def by_both(frames: Frames, share: float = 0.5) -> Callable[[PairWindow], bool]:
    """A test that both do."""
    return lambda pair: bool(who_holds(pair, frames, share).all())


def upright(pair: PairWindow) -> bool:
    """Nobody lies or sits for most of the time."""
    return not any(who_holds(pair, low).any() for low in (lies, sits))


# How two people stand to each other, by the rotations of their trunks.


def ground_direction(v: np.ndarray) -> np.ndarray:
    """Directions over the ground: [..., 3] -> [..., 2]."""
    v = v[..., :2]
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def facing_cosines(pair: PairWindow) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cosines [T]: of person 0's forward and the way to person 1, of person 1's and the way to 0, of both forwards."""
    pelvis = joint_path(pair, "pelvis")
    forward, way = ground_direction(pair.forward), ground_direction(pelvis[1] - pelvis[0])
    return (forward[0] * way).sum(-1), -(forward[1] * way).sum(-1), (forward[0] * forward[1]).sum(-1)


def mostly(frames: np.ndarray, share: float = 0.5) -> bool:
    """Whether frames [T] are so for this share of them."""
    return bool(frames.mean() >= share)


def face_to_face(pair: PairWindow) -> bool:
    """Each looks towards the other."""
    first, second, _ = facing_cosines(pair)
    return mostly((first > WIDE) & (second > WIDE))


def back_to_back(pair: PairWindow) -> bool:
    """Each looks away from the other."""
    first, second, _ = facing_cosines(pair)
    return mostly((first < -WIDE) & (second < -WIDE))


def one_behind(pair: PairWindow) -> bool:
    """One looks towards the other, who looks away."""
    first, second, _ = facing_cosines(pair)
    return mostly((np.maximum(first, second) > WIDE) & (np.minimum(first, second) < -WIDE))


def side_by_side(pair: PairWindow) -> bool:
    """Both look the same way, with the other at the side."""
    first, second, alike = facing_cosines(pair)
    sideways = np.cos(np.radians(40))  # 50 degrees off the side, either way
    return mostly((alike > WIDE) & (np.abs(first) < sideways) & (np.abs(second) < sideways))


def same_way(pair: PairWindow) -> bool:
    """Both look the same way."""
    return mostly(facing_cosines(pair)[2] > WIDE)


def at_an_angle(pair: PairWindow) -> bool:
    """They look neither the same way nor opposite ways."""
    _, _, alike = facing_cosines(pair)
    return mostly(np.abs(alike) < np.cos(np.radians(30)))


# Who touches whom, by the distances between the vertices of regions.


def sided(names: tuple[str, ...]) -> list[int]:
    """Numbers of regions, on both sides."""
    wanted = {f"{side}_{name}" if name in PAIRED_REGIONS else name for name in names for side in ("left", "right")}
    return [SIDED_REGIONS.index(name) for name in sorted(wanted)]


def region_gap(pair: PairWindow, first: tuple[str, ...], second: tuple[str, ...]) -> np.ndarray:
    """Least distance [2, T / EVERY] of any region of `first` from any of `second`, if person 0 or person 1 has it."""
    a, b = sided(first), sided(second)
    return np.stack([pair.gaps[:, a][:, :, b].min(axis=(1, 2)), pair.gaps[:, b][:, :, a].min(axis=(1, 2))])


def embrace(pair: PairWindow) -> bool:
    """Each has a hand or forearm on the other at the same time."""
    return bool(
        (region_gap(pair, ("hand", "forearm"), ("back", "waist", "shoulder", "neck")) < TOUCH).all(axis=0).any()
    )


def hand_in_hand(pair: PairWindow) -> bool:
    """A hand of one and a hand of the other, for a while."""
    return bool((region_gap(pair, ("hand",), ("hand",))[0] < TOUCH).sum() * pair.every / pair.true.fps >= HOLD)


def touching(first: tuple[str, ...], second: tuple[str, ...]) -> Callable[[PairWindow], bool]:
    """A test of a touch in any frame, whoever has which."""
    return lambda pair: bool(region_gap(pair, first, second).min() < TOUCH)
