"""The four-view clip of pose2sim: its reference, what the real front-end sees of it, and what the simulator would.

experiments/data/four_views.npz holds a pseudo ground truth, triangulated from both detectors' points in the four views:
joints [100, P, 17, 3] at 60 fps, and the cameras. Its bone lengths scatter by 4 to 5 %, so its points by some 10 mm
along each axis, and they share errors with the detectors. Beside it the same motion at 30 fps on the body "open-low",
smoothed and fitted by `sm_jax.fitting.joints` to its positions alone. Licence: LICENSE-pose2sim-BSD-3-Clause.txt there.
"""

import dataclasses
import pathlib

import jax
import jax.numpy as jnp
import numpy as np

from experiments.simulator.seen import COCO, Seen, beside, stacked
from sm_jax.body import smpl
from sm_jax.fetch import input_path
from sm_jax.geometry import camera as pinhole
from sm_jax.geometry import distortion
from sm_jax.geometry.rotations import axis_angle_to_matrix
from sm_jax.observe import observe
from sm_jax.types import Camera, Motion, Observation

FILE = pathlib.Path(__file__).parent.parent / "data" / "four_views.npz"


@dataclasses.dataclass(frozen=True)
class Clip:
    """joints: [P, T, 17, 3] at 30 fps in the world.  motion: [P, T].  cameras: [V].  distortion: [V, 4]."""

    joints: np.ndarray
    motion: Motion
    cameras: Camera
    distortion: np.ndarray


def load() -> Clip:
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
    return Clip(np.moveaxis(file["joints"][::2], 0, 1), motion, cameras, file["distortion"])


def real(body: smpl.Body, clip: Clip) -> Seen:
    """What the front-end makes of the four videos [V], told the focal length."""
    views = []
    for v in range(len(clip.distortion)):
        camera = jax.tree.map(lambda x: x[v], clip.cameras)  # noqa: B023
        observed = observe(
            input_path(f"sample:cam0{v + 1}"), body=body, focal=float(camera.K[0, 0]), progress=False
        ).observation
        truth = pinhole.to_camera(camera, jnp.asarray(clip.joints))
        true = distortion.project(camera.K, clip.distortion[v], truth)
        if jnp.median(jnp.abs(observed.keypoints[:, :, :COCO] - true)) > 100:  # the people stand the other way round
            observed = swapped(observed)
        views.append(beside(body, observed, clip.motion, camera, truth, true))
    return stacked(views)


def swapped(seen: Observation) -> Observation:
    """The observation with the other person first."""
    people = {name: getattr(seen, name)[::-1] for name in ("keypoints", "keypoint_confidence", "visibility")}
    return dataclasses.replace(seen, motion=jax.tree.map(lambda x: x[::-1], seen.motion), **people)
