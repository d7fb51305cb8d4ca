"""What can be said of two skeletons and still be true of the people: facing, distance, movement, postures, touches.

A front-end mistakes depth by decimetres, turns a trunk round for a frame, and lets bodies pass through each other. So
every fact has a margin, and where an estimate does not clear it nothing is said. The margins come from what simulated
and real front-ends make of known motion (`python -m experiments.studies.rule_captions` measures what remains false).

Facts do not depend on which person is called first.
"""

import dataclasses
from collections import defaultdict

import numpy as np

from sm_jax.body.skeleton import JOINTS
from sm_jax.motion.slerp_fill import SEEN
from sm_jax.text.describers.describer import DescriberInput
from sm_jax.text.regions import trunk_axes
from sm_jax.types import Contact

_ENOUGH, _MOSTLY = 0.25, 0.6  # share of the frames that must be seen, and of those in which something must be so
_CLEAR = 0.5  # visibility of hips and shoulders from which a trunk's heading is trusted
_JUMP = 45.0  # degrees between frames that no heading turns by: the estimate was turned round
_PELVIS, _NECK, _HEAD = (JOINTS.index(name) for name in ("pelvis", "neck", "head"))
_WRISTS, _HIPS, _KNEES, _SHOULDERS = (
    [JOINTS.index(f"{side}_{name}") for side in ("left", "right")] for name in ("wrist", "hip", "knee", "shoulder")
)
_ARM, _BODY = ("forearm", "upper_arm"), ("chest", "belly", "back", "waist", "shoulder", "neck", "buttock")
_HOLDS, _HELD = ("hand", "forearm"), ("back", "waist", "shoulder", "neck")
# Confidence times seconds from which a touch is sure, by what touches what; and of each one's hold in an embrace.
_SURE = {"hand hand": 0.06, "arm hand": 0.06, "arm arm": 0.1, "body hand": 0.4, "arm body": 0.4}
_EMBRACE, _HOLD = 0.15, 0.5  # the latter in seconds: hands that touch for longer hold each other


@dataclasses.dataclass(frozen=True, kw_only=True)
class Facts:
    """All empty where nothing is sure.

    facing: face to face, back to back, same way, one behind, side by side, at an angle.
    distance: close, apart.
    movement: approach, part, circle, turn, move, still.  postures: (lie, sit, bend or raise arms; how many people).
    touches: embrace, hold hands, hands, hand on arm, arms, hand on body, arm on body; the most telling first.
    """

    facing: str = ""
    distance: str = ""
    movement: str = ""
    postures: tuple[tuple[str, int], ...] = ()
    touches: tuple[str, ...] = ()


def observe(scene: DescriberInput, contacts: tuple[Contact, ...]) -> Facts:
    """The facts of a scene, from the frames in which both trunks are seen, and of the contacts found in it."""
    both = (scene.visibility[:, :, [_PELVIS, _NECK]] >= SEEN).all(axis=(0, 2))
    touched = touches(contacts, scene.fps)
    if both.mean() < _ENOUGH:
        return Facts(touches=touched)
    seen = dataclasses.replace(scene, joints=scene.joints[:, both], visibility=scene.visibility[:, both])
    return Facts(
        facing=facing(seen.joints),
        distance=distance(seen.joints),
        movement=movement(seen),
        postures=postures(seen.joints),
        touches=touched,
    )


def facing(joints: np.ndarray) -> str:
    """How the people stand to each other in most frames: joints [2, T, 24, 3], z up. Empty where it is mixed."""
    forward = _horizontal(trunk_axes(joints)[0])
    across = _horizontal(joints[1, :, _PELVIS] - joints[0, :, _PELVIS])
    first, second = (forward[0] * across).sum(-1), -(forward[1] * across).sum(-1)
    alike = (forward[0] * forward[1]).sum(-1)
    # who stands behind whom is a matter of depth: only from afar is it sure
    far = np.median(_apart(joints)) > 1.5
    cases = {
        "face to face": (first > 0.5) & (second > 0.5),
        "back to back": (first < -0.5) & (second < -0.5),
        "one behind": (np.maximum(first, second) > 0.5) & (np.minimum(first, second) < -0.5) & far,
        "side by side": (alike > 0.5) & (np.abs(first) < 0.6) & (np.abs(second) < 0.6),
        "same way": alike > 0.5,
        "at an angle": np.abs(alike) < np.sqrt(0.5),
    }
    return next((name for name, frames in cases.items() if frames.mean() > _MOSTLY), "")


def distance(joints: np.ndarray) -> str:
    """How far apart the pelvises are over the ground, by the median. Depth is too unsure for words between the two."""
    metres = float(np.median(_apart(joints)))
    return "close" if metres < 0.8 else "apart" if metres > 1.9 else ""


