"""How the bones of a skeleton's rest pose stand to those of a T-pose, so that rotations of any rig can be compared.

A file's rotations are relative to its own rest pose: a T-pose, an A-pose, legs astride, any axis up. Here its bones are
turned, with the least rotation, into a T-pose with y up that faces +z.
"""

from collections.abc import Mapping

import numpy as np
from scipy.spatial.transform import Rotation

# Limbs of authored T-poses lie this close to the axes (radians); they are taken as they are.
_AS_AUTHORED = np.deg2rad(15.0)
_AXIS_ALIGNED = np.cos(np.deg2rad(35.0))
_FURTHEST = {"leg": np.deg2rad(60.0), "arm": np.deg2rad(105.0)}  # beyond, it is no standing figure
_LIMBS = {"leg": ("hip", "knee", "ankle"), "arm": ("shoulder", "elbow", "wrist")}
_TRUNK = ("pelvis", "chest", "neck", "head")


def to_t_pose(rest: Mapping[str, np.ndarray]) -> dict[str, np.ndarray] | None:
    """Per landmark, R_rest_figure [3, 3]: a bone's rotation in the world, times this, is its turn from a T-pose.

    rest: landmark -> position [3] in the rest pose, in any unit and any axes; hips, knees, ankles, shoulders, elbows
    and wrists must be there, toes may be. None where the rest pose is no standing figure with free arms along axes.
    """
    F = _figure(rest)
    if F is None:
        return None
    turns: dict[str, np.ndarray] = {name: np.eye(3) for name in _TRUNK}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        x = {name.removeprefix(f"{side}_"): F @ position for name, position in rest.items() if name.startswith(side)}
        axes = {"leg": np.array([0.0, -1.0, 0.0]), "arm": np.array([sign, 0.0, 0.0])}
        for limb, (top, middle, end) in _LIMBS.items():
            upper = _least_turn(x[middle] - x[top], axes[limb], _FURTHEST[limb])
            lower = None if upper is None else _least_turn(upper @ (x[end] - x[middle]), axes[limb], _FURTHEST[limb])
            if upper is None or lower is None:
                return None
            turns |= {f"{side}_{top}": upper, f"{side}_{middle}": lower @ upper, f"{side}_{end}": lower @ upper}
        ankle = turns[f"{side}_ankle"]
        foot = _heading(ankle @ (x["toe"] - x["ankle"])) @ ankle if "toe" in x else ankle
        turns |= {f"{side}_{name}": foot for name in ("ankle", "foot", "toe")}
        turns[f"{side}_hand"] = turns[f"{side}_wrist"]
    return {name: (turn @ F).T for name, turn in turns.items()}


def _figure(rest: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """R_figure_rest: the axes of the rest pose, named by where its head and its left are; None if they are oblique."""
    across = lambda name: rest[f"left_{name}"] - rest[f"right_{name}"]  # noqa: E731
    middle = lambda name: 0.5 * (rest[f"left_{name}"] + rest[f"right_{name}"])  # noqa: E731
    left, up = _nearest_axis(across("hip") + across("shoulder")), _nearest_axis(middle("shoulder") - middle("hip"))
    if left is None or up is None or left @ up != 0.0:
        return None
    return np.stack([left, up, np.cross(left, up)])


def _nearest_axis(vector: np.ndarray) -> np.ndarray | None:
    unit = vector / max(float(np.linalg.norm(vector)), 1e-12)
    largest = np.argmax(np.abs(unit))
    return np.eye(3)[largest] * np.sign(unit[largest]) if abs(unit[largest]) > _AXIS_ALIGNED else None


def _least_turn(bone: np.ndarray, axis: np.ndarray, furthest: float) -> np.ndarray | None:
    """The least rotation from a bone to an axis; the identity where it is small, None where it is too large."""
    length = float(np.linalg.norm(bone))
    if length == 0.0:
        return np.eye(3)
    across = np.cross(bone / length, axis)
    angle = float(np.arctan2(np.linalg.norm(across), bone @ axis / length))
    if angle > furthest:
        return None
    return np.eye(3) if angle < _AS_AUTHORED else _turn(across, angle)


def _heading(ahead: np.ndarray) -> np.ndarray:
    """The rotation about y that lets a foot point ahead; its slope is the foot's own."""
    angle = float(np.arctan2(ahead[0], ahead[2]))
    return np.eye(3) if abs(angle) < _AS_AUTHORED else _turn(np.array([0.0, 1.0, 0.0]), -angle)


def _turn(axis: np.ndarray, angle: float) -> np.ndarray:
    return Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix()
