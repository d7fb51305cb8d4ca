"""The real front-end on a rendered video: what it makes of it is kept in a file, so that a run can go on."""

import pathlib

import jax
import numpy as np

from experiments.simulator.clip import swapped
from experiments.simulator.seen import COCO
from sm_jax.benchmark.frozen import rounded
from sm_jax.body import smpl
from sm_jax.data.schema import View
from sm_jax.errors import UserError
from sm_jax.geometry.camera import project_points
from sm_jax.observe import observe
from sm_jax.perception.archive import load_observation, save_observation
from sm_jax.types import Camera, Motion, Observation


def view(video: pathlib.Path, body: smpl.Body, motion: Motion, camera: Camera) -> View:
    """What the front-end sees in a video of a motion [P, T], not told the focal length, with the people in the order
    of the motion, rounded. Its observation is None where the front-end refused the video; `video`.txt says why."""
    kept, refused = video.with_suffix(".npz"), video.with_suffix(".txt")
    if not kept.exists() and not refused.exists():
        try:
            save_observation(kept, observe(video, body=body, progress=False).observation)
        except UserError as error:
            refused.write_text(f"{error}\n")
    if refused.exists():
        return View(camera=camera)
    observation = load_observation(kept)
    if not np.array_equal(observation.frame_index, np.arange(motion.pelvis.shape[1])):
        raise ValueError(f"{video}: the front-end read frames {observation.frame_index}, not every one once")
    return View(camera=camera, observation=rounded(matched(observation, true_keypoints(body, motion, camera))))


def true_keypoints(body: smpl.Body, motion: Motion, camera: Camera) -> np.ndarray:
    """Where the keypoints [P, T, K, 2] of a motion really are in the picture, in pixels."""
    return np.asarray(_projected(body, motion, camera))


@jax.jit
def _projected(body: smpl.Body, motion: Motion, camera: Camera) -> jax.Array:
    return project_points(camera, smpl.keypoints(body, smpl.pose(body, motion)))[0]


def matched(observation: Observation, true: np.ndarray) -> Observation:
    """The observation with its people in the order, one for the whole clip, that fits true keypoints [P, T, K, 2]."""
    off = [np.median(np.linalg.norm(seen[:, :, :COCO] - true[:, :, :COCO], axis=-1))
           for seen in (observation.keypoints, observation.keypoints[::-1])]  # fmt: skip
    return swapped(observation) if off[1] < off[0] else observation
