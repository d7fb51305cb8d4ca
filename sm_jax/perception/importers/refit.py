"""Another body's motion on ours: rotations, pelvis and shape of SMPL or SMPL-X for the body that is to be moved.

Limbs point where the file's do, see `body.rest_pose`. On a body of the file's own family nothing changes but that the
file's betas are used.
"""

from typing import NamedTuple

import numpy as np

from sm_jax.body import smpl
from sm_jax.body.io import LARGEST_STATURE_BETA
from sm_jax.body.rest_pose import REST_POSES, Family, from_family, hips_apart
from sm_jax.body.skeleton import JOINTS
from sm_jax.perception.importers.estimate import Track

_VERTICES: dict[Family, int] = {"smpl": 6890, "smplx": 10475}


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
    source = REST_POSES[family]
    betas[0] = _stature(body, source.height)
    rest_joints = np.asarray(smpl.rest_joints(body, betas), np.float64)
    rotations = from_family(track.rotations, family, rest_joints)
    shift = track.rotations[:, 0] @ hips_apart(family, rest_joints)
    return Refitted(rotations, track.trans + track.axes @ np.array(source.pelvis) + shift, betas)


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
