"""One AMASS file per person, which is what Blender's SMPL add-ons and most motion tools read."""

import pathlib

import numpy as np

from sm_jax.assets.files import replacing
from sm_jax.body.io import terms_of
from sm_jax.body.rest_pose import as_family
from sm_jax.body.skeleton import SMPL_REST_PELVIS
from sm_jax.export.npz import MotionFile, axis_angles, steady

BODY_JOINTS = 22  # SMPL-H: SMPL's joints without the two hands, then 30 finger joints


def save_amass(folder: str | pathlib.Path, content: MotionFile) -> list[pathlib.Path]:
    """Write `person{0,1}_amass.npz` into a folder, z up, fingers straight. Returns the paths.

    AMASS readers put the motion on *their* SMPL body. Betas and rotations of an open body mean something else there:
    what is written is the mean SMPL body's, with the limbs pointing where ours do and the hips where ours are
    (`body.rest_pose`). A licensed SMPL body's are written as they are. Frames that are unevenly spaced become a steady
    rate's. Raises UserError if the folder cannot be written.
    """
    open_body = content.body.startswith("open-")
    motion, fps = steady(content)
    if open_body:
        motion = as_family(motion, "smpl", content.rest_joints)
    poses = axis_angles(motion)[:, :, :BODY_JOINTS]
    paths = []
    for person, pose in enumerate(poses):
        rest_pelvis = np.array(SMPL_REST_PELVIS, np.float32) if open_body else content.rest_joints[person, 0]
        betas = np.zeros(16, np.float32)
        if not open_body:
            count = min(16, content.motion.betas.shape[-1])
            betas[:count] = content.motion.betas[person, :count]
        path = pathlib.Path(folder) / f"person{person}_amass.npz"
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(
                file,
                poses=np.concatenate([pose.reshape(len(pose), -1), np.zeros((len(pose), 90), np.float32)], axis=1),
                trans=motion.pelvis[person] - rest_pelvis,
                betas=betas,
                dmpls=np.zeros((len(pose), 8), np.float32),
                gender=np.str_("neutral"),
                body_terms=np.str_(terms_of(content.body)),
                mocap_framerate=np.float64(fps),
            )
        paths.append(path)
    return paths
