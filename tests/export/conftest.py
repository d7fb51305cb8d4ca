"""Two small people who move, in front of a camera: the material of every exporter's test."""

import dataclasses

import jax
import numpy as np
import pytest

from sm_jax.body.io import load_body
from sm_jax.export.npz import motion_file
from sm_jax.geometry import rotations
from sm_jax.types import Camera, Motion

FRAMES, FPS = 7, 25.0
UPRIGHT = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], np.float32)  # facing +x, head up +z


@pytest.fixture(scope="session")
def body():
    return load_body("open-low")


@pytest.fixture(scope="session")
def uneven(content):
    """The same frames of a video that is slow, then fast, from its third second on."""
    time = 3 + np.array([0.0, 0.2, 0.4, 0.6, 0.65, 0.7, 0.75])
    return dataclasses.replace(content, time=time, fps=8.0)


@pytest.fixture(scope="session")
def content(body):
    """Person 0 at x = -0.4 faces person 1 at x = +0.4; the camera stands 4 m off, at y = -4, looking along +y."""
    vectors = 0.3 * np.array(jax.random.normal(jax.random.key(0), (2, FRAMES, 24, 3)))
    vectors[1, :, 20] = np.linspace(2.6, 3.7, FRAMES)[:, None] * np.array([0, 1, 0])  # through half a turn
    local = np.array(rotations.axis_angle_to_matrix(vectors))
    local[0, :, 0], local[1, :, 0] = UPRIGHT, np.diag([-1, -1, 1]).astype(np.float32) @ UPRIGHT
    pelvis = np.zeros((2, FRAMES, 3), np.float32)
    pelvis[..., 0] = np.array([-0.4, 0.4])[:, None]
    pelvis[..., 2] = 0.96 + 0.02 * np.arange(FRAMES)
    betas = np.zeros((2, 10), np.float32)
    betas[1, 0] = -1
    R = np.tile(np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), (FRAMES, 1, 1))
    camera = Camera(
        K=np.array([[300.0, 0, 120], [0, 300, 100], [0, 0, 1]]),
        R=R,
        t=np.tile(np.array([0, 1.0, 4.0]), (FRAMES, 1)),
        image_size=np.array([240, 200]),
    )
    infilled = np.zeros((2, FRAMES, 24), bool)
    infilled[0, 2:4, [18, 20, 22]] = True
    return motion_file(
        body,
        Motion(global_orient=local[:, :, 0], body_pose=local[:, :, 1:], pelvis=pelvis, betas=betas),
        camera,
        fps=FPS,
        frame_index=10 + np.arange(FRAMES),
        visibility=1.0 - infilled,
        infilled=infilled,
        spread=0.1 * infilled,
        provenance={"seed": 3, "body": "open-low"},
    )
