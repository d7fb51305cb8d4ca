import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.energies.spatial import depth_order, distance_map, spatial
from tests.energies.checks import assert_finite_gradient, assert_gradient, noise, wide

T, J = 3, 24
MASK, VISIBLE = np.ones(T, np.float32), np.ones((2, T, J), np.float32)
FORWARD = np.broadcast_to(np.array([0, 1, 0], np.float32), (T, 3))


def people(gap: float) -> np.ndarray:
    """Person 1 stands `gap` metres behind person 0, seen along y."""
    joints = noise(2, T, J, 3, scale=0.3)
    joints[1] = joints[0]
    joints[1, ..., 1] += gap
    return joints


def test_zero_at_the_reference_and_when_both_move_together():
    assert spatial(people(0.5), people(0.5), VISIBLE, FORWARD, MASK) == 0
    np.testing.assert_allclose(spatial(people(0.5) + 2, people(0.5), VISIBLE, FORWARD, MASK), 0, atol=1e-5)


def test_distance_map_grows_with_the_change_of_place():
    near, far = (distance_map(people(gap), people(0.5), VISIBLE, MASK) for gap in (0.6, 0.9))
    assert 0 < near < far


def test_depth_order_counts_only_when_broken():
    def order(gap):
        return depth_order(people(gap), people(0.5), VISIBLE, FORWARD, MASK)

    assert order(0.1) == order(2.0) == 0
    assert 0 < order(-0.1) < order(-0.3)


def test_descent_restores_the_order():
    gradient = jax.jit(jax.grad(depth_order))(jnp.asarray(people(-0.2)), people(0.5), VISIBLE, FORWARD, MASK)
    assert gradient[1, ..., 1].sum() < 0 < gradient[0, ..., 1].sum()


def test_swapping_the_people_changes_nothing():
    now, then = people(0.8), people(0.5)
    before = spatial(now, then, VISIBLE, FORWARD, MASK)
    np.testing.assert_allclose(spatial(now[::-1], then[::-1], VISIBLE, FORWARD, MASK), before, rtol=1e-5)


def test_hidden_joints_and_padding_are_free():
    assert spatial(people(-0.5), people(0.5), 0 * VISIBLE, FORWARD, MASK) == 0
    assert spatial(people(-0.5), people(0.5), VISIBLE, FORWARD, 0 * MASK) == 0


def test_gradient():
    def energy(x):
        return spatial(x, wide(people(0.5)), wide(VISIBLE), wide(FORWARD), wide(MASK))

    assert_gradient(energy, people(-0.2) + noise(2, T, J, 3, seed=1, scale=0.05))
    assert_finite_gradient(lambda x: spatial(x, people(0.5), VISIBLE, FORWARD, MASK), people(0.0))
