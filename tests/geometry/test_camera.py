import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.geometry import camera as cameras
from sm_jax.geometry import rotations
from sm_jax.types import Camera

K = jnp.array([[500.0, 2.0, 320.0], [0.0, 510.0, 240.0], [0.0, 0.0, 1.0]])


def moving_camera(T: int) -> Camera:
    R = rotations.axis_angle_to_matrix(jax.random.normal(jax.random.key(0), (T, 3)))
    t = jax.random.normal(jax.random.key(1), (T, 3))
    return Camera(K=K, R=R, t=t, image_size=jnp.array([640.0, 480.0]))


def test_project_is_the_intrinsic_matrix():
    points = jnp.array([[0.3, -0.2, 2.0], [0.0, 0.0, 1.0], [-1.0, 1.0, 5.0]])
    homogeneous = np.asarray(points) @ np.asarray(K).T
    np.testing.assert_allclose(cameras.project(K, points), homogeneous[:, :2] / homogeneous[:, 2:], rtol=1e-5)


def test_rays_go_back_through_the_pixels():
    points = jnp.array([[0.3, -0.2, 2.0], [-1.0, 1.0, 5.0]])
    unit = np.asarray(points) / np.linalg.norm(points, axis=1, keepdims=True)
    np.testing.assert_allclose(cameras.rays(K, cameras.project(K, points)), unit, atol=1e-6)


def test_points_behind_the_camera_are_finite():
    points = jnp.array([[0.3, -0.2, -2.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1e-9]])
    assert np.isfinite(cameras.project(K, points)).all()
    assert np.isfinite(jax.grad(lambda p: cameras.project(K, p).sum())(points)).all()


def test_project_points_moves_each_frame_by_its_own_camera():
    camera, points = moving_camera(4), jax.random.normal(jax.random.key(2), (2, 4, 5, 3))
    pixels, depth = cameras.project_points(camera, points)
    assert pixels.shape == (2, 4, 5, 2)
    expected = np.asarray(camera.R[3]) @ np.asarray(points[1, 3, 2]) + np.asarray(camera.t[3])
    np.testing.assert_allclose(cameras.to_camera(camera, points)[1, 3, 2], expected, atol=1e-5)
    np.testing.assert_allclose(depth[1, 3, 2], expected[2], atol=1e-5)


def test_batched_cameras_equal_single_ones():
    one, points = moving_camera(4), jax.random.normal(jax.random.key(2), (3, 2, 4, 5, 3))
    many = jax.tree.map(lambda x: jnp.broadcast_to(x, (3, *x.shape)), one)
    pixels, _ = cameras.project_points(many, points)
    np.testing.assert_allclose(pixels[1], cameras.project_points(one, points[1])[0], rtol=1e-5, atol=1e-3)
