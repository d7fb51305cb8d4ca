import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.geometry import camera, distortion
from tests.geometry.gradients import assert_gradient

K = jnp.array([[900.0, 0.0, 640.0], [0.0, 910.0, 360.0], [0.0, 0.0, 1.0]])
LENSES = {
    "none": [0, 0, 0, 0, 0],
    "four": [-0.25, 0.06, 0.001, -0.0005],
    "barrel": [-0.32, 0.14, 0.0011, -0.0007, -0.03],
    "pincushion": [0.18, 0.05, -0.002, 0.001, 0.02],
    "rational": [0.9, 0.31, 0.0008, -0.0011, 0.02, 1.15, 0.52, 0.07],
}
# a field of view of about 85 by 65 degrees
GRID = np.stack(np.meshgrid(np.linspace(-0.9, 0.9, 13), np.linspace(-0.65, 0.65, 11)), -1).reshape(-1, 2)


distort, undistort, project = map(jax.jit, (distortion.distort, distortion.undistort, distortion.project))


@pytest.fixture(params=LENSES)
def lens(request) -> jax.Array:
    return jnp.array(LENSES[request.param], jnp.float32)


def points(depth: float = 2.0) -> jax.Array:
    return jnp.asarray(depth * np.concatenate([GRID, np.ones((len(GRID), 1))], 1), jnp.float32)


def test_projection_is_opencvs(lens):
    cv2 = pytest.importorskip("cv2", reason="opencv is not installed (extra: video)")
    zero = np.zeros(3)
    intrinsics, coefficients = np.asarray(K, np.float64), np.asarray(lens, np.float64)
    expected, _ = cv2.projectPoints(np.asarray(points(), np.float64), zero, zero, intrinsics, coefficients)
    np.testing.assert_allclose(project(K, lens, points()), expected[:, 0], atol=2e-4)


def test_derivatives_are_opencvs(lens):
    cv2 = pytest.importorskip("cv2", reason="opencv is not installed (extra: video)")
    zero = np.zeros(3)
    _, jacobian = cv2.projectPoints(
        np.asarray(points(), np.float64), zero, zero, np.asarray(K, np.float64), np.asarray(lens, np.float64)
    )
    found = jax.jit(jax.jacobian(lambda c: distortion.project(K, c, points())))(lens).reshape(-1, len(lens))
    np.testing.assert_allclose(found, jacobian[:, 10 : 10 + len(lens)], rtol=1e-4, atol=1e-2)


def test_undistorted_pixels_are_opencvs(lens):
    cv2 = pytest.importorskip("cv2", reason="opencv is not installed (extra: video)")
    pixels = project(K, lens, points())
    intrinsics, coefficients = np.asarray(K, np.float64), np.asarray(lens, np.float64)
    exact = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 500, 1e-12)  # its default stops early
    expected = cv2.undistortPoints(
        np.asarray(pixels, np.float64)[:, None], intrinsics, coefficients, P=intrinsics, criteria=exact
    )
    np.testing.assert_allclose(distortion.undistort_pixels(K, lens, pixels), expected[:, 0], atol=2e-3)


def test_undistort_undoes_distort(lens):
    there = distort(jnp.asarray(GRID, jnp.float32), lens)
    np.testing.assert_allclose(undistort(there, lens), GRID, atol=2e-6)


def test_a_pinhole_is_a_lens_of_zeros():
    np.testing.assert_allclose(project(K, jnp.zeros(5), points()), camera.project(K, points()), atol=1e-4)


def test_gradient_of_undistort_is_that_of_the_inverse():
    lens = np.array(LENSES["rational"])
    there = np.asarray(distort(GRID[::7].astype(np.float32), lens.astype(np.float32)))
    assert_gradient(distortion.undistort, there, lens, atol=1e-5)


def test_each_camera_has_its_own_lens():
    lenses = jnp.array([LENSES["barrel"], LENSES["pincushion"]], jnp.float32)
    grid = jnp.broadcast_to(jnp.asarray(GRID, jnp.float32), (2, len(GRID), 2))
    both = undistort(grid, lenses[:, None])
    for i in range(2):
        np.testing.assert_allclose(both[i], undistort(grid[i], lenses[i]), atol=1e-6)


def test_values_and_gradients_are_finite_wherever_the_point_is(lens):
    """Also where no point is bent to: outside the image of the lens."""
    scales = np.array([0, 1e-30, 1e-10, 1, 3, 10, 1e2, 1e4, 1e10, 1e30])
    far = jnp.asarray(scales[:, None, None] * np.array([[1, 0.3], [-1, 1], [0, 1]]), jnp.float32)
    for function in (distort, undistort):
        value = function(far, lens)
        slopes = jax.jit(jax.grad(lambda *a, f=function: f(*a).mean(), argnums=(0, 1)))(far, lens)
        assert all(np.isfinite(part).all() for part in (value, *slopes))


def test_a_wrong_number_of_coefficients_is_named():
    with pytest.raises(ValueError, match="4, 5 or 8 coefficients, not 6"):
        distortion.distort(jnp.zeros(2), jnp.zeros(6))


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float32, jnp.float64])
def test_dtypes_are_kept(dtype):
    def everything(lens, grid, K):
        depth = jnp.ones_like(grid[..., :1])
        bent = distortion.project(K, lens, jnp.concatenate([grid, depth], axis=-1))
        return distortion.distort(grid, lens), distortion.undistort_pixels(K, lens, bent)

    with jax.enable_x64(True):
        shapes = [jax.ShapeDtypeStruct(shape, dtype) for shape in ((8,), (5, 2), (3, 3))]
        assert {array.dtype for array in jax.eval_shape(everything, *shapes)} == {jnp.dtype(dtype)}
