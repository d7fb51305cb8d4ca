import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.energies.prior import prior, shape
from sm_jax.geometry import rotations
from sm_jax.types import Motion
from tests.energies.checks import assert_finite_gradient, assert_gradient, noise, wide

T = 3
MASK, VISIBLE = np.ones(T, np.float32), np.ones((2, T, 24), np.float32)
ORIGIN = np.zeros(3, np.float32)
TURNS = 0.4 * noise(2, T, 24, 3)


def motion(axis_angle, pelvis=ORIGIN):
    R = rotations.axis_angle_to_matrix(axis_angle)
    place = jnp.asarray(np.broadcast_to(pelvis, (2, T, 3)), R.dtype)
    return Motion(global_orient=R[:, :, 0], body_pose=R[:, :, 1:], pelvis=place, betas=jnp.zeros((2, 10), R.dtype))


ESTIMATE = motion(TURNS)


def test_zero_at_the_estimate_and_growing_away_from_it():
    assert prior(ESTIMATE, ESTIMATE, VISIBLE, MASK) == 0
    near, far = (prior(motion(TURNS + step), ESTIMATE, VISIBLE, MASK) for step in (0.05, 0.3))
    assert 0 < near < far < 2


def test_the_residual_is_the_angle_of_the_body_and_of_the_orientation():
    still = motion(0 * TURNS)
    expected = 0.1**2 / (0.1**2 + 0.5**2)
    turned = motion(np.array([0.1, 0, 0], np.float32) * np.ones_like(TURNS))
    for part in ("body_pose", "global_orient"):
        moved = dataclasses.replace(still, **{part: getattr(turned, part)})
        np.testing.assert_allclose(prior(moved, still, VISIBLE, MASK), expected, rtol=1e-2)


def test_places_are_free():
    moved = motion(TURNS, np.array([0.1, 0, 0], np.float32))
    assert prior(moved, ESTIMATE, VISIBLE, MASK) == 0


def test_only_the_turn_from_the_estimate_counts():
    turn = rotations.axis_angle_to_matrix(np.array([0.7, -1.0, 2.0], np.float32))
    moved, estimate = motion(TURNS + 0.2), motion(TURNS)
    both = [jax.tree.map(lambda x: turn @ x if x.ndim > 3 else x, one) for one in (moved, estimate)]
    np.testing.assert_allclose(prior(both[0], both[1], VISIBLE, MASK), prior(moved, estimate, VISIBLE, MASK), rtol=1e-4)


def test_hidden_joints_and_padding_are_free():
    moved = motion(TURNS + 0.3, np.array([0.1, 0, 0], np.float32))
    assert prior(moved, ESTIMATE, 0 * VISIBLE, MASK) == 0
    assert prior(moved, ESTIMATE, VISIBLE, 0 * MASK) == 0


def test_gradient():
    def energy(x):
        return prior(motion(x), motion(wide(TURNS)), wide(VISIBLE), wide(MASK))

    assert_gradient(energy, TURNS + noise(2, T, 24, 3, seed=1, scale=0.2))
    assert_finite_gradient(lambda x: prior(motion(x), ESTIMATE, VISIBLE, MASK), TURNS)


def test_shape_prefers_the_average():
    assert shape(jnp.zeros((2, 10))) == 0
    assert shape(jnp.ones((2, 10))) == 1