def movement(scene: DescriberInput) -> str:
    """The most telling movement. Empty where there is too little to tell, or none is sure."""
    second = round(scene.fps)
    pelvis = scene.joints[:, :, _PELVIS, :2]
    if pelvis.shape[1] < second:
        return ""
    apart, quarter = _apart(scene.joints), max(pelvis.shape[1] // 4, 1)
    change = float(apart[-quarter:].mean() - apart[:quarter].mean())
    if abs(change) > 0.9:
        return "part" if change > 0 else "approach"
    if _turned(pelvis[1] - pelvis[0]) > 130:
        return "circle"
    clear = scene.visibility[:, :, [*_HIPS, *_SHOULDERS]].mean(axis=-1) > _CLEAR
    forward = trunk_axes(scene.joints)[0]
    if max(_turned(axis[frames]) for axis, frames in zip(forward, clear, strict=True)) > 150:
        return "turn"
    # over a second, so that the estimate's jitter is no movement
    paths = pelvis[:, second:] - pelvis[:, :-second] if pelvis.shape[1] > second else pelvis[:, -1:] - pelvis[:, :1]
    speed = float(np.linalg.norm(paths, axis=-1).mean())
    return "move" if speed > 0.6 else "still" if speed < 0.12 else ""


def postures(joints: np.ndarray) -> tuple[tuple[str, int], ...]:
    """Postures other than standing with the arms down, and how many people hold them: joints [2, T, 24, 3], z up."""
    tilt = _tilt(joints[:, :, _NECK] - joints[:, :, _PELVIS])
    thighs = _tilt(joints[:, :, _HIPS] - joints[:, :, _KNEES]).mean(axis=-1)
    height = joints[:, :, _PELVIS, 2] - joints[..., 2].min(axis=-1)
    lies = (tilt > 60) & (height < 0.4)
    cases = {
        "lie": lies.mean(axis=1) > _MOSTLY,
        "sit": (~lies & (thighs > 60) & (tilt < 45)).mean(axis=1) > _MOSTLY,
        "bend": (~lies & (tilt > 50)).mean(axis=1) > _MOSTLY,
        "raise arms": (joints[:, :, _WRISTS, 2].max(axis=-1) > joints[:, :, _HEAD, 2] + 0.1).mean(axis=1) > 0.5,
    }
    return tuple((name, int(people.sum())) for name, people in cases.items() if people.any())


def touches(contacts: tuple[Contact, ...], fps: float) -> tuple[str, ...]:
    """What arms and hands do, the most telling first. Other parts come near each other in many an estimate whose depth
    is wrong; and an arm that touches is surer than where on the body it does."""
    sure: defaultdict[str, float] = defaultdict(float)
    seconds: defaultdict[str, float] = defaultdict(float)
    holds: defaultdict[int, float] = defaultdict(float)
    for contact in contacts:
        kind = " ".join(sorted(_part(region) for region in (contact.region_a, contact.region_b)))
        length = (contact.end - contact.start) / fps
        seconds[kind] += length
        sure[kind] += length * contact.confidence
        for actor, held, person in (
            (contact.region_a, contact.region_b, contact.person_a),
            (contact.region_b, contact.region_a, 1 - contact.person_a),
        ):
            holds[person] += length * contact.confidence * (actor in _HOLDS and held in _HELD)
    true = {kind for kind, least in _SURE.items() if sure[kind] >= least}
    embrace = min(holds[0], holds[1]) >= _EMBRACE
    cases = {
        "embrace": embrace,
        "hold hands": "hand hand" in true and seconds["hand hand"] >= _HOLD,
        "hands": "hand hand" in true and seconds["hand hand"] < _HOLD,
        "hand on arm": "arm hand" in true,
        "hand on body": "body hand" in true and not embrace,
        "arm on body": "arm body" in true and not embrace,
        "arms": "arm arm" in true,
    }
    return tuple(name for name, said in cases.items() if said)


def _part(region: str) -> str:
    return "arm" if region in _ARM else "body" if region in _BODY else region


def _apart(joints: np.ndarray) -> np.ndarray:
    return np.linalg.norm(joints[1, :, _PELVIS, :2] - joints[0, :, _PELVIS, :2], axis=-1)


def _horizontal(v: np.ndarray) -> np.ndarray:
    return v[..., :2] / np.maximum(np.linalg.norm(v[..., :2], axis=-1, keepdims=True), 1e-9)


def _tilt(v: np.ndarray) -> np.ndarray:
    """Degrees from the vertical."""
    return np.degrees(np.arccos(np.clip(v[..., 2] / np.maximum(np.linalg.norm(v, axis=-1), 1e-9), -1, 1)))


def _turned(v: np.ndarray) -> float:
    """Degrees between the farthest headings of vectors [T, 2 or 3]; none if they jump, or are too few."""
    if len(v) < 2:
        return 0.0
    heading = np.unwrap(np.arctan2(v[:, 1], v[:, 0]))
    return float(np.degrees(np.ptp(heading))) if np.degrees(np.abs(np.diff(heading)).max()) < _JUMP else 0.0
