"""Cameras on people: where they see both, and where one hides much of the other."""

import numpy as np

from experiments.rendering.stands import held, stand
from sm_jax.benchmark.case import true_visibility
from sm_jax.body import smpl
from sm_jax.export.render import Shot
from sm_jax.types import Camera, Motion

SIZES = ((960, 540), (540, 960), (854, 480), (720, 720), (800, 600))  # width and height
MUCH = 0.2  # share of hidden joints that is much: from a third on, one person is out of sight for seconds
AZIMUTHS = 16


def look(
    rng: np.random.Generator, body: smpl.Body, motion: Motion, much: bool, by_hand: bool
) -> tuple[Camera, np.ndarray]:
    """Of cameras from all sides the one in which the people hide the least of each other, or the one nearest to MUCH,
    and what it sees: [P, T, J] visibility of the true joints.

    motion: [P, T] over the floor z = 0.  by_hand: the camera trembles instead of standing.
    """
    posed = smpl.pose(body, motion)
    joints = np.asarray(posed.joints)
    head = joints[:, :, 15:16] + [0, 0, 0.2]
    points = np.concatenate([joints, head], axis=2).reshape(-1, 3)
    size = SIZES[rng.integers(len(SIZES))]
    start = rng.uniform(0, 2 * np.pi)
    sides = start + 2 * np.pi * np.arange(AZIMUTHS) / AZIMUTHS
    found = [held(rng, stand(rng, points, side, size), motion.pelvis.shape[1], by_hand) for side in sides]
    seen = [np.asarray(true_visibility(body, motion, camera)) for camera in found]
    best = int(np.argmin([abs((v < 0.5).mean() - MUCH * much) for v in seen]))
    return found[best], seen[best]


def shot(camera: Camera, frame: int) -> Shot:
    """The camera in one frame."""
    width, height = (int(side) for side in camera.image_size)
    K, R, t = (np.asarray(x) for x in (camera.K, camera.R[frame], camera.t[frame]))
    return Shot(K=K, R=R, t=t, size=(width, height))
