import jax.numpy as jnp
import numpy as np

from sm_jax.energies.prior import prior, shape
from sm_jax.geometry import rotations
from tests.energies.checks import assert_finite_gradient, assert_gradient, noise, wide

T = 3
MASK, VISIBLE = np.ones(T, np.float32), np.ones((2, T, 23), np.float32)
ESTIMATE = 0.4 * noise(2, T, 23, 3)


def matrices(axis_angle):
    return rotations.axis_angle_to_matrix(axis_angle)


def test_zero_at_the_estimate_and_growing_away_from_it():
    estimate = matrices(ESTIMATE)
    assert prior(estimate, estimate, VISIBLE, MASK) == 0
    near, far = (prior(matrices(ESTIMATE + step), estimate, VISIBLE, MASK) for step in (0.05, 0.3))
    assert 0 < near < far < 1


def test_the_residual_is_the_angle():
    turned = matrices(np.array([0.1, 0, 0], np.float32) * np.ones((2, T, 23, 1), np.float32))
    identity = jnp.broadcast_to(jnp.eye(3), turned.shape)
    expected = 0.1**2 / (0.1**2 + 0.5**2)
    np.testing.assert_allclose(prior(turned, identity, VISIBLE, MASK), expected, rtol=1e-2)


def test_only_the_turn_from_the_estimate_counts():
    estimate, moved = (np.asarray(matrices(ESTIMATE + step)) for step in (0, 0.2))
    turn = np.asarray(matrices(np.array([0.7, -1.0, 2.0], np.float32)))
    np.testing.assert_allclose(
        prior(turn @ moved, turn @ estimate, VISIBLE, MASK), prior(moved, estimate, VISIBLE, MASK), rtol=1e-4
    )


def test_hidden_joints_and_padding_are_free():
    estimate, moved = matrices(ESTIMATE), matrices(ESTIMATE + 0.3)
    assert prior(moved, estimate, 0 * VISIBLE, MASK) == 0
    assert prior(moved, estimate, VISIBLE, 0 * MASK) == 0


def test_gradient():
    def energy(x):
        return prior(matrices(x), matrices(wide(ESTIMATE)), wide(VISIBLE), wide(MASK))

    assert_gradient(energy, ESTIMATE + noise(2, T, 23, 3, seed=1, scale=0.2))
    assert_finite_gradient(lambda x: prior(matrices(x), matrices(ESTIMATE), VISIBLE, MASK), ESTIMATE)


def test_shape_prefers_the_average():
    assert shape(jnp.zeros((2, 10))) == 0
    assert shape(jnp.ones((2, 10))) == 1
