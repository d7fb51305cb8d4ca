import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.energies.penetration import depths, penetration
from tests.energies.checks import assert_finite_gradient, assert_gradient, noise, wide

T, S = 3, 30
MASK = np.ones(T, np.float32)
RADIUS = np.array([[0.15, 0.1], [0.15, 0.1]], np.float32)


def scene(gap: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two upright people, each of two stacked capsules with points on their skin, `gap` metres between the axes."""
    angle = np.linspace(0, 2 * np.pi, S, endpoint=False)
    skin = np.stack([0.15 * np.cos(angle), 0.15 * np.sin(angle), np.linspace(0.05, 0.45, S)], axis=-1)
    shift = np.array([[0, 0, 0], [gap, 0, 0]])
    points = (skin[None] + shift[:, None])[:, None].repeat(T, 1)
    start = np.array([[0, 0, 0], [0, 0, 0.5]]) + shift[:, None]
    end = np.array([[0, 0, 0.5], [0, 0, 1.0]]) + shift[:, None]
    start, end = start[:, None].repeat(T, 1), end[:, None].repeat(T, 1)
    return points.astype(np.float32), start.astype(np.float32), end.astype(np.float32)


def test_zero_apart_and_touching_and_growing_with_the_overlap():
    energy = jax.jit(penetration)
    values = [energy(*scene(gap), RADIUS, MASK) for gap in (1.0, 0.305, 0.25, 0.15)]
    assert values[0] == values[1] == 0
    assert 0 < values[2] < values[3]


def test_depth_is_the_distance_below_the_skin():
    points, start, end = scene(0.2)
    assert depths(points, start, end, RADIUS).max() == pytest.approx(0.1, abs=5e-3)


def test_descent_pushes_the_people_apart():
    points, start, end = scene(0.2)

    def moved(x):
        shift = jnp.stack([jnp.zeros_like(x), x])[:, None, None]
        return penetration(points + shift, start + shift, end + shift, RADIUS, MASK)

    gradient = jax.jit(jax.grad(moved))(jnp.zeros(3))
    assert gradient[0] < 0 and abs(gradient[0]) > 10 * np.abs(gradient[1:]).max()


def test_both_directions_count():
    points, start, end = scene(0.2)
    both = penetration(points, start, end, RADIUS, MASK)
    points[1] += 10
    one = penetration(points, start, end, RADIUS, MASK)
    np.testing.assert_allclose(one, both / 2, rtol=0.1)


def test_turning_the_world_changes_nothing():
    turn = np.linalg.qr(noise(3, 3, seed=3))[0]
    before = penetration(*scene(0.2), RADIUS, MASK)
    points, start, end = (x @ turn.T for x in scene(0.2))
    np.testing.assert_allclose(penetration(points, start, end, RADIUS, MASK), before, rtol=1e-4)


def test_padding_does_not_count():
    points, start, end = scene(1.0)
    points[0, 2] = points[1, 2]
    assert penetration(points, start, end, RADIUS, np.array([1, 1, 0], np.float32)) == 0


def test_gradient():
    points, start, end = scene(0.2)
    assert_gradient(
        lambda x: penetration(x, wide(start), wide(end), wide(RADIUS), wide(MASK)),
        points + noise(2, T, S, 3, scale=0.01),
    )


def test_gradient_is_finite_on_a_capsules_axis():
    points, start, end = scene(0.2)
    points[0] = start[1][:, :1]
    assert_finite_gradient(lambda x: penetration(x, start, end, RADIUS, MASK), points)
