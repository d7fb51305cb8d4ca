"""A motion as the SMPL parameters that other programs put on their own SMPL body."""

import dataclasses

import numpy as np

from sm_jax.body.rest_pose import as_family
from sm_jax.body.skeleton import SMPL_REST_PELVIS
from sm_jax.export.npz import MotionFile, axis_angles, steady


@dataclasses.dataclass(frozen=True, kw_only=True)
class SmplParameters:
    """poses: [P, T, 24, 3] axis-angle, world from pelvis first.  trans: [P, T, 3] SMPL's, metres, z up.  betas:
    [P, N].  fps: steady."""

    poses: np.ndarray
    trans: np.ndarray
    betas: np.ndarray
    fps: float


def smpl_parameters(content: MotionFile, n_betas: int) -> SmplParameters:
    """Of a licensed SMPL body as they are, but for the number of betas. Betas and rotations of an open body mean
    something else on SMPL's: what is given is the mean SMPL body's, with the limbs pointing where ours do and the hips
    where ours are (`body.rest_pose`). Frames that are unevenly spaced become a steady rate's."""
    open_body = content.body.startswith("open-")
    motion, fps = steady(content)
    betas = np.zeros((len(content.rest_joints), n_betas), np.float32)
    if open_body:
        motion = as_family(motion, "smpl", content.rest_joints)
        rest_pelvis = np.array(SMPL_REST_PELVIS, np.float32)[None]
    else:
        rest_pelvis = content.rest_joints[:, 0]
        count = min(n_betas, content.motion.betas.shape[-1])
        betas[:, :count] = content.motion.betas[:, :count]
    return SmplParameters(
        poses=axis_angles(motion), trans=np.asarray(motion.pelvis) - rest_pelvis[:, None], betas=betas, fps=float(fps)
    )
