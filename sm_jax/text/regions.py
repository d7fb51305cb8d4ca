"""Where the body regions are, from joints alone: a few points and a thickness for each, good to some centimetres.

Describers run before any body model is chosen or fitted; contacts that guide the sampling use the body's own surface.
"""

import numpy as np

from sm_jax.body.skeleton import JOINTS, SIDED_REGIONS

_NO = (0.0, 0.0, 0.0)
# radius, a joint, another, and for three points: how far from the one to the other, metres forward of the trunk, to its
# left. The joints of limbs get their side in front.
_TABLE = {
    "head": (0.09, "neck", "head", (1.0, 1.6, 1.3), (0.0, 0.0, 0.04), _NO),
    "neck": (0.06, "neck", "head", (0.0, 0.3, 0.6), _NO, _NO),
    "chest": (0.06, "spine3", "neck", (0.0, 0.4, 0.4), (0.08, 0.06, 0.06), (0.0, 0.07, -0.07)),
    "belly": (0.06, "pelvis", "spine2", (0.2, 0.6, 1.0), (0.08, 0.08, 0.08), _NO),
    "back": (0.05, "spine2", "neck", (0.0, 0.5, 0.5), (-0.09, -0.08, -0.08), (0.0, 0.05, -0.05)),
    "waist": (0.05, "pelvis", "spine1", (1.0, 1.0, 0.7), (0.0, 0.0, -0.08), (0.11, -0.11, 0.0)),
    "shoulder": (0.06, "shoulder", "elbow", (-0.1, 0.0, 0.15), _NO, _NO),
    "upper_arm": (0.05, "shoulder", "elbow", (0.3, 0.6, 0.9), _NO, _NO),
    "forearm": (0.04, "elbow", "wrist", (0.1, 0.5, 0.9), _NO, _NO),
    "hand": (0.03, "wrist", "hand", (0.3, 1.0, 1.7), _NO, _NO),
    "buttock": (0.08, "hip", "knee", (0.0, 0.1, 0.2), (-0.07, -0.07, -0.06), _NO),
    "thigh": (0.07, "hip", "knee", (0.25, 0.6, 0.95), _NO, _NO),
    "shin": (0.05, "knee", "ankle", (0.15, 0.5, 0.85), _NO, _NO),
    "foot": (0.04, "ankle", "foot", (0.0, 0.6, 1.2), _NO, _NO),
}


def _joint(region: str, name: str) -> int:
    side, _, limb = region.partition("_")
    return JOINTS.index(f"{side}_{name}" if limb else name)


_ROWS = [_TABLE[name.removeprefix("left_").removeprefix("right_")] for name in SIDED_REGIONS]
RADIUS = np.array([row[0] for row in _ROWS], np.float32)
_FROM = np.array([_joint(name, row[1]) for name, row in zip(SIDED_REGIONS, _ROWS, strict=True)])
_TO = np.array([_joint(name, row[2]) for name, row in zip(SIDED_REGIONS, _ROWS, strict=True)])
_SHARE, _FORWARD, _LEFT = (np.array([row[i] for row in _ROWS], np.float32)[:, :, None] for i in (3, 4, 5))
# [22, 2] the joints that a region rests on
SUPPORT = np.stack([_FROM, _TO], axis=1)

_PELVIS, _NECK = JOINTS.index("pelvis"), JOINTS.index("neck")
_LEFTS = [JOINTS.index(name) for name in ("left_hip", "left_shoulder")]
_RIGHTS = [JOINTS.index(name) for name in ("right_hip", "right_shoulder")]


def trunk_axes(joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors forward and to the left of the trunk: joints [..., 24, 3] -> two of [..., 3]."""
    left = (joints[..., _LEFTS, :] - joints[..., _RIGHTS, :]).sum(axis=-2)
    forward = np.cross(left, joints[..., _NECK, :] - joints[..., _PELVIS, :])
    return _unit(forward), _unit(left)


def _unit(v: np.ndarray) -> np.ndarray:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def region_points(joints: np.ndarray) -> np.ndarray:
    """Three points in each region: joints [..., 24, 3] -> [..., 22, 3, 3] metres; RADIUS [22] is their thickness."""
    forward, left = (axis[..., None, None, :] for axis in trunk_axes(joints))
    start, end = joints[..., _FROM, None, :], joints[..., _TO, None, :]
    return start + _SHARE * (end - start) + _FORWARD * forward + _LEFT * left


def region_distances(joints: np.ndarray) -> np.ndarray:
    """Distance between the surfaces of every region of person 0 and of person 1, negative inside each other.

    joints: [2, T, 24, 3] metres -> [T, 22, 22] (rows person 0). Works through the clip in blocks to bound memory.
    """
    points = region_points(joints.astype(np.float32))
    blocks = []
    for start in range(0, joints.shape[1], 256):
        a, b = points[:, start : start + 256]
        offset = a[:, :, None, :, None, :] - b[:, None, :, None, :, :]
        blocks.append(np.sqrt(np.einsum("...i,...i->...", offset, offset)).min(axis=(-2, -1)))
    return np.concatenate(blocks) - (RADIUS[:, None] + RADIUS[None, :])
