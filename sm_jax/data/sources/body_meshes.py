"""The meshes of a data set's own bodies, from the licensed files, where the data set does not bring them."""

import pathlib
from collections.abc import Sequence

import jax
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import PARENTS
from sm_jax.data.sources.recordings import body_file
from sm_jax.motion.frames import pad_motion
from sm_jax.types import Array, Motion


def meshes_of(
    bodies: pathlib.Path, genders: Sequence[str], betas: np.ndarray, R: np.ndarray, pelvis: np.ndarray
) -> np.ndarray:
    """Vertices [P, T, 6890, 3] of people on SMPL's body of their gender.

    betas: [P, N].  R: [P, T, 24, 3, 3] in the world.  pelvis: [P, T, 3]. Raises UserError where a file is missing.
    """
    n_frames, above = R.shape[1], np.array(PARENTS[1:])
    local = R.copy()
    local[:, :, 1:] = R[:, :, above].swapaxes(-1, -2) @ R[:, :, 1:]
    found = []
    for person, gender in enumerate(genders):
        body = load_body(body_file(bodies, "smpl", gender, "the truth's mesh"))
        one = slice(person, person + 1)
        motion = Motion(
            global_orient=local[one, :, 0].astype(np.float32),
            body_pose=local[one, :, 1:].astype(np.float32),
            pelvis=pelvis[one].astype(np.float32),
            betas=np.resize(betas[one], (1, body.shapedirs.shape[-1])).astype(np.float32),
        )
        found.append(np.asarray(_vertices(body, pad_motion(motion)))[0, :n_frames])
    return np.stack(found)


@jax.jit
def _vertices(body: smpl.Body, motion: Motion) -> Array:
    return smpl.vertices(body, smpl.pose(body, motion))
