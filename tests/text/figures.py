"""Two simple figures for the describers: upright, z up, arms hanging, facing each other."""

import numpy as np

from sm_jax.body.skeleton import JOINTS

# left, forward, up in metres; seen along +y with z up, left is -x
_STANDING = {
    "pelvis": (0, 0, 0.95), "left_hip": (0.09, 0, 0.87), "left_knee": (0.1, 0.02, 0.48), "left_ankle": (0.1, 0, 0.08),
    "left_foot": (0.1, 0.12, 0.03), "spine1": (0, 0, 1.05), "spine2": (0, 0, 1.18), "spine3": (0, 0, 1.25),
    "neck": (0, 0, 1.47), "head": (0, 0.02, 1.56), "left_collar": (0.07, 0, 1.4), "left_shoulder": (0.18, 0, 1.4),
    "left_elbow": (0.22, 0, 1.12), "left_wrist": (0.24, 0.05, 0.87), "left_hand": (0.24, 0.07, 0.79),
}  # fmt: skip


def standing() -> np.ndarray:
    """One figure at the origin that looks along +y: [24, 3]."""
    mirrored = {"right" + name[4:]: (-x, y, z) for name, (x, y, z) in _STANDING.items() if name.startswith("left")}
    return np.array([(_STANDING | mirrored)[name] for name in JOINTS], float) * np.array([-1.0, 1.0, 1.0])


def turned(joints: np.ndarray, degrees: float, shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Turned about the vertical axis, then moved over the ground."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return joints @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T + np.array([*shift, 0.0])


def pair(apart: float = 1.0, frames: int = 30) -> np.ndarray:
    """Two figures face to face, `apart` metres between the pelvises: [2, T, 24, 3]."""
    figures = np.stack([standing(), turned(standing(), 180, (0.0, apart))])
    return np.repeat(figures[:, None], frames, axis=1)


def reach(joints: np.ndarray, side: str, target: np.ndarray) -> None:
    """Put the hand at the target, with the elbow half way: joints [..., 24, 3] is changed in place."""
    shoulder = joints[..., JOINTS.index(f"{side}_shoulder"), :]
    for name, share in (("elbow", 0.45), ("wrist", 0.9), ("hand", 1.0)):
        joints[..., JOINTS.index(f"{side}_{name}"), :] = shoulder + share * (target - shoulder)
