"""Which landmark stands for which SMPL joint, and which bone turns with it."""

import dataclasses
from collections.abc import Mapping

from sm_jax.data.schema import Landmarks

_SIDES = ("left", "right")
# The joint -> landmarks that stand for it together, the best set first. A toe's landmark lies before SMPL's foot joint,
# which is at the toes' roots.
_POSITIONS: dict[str, tuple[dict[str, float], ...]] = {
    "pelvis": ({"left_hip": 0.5, "right_hip": 0.5}, {"pelvis": 1.0}),
    "neck": ({"neck": 1.0},),
    "head": ({"head": 1.0},),
    **{f"{side}_{name}": ({f"{side}_{name}": 1.0},) for side in _SIDES
       for name in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist", "hand")},
    **{f"{side}_foot": ({f"{side}_foot": 1.0}, {f"{side}_ankle": 0.2, f"{side}_toe": 0.8}) for side in _SIDES},
}  # fmt: skip
_ORIENTATIONS = {
    "pelvis": "pelvis", "spine3": "chest", "neck": "neck", "head": "head",
    **{f"{side}_{name}": f"{side}_{name}" for side in _SIDES
       for name in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")},
}  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class Correspondence:
    """From a figure's landmarks to SMPL's joints. Joints that are not named are unknown.

    positions: SMPL joint -> {landmark: share}, shares summing to one.
    orientations: SMPL joint -> landmark whose bone turns with that joint.
    """

    positions: Mapping[str, Mapping[str, float]]
    orientations: Mapping[str, str]


def by_name(landmarks: Landmarks) -> Correspondence:
    """The correspondence of landmarks named like SMPL's joints, or `chest`, `left_toe`; others are passed over."""
    names = set(landmarks.names)
    positions = {}
    for joint, choices in _POSITIONS.items():
        found = next((shares for shares in choices if names >= set(shares)), None)
        if found is not None:
            positions[joint] = found
    turning = {} if landmarks.orientations is None else _ORIENTATIONS
    return Correspondence(positions=positions, orientations={j: name for j, name in turning.items() if name in names})
