"""Another body's motion on ours: rotations, pelvis and shape of SMPL or SMPL-X for the body that is to be moved.

A rotation is relative to its body's rest pose, and rest poses differ: SMPL's shins lean back by 6 degrees, SMPL-X's
feet point out by 20. Limbs are turned such that they point where the file's do. The trunk keeps its rotations, since
spines differ in where their joints lie and not in how they stand; the body is placed by the middle of its hips for the
same reason. On a body of the file's own family nothing changes but that the file's betas are used.
"""

import dataclasses
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.io import LARGEST_STATURE_BETA
from sm_jax.body.skeleton import JOINTS, PARENTS, SMPL_REST_PELVIS
from sm_jax.geometry.rotations import shortest_arc
from sm_jax.perception.importers.estimate import Family, Track

_VERTICES = {"smpl": 6890, "smplx": 10475}


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Rest:
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
_REST = {
    "smpl": _Rest(
        pelvis=SMPL_REST_PELVIS,
        hips=(0.0, -0.09, -0.01),
        height=1.31,
        thigh=(0.10, -0.99, -0.02),
        shin=(-0.04, -0.99, -0.11),
        foot=(0.21, 0.0, 0.98),
        upper_arm=(0.99, -0.05, -0.09),
        forearm=(1.0, 0.03, -0.01),
    ),
    "smplx": _Rest(
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


class Refitted(NamedTuple):
    """rotations: [n, 24, 3, 3].  pelvis: [n, 3].  betas: [N]."""

    rotations: np.ndarray
    pelvis: np.ndarray
    betas: np.ndarray


def refit(track: Track, family: Family, body: smpl.Body) -> Refitted:
    """A track's motion for a body, in the track's own frame."""
    assert track.rotations is not None and track.trans is not None
    betas = np.zeros(body.shapedirs.shape[-1], np.float32)
    if len(body.v_template) == _VERTICES[family]:
        if track.betas is not None:
            count = min(len(betas), len(track.betas))
            betas[:count] = track.betas[:count]
        rest = np.asarray(smpl.rest_joints(body, betas), np.float64)[0]
        return Refitted(track.rotations, track.trans + track.axes @ rest, betas)
    source, joints = _REST[family], np.asarray(body.joint_template, np.float64)
    betas[0] = _stature(body, source.height)
    turns = rest_turns(family, body)
    above = np.array((0, *PARENTS[1:]))
    rotations = turns[above].swapaxes(-1, -2) @ track.rotations @ turns
    rotations[:, 0] = track.rotations[:, 0]
    joints = np.asarray(smpl.rest_joints(body, betas), np.float64)
    hips = joints[[JOINTS.index("left_hip"), JOINTS.index("right_hip")]].mean(axis=0) - joints[0]
    shift = track.rotations[:, 0] @ (np.array(source.hips) - hips)
    return Refitted(rotations, track.trans + track.axes @ np.array(source.pelvis) + shift, betas)


def rest_turns(family: Family, body: smpl.Body) -> np.ndarray:
    """[24, 3, 3] how a body's limbs are to be turned at rest to point where the family's do."""
    turns = np.tile(np.eye(3), (len(JOINTS), 1, 1))
    joints = np.asarray(body.joint_template, np.float64)
    for limb, (start, end, turning) in _LIMBS.items():
        for side, sign in (("left", 1.0), ("right", -1.0)):
            own = joints[JOINTS.index(f"{side}_{end}")] - joints[JOINTS.index(f"{side}_{start}")]
            theirs = np.array(getattr(_REST[family], limb)) * np.array([sign, 1.0, 1.0])
            if limb == "foot":  # its slope is where its joints lie in it, and the sole is flat all the same
                own = own * np.array([1.0, 0.0, 1.0])
            turn = np.asarray(shortest_arc(jnp.asarray(own, jnp.float32), jnp.asarray(theirs, jnp.float32)))
            for joint in turning:
                turns[JOINTS.index(f"{side}_{joint}")] = turn
    return turns


def _stature(body: smpl.Body, height: float) -> float:
    """The first beta at which a body's shoulders stand so high over its ankles."""
    shoulders, ankles = (
        [JOINTS.index(f"{side}_{name}") for side in ("left", "right")] for name in ("shoulder", "ankle")
    )

    def tall(beta: float) -> float:
        betas = beta * np.eye(1, body.shapedirs.shape[-1], dtype=np.float32)[0]
        y = np.asarray(smpl.rest_joints(body, betas))[:, 1]
        return float(y[shoulders].mean() - y[ankles].mean())

    return float(np.clip((height - tall(0.0)) / (tall(1.0) - tall(0.0)), -LARGEST_STATURE_BETA, LARGEST_STATURE_BETA))
