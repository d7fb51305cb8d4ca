"""Cameras on people: where one stands, how a hand moves it, and which side lets one person hide much of the other."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from sm_jax.body import smpl
from sm_jax.evaluation.benchmarks.case import true_visibility
from sm_jax.export.render import Shot
from sm_jax.geometry.rotations import axis_angle_to_matrix
from sm_jax.types import Camera, Motion

DISTANCE, HEIGHT, FOCAL = (3.0, 7.0), (0.7, 2.3), (0.6, 1.2)  # metres, metres, diagonals
LEAST_TALL = 0.4  # a person's height in picture heights, or in half widths where that is less
LEAST_INSIDE = 0.995  # share of points in the picture
TRIES = 60
SHAKE = (0.006, 0.012)  # standard deviations of a hand: radians, metres
BREATH = 12.0  # frames over which it moves
SIZES = ((960, 540), (540, 960), (854, 480), (720, 720), (800, 600))  # width and height
MUCH = 0.2  # share of hidden joints that is much: from a third on, one person is out of sight for seconds
AZIMUTHS = 16


def place_camera(rng: np.random.Generator, points: np.ndarray, side: float, size: tuple[int, int]) -> Shot:
    """A camera on that side whose picture holds the points; of those drawn, the first that is good, or the best."""
    low, high = points.min(axis=0), points.max(axis=0)
    drawn, inside = [], []
    for _ in range(TRIES):
        focal, distance = rng.uniform(*FOCAL) * np.hypot(*size), rng.uniform(*DISTANCE)
        eye = (low + high) / 2 + distance * np.array([np.cos(side), np.sin(side), 0])
        eye[2] = rng.uniform(*HEIGHT)
        aim = (low + high) / 2 + rng.normal(size=3) * (0.05, 0.05, 0.08)
        drawn.append(aim_camera(eye, aim, rng.normal() * np.radians(1.5), focal, size))
        pixels, _ = drawn[-1].project(points)
        tall = 1.7 * focal / distance >= LEAST_TALL * max(size[1], 0.5 * size[0])
        inside.append(((pixels > 0) & (pixels < size)).all(axis=-1).mean() - (not tall))
        if inside[-1] >= LEAST_INSIDE:
            return drawn[-1]
    return drawn[int(np.argmax(inside))]


def aim_camera(eye: np.ndarray, aim: np.ndarray, roll: float, focal: float, size: tuple[int, int]) -> Shot:
    """A camera at `eye` that looks at `aim`, turned by `roll` radians about its line of sight. focal: pixels."""
    z = (aim - eye) / np.linalg.norm(aim - eye)
    x = np.cross(z, [0, 0, 1.0]) / np.linalg.norm(z[:2])
    x = np.cos(roll) * x + np.sin(roll) * np.cross(z, x)
    R = np.stack([x, np.cross(z, x), z])
    K = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
    return Shot(K=K, R=R, t=-R @ eye, size=size)


def hold_camera(rng: np.random.Generator, still: Shot, frames: int, by_hand: bool) -> Camera:
    """A camera over some frames, in a hand or on a stand."""
    smooth = gaussian_filter1d(rng.normal(size=(frames + 100, 6)), BREATH, axis=0)[50:-50]
    smooth = by_hand * smooth * np.sqrt(2 * np.sqrt(np.pi) * BREATH) * np.repeat(SHAKE, 3)
    R = np.asarray(axis_angle_to_matrix(smooth[:, :3])) @ still.R
    eye = still.position + smooth[:, 3:]
    return Camera(
        K=still.K.astype(np.float32),
        R=R.astype(np.float32),
        t=-np.einsum("tij,tj->ti", R, eye).astype(np.float32),
        image_size=np.array(still.size, np.float32),
    )


def choose_camera(
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
    found = [hold_camera(rng, place_camera(rng, points, side, size), motion.pelvis.shape[1], by_hand) for side in sides]
    seen = [np.asarray(true_visibility(body, motion, camera)) for camera in found]
    best = int(np.argmin([abs((v < 0.5).mean() - MUCH * much) for v in seen]))
    return found[best], seen[best]


def shot_at(camera: Camera, frame: int) -> Shot:
    """The camera in one frame."""
    width, height = (int(side) for side in camera.image_size)
    K, R, t = (np.asarray(x) for x in (camera.K, camera.R[frame], camera.t[frame]))
    return Shot(K=K, R=R, t=t, size=(width, height))
