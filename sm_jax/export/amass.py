"""One AMASS file per person, which is what Blender's SMPL add-ons and most motion tools read."""

import pathlib

import numpy as np

from sm_jax.assets.files import replacing
from sm_jax.body.io import terms_of
from sm_jax.export.npz import MotionFile
from sm_jax.export.smpl_parameters import smpl_parameters

BODY_JOINTS = 22  # SMPL-H: SMPL's joints without the two hands, then 30 finger joints
_BETAS = 16


def save_amass(folder: str | pathlib.Path, content: MotionFile) -> list[pathlib.Path]:
    """Write `person{0,1}_amass.npz` into a folder, z up, fingers straight. Returns the paths.

    AMASS readers put the motion on *their* SMPL body, see `smpl_parameters`. Raises UserError if the folder cannot be
    written.
    """
    found, paths = smpl_parameters(content, _BETAS), []
    for person, pose in enumerate(found.poses[:, :, :BODY_JOINTS]):
        path = pathlib.Path(folder) / f"person{person}_amass.npz"
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(
                file,
                poses=np.concatenate([pose.reshape(len(pose), -1), np.zeros((len(pose), 90), np.float32)], axis=1),
                trans=found.trans[person],
                betas=found.betas[person],
                dmpls=np.zeros((len(pose), 8), np.float32),
                gender=np.str_("neutral"),
                body_terms=np.str_(terms_of(content.body)),
                mocap_framerate=np.float64(found.fps),
            )
        paths.append(path)
    return paths
