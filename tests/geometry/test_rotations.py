import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy.spatial.transform import Rotation

from sm_jax.geometry import rotations

# angles at both ends and between, about random axes
ANGLES = np.concatenate(
    [[0.0], np.geomspace(1e-7, 0.1, 30), np.linspace(0.2, 3.0, 40), np.pi - np.geomspace(1e-6, 0.1, 30)]
)


@pytest.fixture(scope="module")
def axis_angle() -> np.ndarray:
    axis = np.random.default_rng(0).normal(size=(len(ANGLES), 3))
    return (ANGLES[:, None] * axis / np.linalg.norm(axis, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def R(axis_angle) -> np.ndarray:
    return Rotation.from_rotvec(axis_angle).as_matrix().astype(np.float32)


def test_axis_angle_to_matrix_is_scipys(axis_angle, R):
    np.testing.assert_allclose(rotations.axis_angle_to_matrix(axis_angle), R, atol=1e-6)


def test_matrix_to_axis_angle_is_accurate_at_both_ends(axis_angle, R):
    found = rotations.matrix_to_axis_angle(R)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), ANGLES, atol=2e-6)
    np.testing.assert_allclose(Rotation.from_rotvec(found).as_matrix(), R, atol=2e-6)


@pytest.mark.parametrize("axis", [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, -0.8, 0]])
def test_half_turn(axis):
    R = 2 * np.outer(axis, axis).astype(np.float32) - np.eye(3, dtype=np.float32)
    found = np.asarray(rotations.matrix_to_axis_angle(jnp.asarray(R)))
    np.testing.assert_allclose(np.abs(found @ axis), np.pi, atol=1e-5)
    assert np.isfinite(jax.jit(jax.jacobian(rotations.matrix_to_axis_angle))(R)).all()


def test_gradients_are_finite_at_every_angle(axis_angle):
    def loop(a):
        return rotations.matrix_to_axis_angle(rotations.axis_angle_to_matrix(a))

    gradient = jax.jit(jax.vmap(jax.jacobian(loop)))(axis_angle)
    assert np.isfinite(gradient).all()
    inside = ANGLES < 3
    np.testing.assert_allclose(gradient[inside], np.broadcast_to(np.eye(3), gradient[inside].shape), atol=1e-3)


def test_sixd_is_the_first_two_columns(R):
    sixd = rotations.matrix_to_6d(R)
    np.testing.assert_array_equal(sixd[:, :3], R[:, :, 0])
    np.testing.assert_array_equal(sixd[:, 3:], R[:, :, 1])
    np.testing.assert_allclose(rotations.sixd_to_matrix(sixd), R, atol=1e-6)


def test_sixd_of_anything_is_a_rotation():
    sixd = jax.random.normal(jax.random.key(1), (50, 6))
    found = rotations.sixd_to_matrix(sixd)
    np.testing.assert_allclose(found @ np.swapaxes(found, -1, -2), np.broadcast_to(np.eye(3), (50, 3, 3)), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(found), 1, atol=1e-5)


@pytest.mark.parametrize("sixd", [np.zeros(6), np.ones(6), np.array([0, 0, 0, 1, 0, 0])])
def test_degenerate_sixd_is_finite(sixd):
    sixd = jnp.asarray(sixd, jnp.float32)
    assert np.isfinite(rotations.sixd_to_matrix(sixd)).all()
    assert np.isfinite(jax.jit(jax.jacobian(rotations.sixd_to_matrix))(sixd)).all()


def test_quaternions_are_scipys(R):
    found = rotations.matrix_to_quaternion(R)
    expected = Rotation.from_matrix(R).as_quat(canonical=True, scalar_first=True)
    same = np.sign(np.sum(found * expected, axis=1, keepdims=True))
    np.testing.assert_allclose(found * same, expected, atol=1e-6)
    assert (found[:, 0] >= 0).all()
    np.testing.assert_allclose(rotations.quaternion_to_matrix(3 * found), R, atol=1e-6)


def test_slerp_moves_at_constant_speed_from_end_to_end(R):
    a, b = R[:50], R[50:100]
    whole = rotations.angle_between(a, b)
    for u in (0.0, 0.25, 0.5, 1.0):
        at = jax.jit(rotations.slerp)(a, b, jnp.full(50, u))
        np.testing.assert_allclose(rotations.angle_between(a, at), u * whole, atol=1e-5)
        np.testing.assert_allclose(rotations.angle_between(at, b), (1 - u) * whole, atol=1e-5)


def test_angle_between_is_accurate_at_both_ends(R):
    identity = jnp.broadcast_to(jnp.eye(3), R.shape)
    np.testing.assert_allclose(rotations.angle_between(identity, R), ANGLES, atol=2e-6)
    gradient = jax.jit(jax.grad(lambda R: rotations.angle_between(identity, R).sum()))(jnp.asarray(R))
    assert np.isfinite(gradient).all()


def test_leading_axes():
    @jax.jit
    def shapes(axis_angle):
        R = rotations.axis_angle_to_matrix(axis_angle)
        back = rotations.matrix_to_axis_angle(R), rotations.sixd_to_matrix(rotations.matrix_to_6d(R))
        return *back, rotations.slerp(R, R, axis_angle[..., 0])

    axis_angle, *matrices = shapes(jnp.ones((2, 3, 4, 3)))
    assert axis_angle.shape == (2, 3, 4, 3)
    assert all(R.shape == (2, 3, 4, 3, 3) for R in matrices)


def test_nearest_rotation_undoes_a_stretch_and_never_mirrors(R):
    stretch = jnp.diag(jnp.array([2.0, 1.0, 0.5]))
    np.testing.assert_allclose(rotations.nearest_rotation(R @ stretch), R, atol=1e-5)
    mirrored = rotations.nearest_rotation(R @ jnp.diag(jnp.array([1.0, 1.0, -0.1])))
    np.testing.assert_allclose(np.linalg.det(mirrored), 1, atol=1e-5)


def test_gradient_of_nearest_rotation():
    with jax.enable_x64(True):
        M = jax.random.normal(jax.random.key(2), (3, 3), jnp.float64)
        check_grads(rotations.nearest_rotation, (M,), order=1, modes=["fwd", "rev"], atol=1e-6, rtol=1e-6)
    # equal singular values: the gradient of an SVD would be infinite here
    assert np.isfinite(jax.jit(jax.jacobian(rotations.nearest_rotation))(jnp.eye(3))).all()
    assert np.isfinite(jax.jit(jax.jacobian(rotations.nearest_rotation))(jnp.zeros((3, 3)))).all()
