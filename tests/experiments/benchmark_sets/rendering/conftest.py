import jax
import numpy as np
import pytest

from sm_jax.body.io import load_body
from sm_jax.data import codec
from sm_jax.data.store import open_set
from sm_jax.export.render import Shot


@pytest.fixture(scope="session")
def body():
    return load_body("open-low")


@pytest.fixture(scope="session")
def dance():
    """Eight frames of a dance, [P, T]."""
    return codec.decode(open_set("salsa").records["val"][0], 100, 108)


@pytest.fixture
def shot():
    """A camera 1.5 m above the floor that looks along +x, level. 100 pixels focal length."""
    R = np.array([[0, -1.0, 0], [0, 0, -1], [1, 0, 0]])
    return Shot(K=np.array([[100.0, 0, 80], [0, 100, 60], [0, 0, 1]]), R=R, t=-R @ [0, 0, 1.5], size=(160, 120))


@pytest.fixture(scope="session")
def seen(body, dance):
    """What an observer without fault sees of the dance, and the camera [T] it sees it with."""
    from sm_jax.body import smpl
    from sm_jax.geometry.camera import project_points
    from sm_jax.types import Camera, Observation

    frames = dance.motion.pelvis.shape[1]
    middle = dance.motion.pelvis.mean(axis=(0, 1))
    R = np.array([[0, -1.0, 0], [0, 0, -1], [1, 0, 0]], np.float32)
    camera = Camera(
        K=np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]], np.float32),
        R=np.tile(R, (frames, 1, 1)),
        t=np.tile(-R @ (middle - [5, 0, 0]).astype(np.float32), (frames, 1)),
        image_size=np.array([640, 480], np.float32),
    )
    keypoints = np.asarray(project_points(camera, smpl.keypoints(body, smpl.pose(body, dance.motion)))[0])
    return jax.tree.map(np.asarray, Observation(
        keypoints=keypoints, keypoint_confidence=np.full(keypoints.shape[:-1], 0.9, np.float32), motion=dance.motion,
        visibility=np.ones((2, frames, 24), np.float32), camera=camera, fps=np.array(30, np.float32),
        frame_index=np.arange(frames), frame_mask=np.ones(frames, np.float32),
    ))  # fmt: skip
