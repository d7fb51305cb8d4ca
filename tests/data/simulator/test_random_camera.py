import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.data.simulator.random_camera import ViewpointConfig, random_camera
from sm_jax.geometry.camera import project_points
from tests.motion.motions import random_motion


def many(pelvis, config):
    keys = jax.random.split(jax.random.key(0), 200)
    return jax.jit(jax.vmap(lambda key: random_camera(key, pelvis, jnp.ones(2), config)))(keys)


@pytest.fixture(scope="module")
def view():
    pelvis = random_motion(frames=5).pelvis
    cameras = many(pelvis, ViewpointConfig())
    return pelvis, cameras


def test_cameras_are_rotations_at_sensible_places(view):
    pelvis, cameras = view
    R = np.asarray(cameras.R)
    np.testing.assert_allclose(np.linalg.det(R), 1, atol=1e-5)
    np.testing.assert_allclose(R @ R.swapaxes(-1, -2), np.broadcast_to(np.eye(3), R.shape), atol=1e-5)
    position = -np.einsum("btji,btj->bti", R, cameras.t)
    assert position[..., 2].min() >= 0.8 - 1e-4
    assert position[..., 2].max() <= 2.2 + 1e-4
    away = np.linalg.norm((position - np.median(np.asarray(pelvis).mean(0), axis=0))[..., :2], axis=-1)
    assert away.min() >= 2.5 - 1e-3
    apart = np.linalg.norm(np.median(np.asarray(pelvis[1] - pelvis[0]), axis=0)[:2])
    assert 7 - 0.5 < away.max() <= 7 + 0.5 * apart + 1e-3  # as far from the nearer person
    # All sides.
    assert len(set(np.floor(np.arctan2(position[:, 0, 1], position[:, 0, 0] - 0.5) / (np.pi / 2)))) == 4


def test_the_pair_is_in_the_picture_upright(view):
    pelvis, cameras = view
    points = jnp.stack([pelvis, pelvis + jnp.array([[[0.0, 0.0, 0.6]]])], axis=2)
    pixels, depth = jax.vmap(lambda camera: project_points(camera, points))(cameras)
    assert (np.asarray(depth) > 1).all()
    inside = (pixels > 0) & (pixels < cameras.image_size[:, None, None, None])
    assert np.asarray(inside).all(axis=-1).mean() > 0.95
    assert (pixels[..., 1, 1] < pixels[..., 0, 1]).all()  # heads above hips, y down


def test_it_looks_at_who_is_there(view):
    pelvis, _ = view
    far = pelvis.at[1].add(jnp.array([50.0, 0.0, 0.0]))
    camera = random_camera(jax.random.key(0), far, jnp.array([1.0, 0.0]), ViewpointConfig())
    pixels, _ = project_points(camera, far[:, :, None])
    assert np.asarray((pixels[0] > 0) & (pixels[0] < camera.image_size[None, None])).mean() > 0.9
