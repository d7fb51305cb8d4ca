"""The four-view clip of pose2sim: two people before four calibrated cameras, and where they were.

four_views_reference.npz holds a pseudo ground truth, triangulated from two detectors' points in the four views: joints
[100, P, 17, 3] at 60 fps, and the cameras. It is good to 30-50 mm: its bone lengths scatter by 4 to 5 %, and it shares
errors with the detectors. Beside it the same motion at 30 fps on the body "open-low", smoothed and fitted by
`sm_jax.fitting.mocap.joints` to its positions alone. Licence: LICENSE-pose2sim-BSD-3-Clause.txt beside it.
"""

import dataclasses

import jax
import numpy as np

from sm_jax.evaluation.benchmarks.frozen import ASSETS
from sm_jax.geometry.rotations import axis_angle_to_matrix
from sm_jax.types import Camera, Motion

FILE = ASSETS / "four_views_reference.npz"
FPS = 30.0


@dataclasses.dataclass(frozen=True)
class ReferenceClip:
    """joints: [P, T, 17, 3] at 30 fps in the world.  motion: [P, T].  cameras: [V].  distortion: [V, 4]."""

    joints: np.ndarray
    motion: Motion
    cameras: Camera
    distortion: np.ndarray

    def camera(self, v: int) -> Camera:
        """One of the cameras."""
        return jax.tree.map(lambda x: x[v], self.cameras)


def load_clip() -> ReferenceClip:
    """The reference, at 30 fps."""
    file = np.load(FILE)
    R = np.asarray(axis_angle_to_matrix(file["rotations"]))
    motion = Motion(global_orient=R[:, :, 0], body_pose=R[:, :, 1:], pelvis=file["pelvis"], betas=file["betas"])
    views, frames = len(file["K"]), R.shape[1]
    cameras = Camera(
        K=file["K"],
        R=np.repeat(file["R"][:, None], frames, axis=1),
        t=np.repeat(file["t"][:, None], frames, axis=1),
        image_size=np.tile(np.array([1088, 1920], np.float32), (views, 1)),
    )
    return ReferenceClip(np.moveaxis(file["joints"][::2], 0, 1), motion, cameras, file["distortion"])
