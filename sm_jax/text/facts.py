"""What can be said for certain about two skeletons: facing, distance, movement, postures, touches.

Facts do not depend on which person is called first.
"""

import dataclasses
from collections import Counter

import numpy as np

from sm_jax.body.skeleton import JOINTS
from sm_jax.text.describer import Scene
from sm_jax.text.regions import trunk_axes
from sm_jax.types import Contact

EMBRACE = "embrace"

_SEEN = 0.3
_PELVIS, _NECK, _HEAD = (JOINTS.index(name) for name in ("pelvis", "neck", "head"))
_WRISTS = [JOINTS.index(name) for name in ("left_wrist", "right_wrist")]
_HIPS = [JOINTS.index(name) for name in ("left_hip", "right_hip")]
_KNEES = [JOINTS.index(name) for name in ("left_knee", "right_knee")]
_ARM, _HELD = ("hand", "forearm", "upper_arm"), ("back", "waist", "shoulder", "neck")
# Of two regions in touch, the one named earlier is said to touch the other.
_ACTORS = (
    *("hand", "forearm", "upper_arm", "foot", "shin", "thigh", "head", "chest", "belly", "shoulder", "neck"),
    *("waist", "buttock", "back"),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Facts:
    """All empty where nothing was seen.

    facing: face to face, back to back, side by side, one behind, at an angle.
    distance: very close, close, near, apart.
    movement: approach, part, circle, turn, move, still.  postures: (lie, sit, bend or raise arms; how many people).
    touches: (region, region), the surest first; ("embrace", "embrace") for arms around each other.
    """

    facing: str = ""
    distance: str = ""
    movement: str = ""
    postures: tuple[tuple[str, int], ...] = ()
    touches: tuple[tuple[str, str], ...] = ()


def observe(scene: Scene, contacts: tuple[Contact, ...]) -> Facts:
    """The facts of a scene, from the frames in which both trunks are seen, and of the contacts found in it."""
    both = (scene.visibility[:, :, [_PELVIS, _NECK]] > _SEEN).all(axis=(0, 2))
    if not both.any():
        return Facts(touches=touches(contacts))
    joints = scene.joints[:, both]
    return Facts(
        facing=facing(joints),
        distance=distance(joints),
        movement=movement(joints, scene.fps),
        postures=postures(joints),
        touches=touches(contacts),
    )


def facing(joints: np.ndarray) -> str:
    """How the people stand to each other in most frames: joints [2, T, 24, 3], z up."""
    forward = _horizontal(trunk_axes(joints)[0])
    across = _horizontal(joints[1, :, _PELVIS] - joints[0, :, _PELVIS])
    first, second = (forward[0] * across).sum(-1), -(forward[1] * across).sum(-1)
    alike = (forward[0] * forward[1]).sum(-1)
    cases = {
        "face to face": (first > 0.5) & (second > 0.5),
        "back to back": (first < -0.5) & (second < -0.5),
        "one behind": (np.maximum(first, second) > 0.5) & (np.minimum(first, second) < -0.5),
        "side by side": (alike > 0.5) & (np.abs(first) < 0.6) & (np.abs(second) < 0.6),
    }
    counts = {name: int(frames.sum()) for name, frames in cases.items()}
    counts["at an angle"] = joints.shape[1] - sum(counts.values())
    return max(counts, key=lambda name: counts[name])


def distance(joints: np.ndarray) -> str:
    """How far apart the pelvises are over the ground, in words, by the median."""
    metres = float(np.median(_apart(joints)))
    return next(
        (word for limit, word in ((0.45, "very close"), (0.9, "close"), (1.8, "near")) if metres < limit), "apart"
    )


def movement(joints: np.ndarray, fps: float) -> str:
    """The most telling movement: joints [2, T, 24, 3] of the seen frames. Empty where there is too little to tell."""
    half = round(0.5 * fps)
    pelvis = joints[:, :, _PELVIS, :2]
    if pelvis.shape[1] < 2 * half:
        return ""
    apart, quarter = _apart(joints), max(pelvis.shape[1] // 4, 1)
    change = float(apart[-quarter:].mean() - apart[:quarter].mean())
    if abs(change) > 0.3:
        return "part" if change > 0 else "approach"
    if np.ptp(_heading(pelvis[1] - pelvis[0])) > np.radians(120):
        return "circle"
    if max(np.ptp(_heading(axis[:, :2])) for axis in trunk_axes(joints)[0]) > np.radians(150):
        return "turn"
    # over half a second, so that the estimate's jitter is no movement
    speed = float(np.linalg.norm(pelvis[:, half:] - pelvis[:, :-half], axis=-1).mean()) / 0.5
    return "move" if speed > 0.35 else "still" if speed < 0.15 else ""


def postures(joints: np.ndarray) -> tuple[tuple[str, int], ...]:
    """Postures other than standing with the arms down, and how many people hold them: joints [2, T, 24, 3], z up."""
    trunk = joints[:, :, _NECK] - joints[:, :, _PELVIS]
    tilt = np.degrees(np.arccos(np.clip(trunk[..., 2] / np.maximum(np.linalg.norm(trunk, axis=-1), 1e-9), -1, 1)))
    thigh = joints[:, :, _HIPS] - joints[:, :, _KNEES]
    steep = (thigh[..., 2] / np.maximum(np.linalg.norm(thigh, axis=-1), 1e-9)).mean(axis=-1)
    height = joints[:, :, _PELVIS, 2] - joints[..., 2].min(axis=-1)
    lies = (tilt > 60) & (height < 0.4)
    cases = {
        "lie": lies.mean(axis=1) > 0.5,
        "sit": (~lies & (steep < 0.5) & (tilt < 45)).mean(axis=1) > 0.5,
        "bend": (~lies & (tilt > 40)).mean(axis=1) > 0.5,
        "raise arms": (joints[:, :, _WRISTS, 2].max(axis=-1) > joints[:, :, _HEAD, 2]).mean(axis=1) > 0.3,
    }
    return tuple((name, int(people.sum())) for name, people in cases.items() if people.any())


def touches(contacts: tuple[Contact, ...]) -> tuple[tuple[str, str], ...]:
    """Pairs of regions in touch by their summed certainty, the touching one first; an embrace before all."""
    weights: Counter[tuple[str, str]] = Counter()
    holders = set()
    for contact in contacts:
        regions = sorted((contact.region_a, contact.region_b), key=_ACTORS.index)
        weights[regions[0], regions[1]] += round(1000 * contact.confidence) * (contact.end - contact.start)
        sides = (
            (contact.region_a, contact.region_b, contact.person_a),
            (contact.region_b, contact.region_a, 1 - contact.person_a),
        )
        holders |= {person for actor, held, person in sides if actor in _ARM and held in _HELD}
    ranked = tuple(sorted(weights, key=lambda pair: (-weights[pair], pair)))
    return ((EMBRACE, EMBRACE), *ranked) if len(holders) == 2 else ranked


def _apart(joints: np.ndarray) -> np.ndarray:
    return np.linalg.norm(joints[1, :, _PELVIS, :2] - joints[0, :, _PELVIS, :2], axis=-1)


def _horizontal(v: np.ndarray) -> np.ndarray:
    return v[..., :2] / np.maximum(np.linalg.norm(v[..., :2], axis=-1, keepdims=True), 1e-9)


def _heading(v: np.ndarray) -> np.ndarray:
    return np.unwrap(np.arctan2(v[:, 1], v[:, 0]))
