import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.lib.dances import nearer
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.sdf import PosedField, pose_field
from sm_jax.data.store import load_salsa
from sm_jax.energies.penetration import SLACK, depths, penetration
from sm_jax.evaluation.metrics.penetration import mesh_depth
from sm_jax.motion.frames import map_frames
from tests.energies.checks import assert_finite_gradient, assert_gradient, noise, wide
from tests.geometry.platforms import accelerator

T, S, N = 3, 30, 16
RADIUS, BOX = 0.15, 0.25  # metres: of the people, who are balls, and from their centres to the ends of their tables
MASK = np.ones(T, np.float32)


def balls(at: jax.Array | np.ndarray) -> PosedField:
    """The distance field of balls whose rest pose is at the origin: at [2, T, 3]."""
    axis = np.linspace(-BOX, BOX, N)
    table = np.linalg.norm(np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1), axis=-1) - RADIUS
    ends = slice(0, N - 1), slice(1, N)
    cells = np.stack([table[i, j, k] for i in ends for j in ends for k in ends], -1).reshape(-1, 8)
    centres = jnp.asarray(at)[:, :, None]
    R = jnp.broadcast_to(jnp.eye(3, dtype=centres.dtype).ravel(), (2, T, 1, 9))
    still = lambda x, *shape: jnp.full((2, *shape), x, centres.dtype)  # noqa: E731
    return PosedField(
        start=centres,
        end=centres,
        radius=still(RADIUS, 1),
        world_to_rest=jnp.concatenate([R, -centres], -1),
        low=still(-BOX, 1, 3),
        density=still((N - 1) / (2 * BOX), 1, 3),
        cells=jnp.asarray(np.repeat(cells[None], 2, 0), centres.dtype),
    )


def scene(gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Points [2, T, S, 3] on the skin of two balls and their centres [2, T, 3], `gap` metres apart."""
    skin = noise(S, 3, seed=1)
    skin[0] = (1, 0, 0)
    skin[1] = (-1, 0, 0)
    skin *= RADIUS / np.linalg.norm(skin, axis=-1, keepdims=True)
    centres = np.zeros((2, T, 3), np.float32)
    centres[1, :, 0] = gap
    return skin + centres[:, :, None], centres


def test_zero_apart_and_touching_and_growing_with_the_overlap():
    energy = jax.jit(lambda points, centres: penetration(points, balls(centres), MASK))
    values = [energy(*scene(gap)) for gap in (1.0, 2 * RADIUS, 2 * RADIUS - SLACK / 2, 0.25, 0.15)]
    assert values[:3] == [0, 0, 0]
    assert 0 < values[3] < values[4]


def test_depth_is_the_distance_below_the_skin():
    points, centres = scene(0.2)
    expected = RADIUS - np.linalg.norm(points - centres[::-1, :, None], axis=-1)
    assert expected.max() > 0.09
    np.testing.assert_allclose(depths(points, balls(centres)), expected, atol=6e-3)  # the tables' nodes are 3 cm apart


def test_descent_pushes_the_people_apart():
    points, centres = scene(0.2)

    def moved(x):
        shift = jnp.stack([jnp.zeros_like(x), x])[:, None]
        return penetration(points + shift[:, :, None], balls(centres + shift), MASK)

    gradient = jax.jit(jax.grad(moved))(jnp.zeros(3))
    assert gradient[0] < 0 and abs(gradient[0]) > 5 * np.abs(gradient[1:]).max()


def test_both_directions_count():
    points, centres = scene(0.2)
    both = penetration(points, balls(centres), MASK)
    points[1] += 10
    np.testing.assert_allclose(penetration(points, balls(centres), MASK), both / 2, rtol=0.3)


def test_who_is_first_changes_nothing():
    points, centres = scene(0.2)
    first = penetration(points, balls(centres), MASK)
    np.testing.assert_allclose(penetration(points[::-1], balls(centres[::-1]), MASK), first, rtol=1e-6)


def test_padding_does_not_count():
    points, centres = scene(1.0)
    points[0, 2] = centres[1, 2]
    assert penetration(points, balls(centres), MASK) > 0
    assert penetration(points, balls(centres), np.array([1, 1, 0], np.float32)) == 0


def test_gradient():
    points, centres = scene(0.2)
    points = points + noise(2, T, S, 3, scale=0.01)
    assert_gradient(lambda x: penetration(x, balls(wide(centres)), wide(MASK)), points)
    assert_gradient(lambda x: penetration(wide(points), balls(x), wide(MASK)), centres)


@pytest.mark.parametrize("gap", [0.0, 1e-6, 10.0])
def test_gradient_is_finite_at_the_centre_and_far_away(gap):
    points, centres = scene(gap)
    points[:, :, 0] = centres[::-1]
    assert_finite_gradient(lambda x: penetration(x, balls(centres), MASK), points)
    assert_finite_gradient(lambda x: penetration(points, balls(x), MASK), centres)


def test_depth_follows_the_meshes_of_dancers_pushed_together():
    body = load_body("open-low")

    @jax.jit
    def play(body, motion):
        posed = smpl.pose(body, motion)
        vertices = smpl.vertices(body, posed)
        return vertices, depths(vertices, pose_field(body, posed))

    motion = map_frames(load_salsa("test")[1].motion, lambda x: x[:, ::60])
    motion = nearer(motion, 0.1)  # the dancers themselves hardly touch: now depths from 0 to 10 cm occur
    vertices, found = jax.device_get(play(body, motion))
    exact = np.stack([[mesh_depth(mine, other, body.faces) for mine, other in zip(*pair, strict=True)]
                      for pair in (vertices, vertices[::-1])])  # fmt: skip
    touching = (exact > 0).any((0, 2))
    deepest = np.corrcoef(exact.max((0, 2))[touching], np.maximum(found, 0).max((0, 2))[touching])[0, 1]
    assert (exact > 0).sum() > 100 and touching.sum() > 5
    assert np.abs(np.maximum(found, 0) - exact)[(exact > 0) | (found > 0)].mean() < 5e-3
    assert deepest > 0.9


def test_an_accelerator_s_side_gives_the_same_numbers(monkeypatch):
    """Both people at once."""

    def found():
        return jax.jit(jax.grad(lambda points, centres: penetration(points, balls(centres), MASK), (0, 1)))(*scene(0.2))

    on_cpu = found()
    taken = accelerator(monkeypatch)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), found(), on_cpu)
    assert len(taken) == 3
