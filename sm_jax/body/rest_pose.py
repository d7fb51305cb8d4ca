"""How SMPL and SMPL-X stand at rest, and a motion of theirs on another body, there and back.

A rotation is relative to its body's rest pose, and rest poses differ: SMPL's shins lean back by 6 degrees, SMPL-X's
feet point out by 20. Limbs are turned such that they point where they did. The trunk keeps its rotations, since spines
differ in where their joints lie and not in how they stand; a body is placed by the middle of its hips for the same
reason.
"""

import dataclasses
from typing import Literal

import jax.numpy as jnp
import numpy as np

from sm_jax.body.skeleton import JOINTS, PARENTS, SMPL_REST_PELVIS
from sm_jax.geometry.rotations import shortest_arc
from sm_jax.types import Motion

Family = Literal["smpl", "smplx"]  # SMPL-H has SMPL's shape and rest pose


@dataclasses.dataclass(frozen=True, kw_only=True)
class RestPose:
    """The mean body at rest, metres, x to its left, y up, z ahead. pelvis: of the joint.  hips: from the pelvis to
    their middle.  height: from ankles to shoulders.  The others are directions of the left side."""

    pelvis: tuple[float, float, float]
    hips: tuple[float, float, float]
    height: float
    thigh: tuple[float, float, float]
    shin: tuple[float, float, float]
    foot: tuple[float, float, float]
    upper_arm: tuple[float, float, float]
    forearm: tuple[float, float, float]


# To a centimetre and a degree, the mean of both sides; the pelvis as both projects' users know it.
REST_POSES: dict[Family, RestPose] = {
    "smpl": RestPose(
        pelvis=SMPL_REST_PELVIS,
        hips=(0.0, -0.09, -0.01),
        height=1.31,
        thigh=(0.10, -0.99, -0.02),
        shin=(-0.04, -0.99, -0.11),
        foot=(0.21, 0.0, 0.98),
        upper_arm=(0.99, -0.05, -0.09),
        forearm=(1.0, 0.03, -0.01),
    ),
    "smplx": RestPose(
        pelvis=(0.0031, -0.3514, 0.0120),
        hips=(0.0, -0.10, -0.02),
        height=1.31,
        thigh=(0.13, -0.99, -0.03),
        shin=(-0.07, -1.0, -0.06),
        foot=(0.34, 0.0, 0.94),
        upper_arm=(0.97, -0.20, -0.13),
        forearm=(1.0, 0.04, -0.04),
    ),
}
# Limb -> the joints at the ends of its bone, and those that turn with it.
_LIMBS = {
    "thigh": ("hip", "knee", ("hip",)),
    "shin": ("knee", "ankle", ("knee",)),
    "foot": ("ankle", "foot", ("ankle", "foot")),
    "upper_arm": ("shoulder", "elbow", ("shoulder",)),
    "forearm": ("elbow", "wrist", ("elbow", "wrist", "hand")),
}
_ABOVE = np.array((0, *PARENTS[1:]))
_HIPS = [JOINTS.index("left_hip"), JOINTS.index("right_hip")]


def from_family(rotations: np.ndarray, family: Family, rest_joints: np.ndarray) -> np.ndarray:
    """A family's rotations [..., 24, 3, 3], the root's first, as those of a body with rest joints [24, 3]."""
    turns = rest_turns(family, rest_joints)
    return turns[_ABOVE].swapaxes(-1, -2) @ rotations @ turns


def to_family(rotations: np.ndarray, family: Family, rest_joints: np.ndarray) -> np.ndarray:
    """The way back: the rotations [..., 24, 3, 3] of a body with rest joints [24, 3] as a family's."""
    turns = rest_turns(family, rest_joints)
    return turns[_ABOVE] @ rotations @ turns.swapaxes(-1, -2)


def as_family(motion: Motion, family: Family, rest_joints: np.ndarray) -> Motion:
    """The motion [P, T] of bodies with rest joints [P, 24, 3] as that of a family's mean body: its limbs point where
    theirs do, and the middle of its hips is where theirs is. Host arrays."""
    rotations, pelvis = np.asarray(motion.rotations, np.float64), np.array(motion.pelvis, np.float64)
    turned = np.stack([to_family(own, family, rest) for own, rest in zip(rotations, rest_joints, strict=True)])
    for person, rest in enumerate(rest_joints):
        pelvis[person] -= rotations[person, :, 0] @ hips_apart(family, rest)
    return Motion(
        global_orient=turned[:, :, 0].astype(np.float32),
        body_pose=turned[:, :, 1:].astype(np.float32),
        pelvis=pelvis.astype(np.float32),
        betas=np.zeros_like(motion.betas),
    )


def hips_apart(family: Family, rest_joints: np.ndarray) -> np.ndarray:
    """[3] how far, in the pelvis' frame, a body's pelvis lies from a family's when the middles of their hips meet."""
    own = rest_joints[_HIPS].mean(axis=0) - rest_joints[0]
    return np.array(REST_POSES[family].hips) - own


def rest_turns(family: Family, rest_joints: np.ndarray) -> np.ndarray:
    """[24, 3, 3] how the limbs of a body with rest joints [24, 3] turn at rest to point where the family's do."""
    turns = np.tile(np.eye(3), (len(JOINTS), 1, 1))
    for limb, (start, end, turning) in _LIMBS.items():
        for side, sign in (("left", 1.0), ("right", -1.0)):
            own = rest_joints[JOINTS.index(f"{side}_{end}")] - rest_joints[JOINTS.index(f"{side}_{start}")]
            theirs = np.array(getattr(REST_POSES[family], limb)) * np.array([sign, 1.0, 1.0])
            if limb == "foot":  # its slope is where its joints lie in it, and the sole is flat all the same
                own = own * np.array([1.0, 0.0, 1.0])
            turn = np.asarray(shortest_arc(jnp.asarray(own, jnp.float32), jnp.asarray(theirs, jnp.float32)))
            for joint in turning:
                turns[JOINTS.index(f"{side}_{joint}")] = turn
    return turns
