import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import skeleton
from sm_jax.energies.contact import POINTS, SOFTNESS, TOLERANCE, contact, distances
from sm_jax.geometry import rotations
from sm_jax.types import ContactTargets
from tests.energies.checks import assert_finite_gradient, assert_gradient, noise, wide

T, S = 3, 44
REGIONS = np.arange(S, dtype=np.int32) % 22
MASK = np.ones(T, np.float32)


def rows(*names: str) -> np.ndarray:
    return np.array([[float(region.endswith(name)) for region in skeleton.SIDED_REGIONS] for name in names], np.float32)


def targets(a: str = "left_hand", b: str = "back", weight: float = 1.0) -> ContactTargets:
    """One constraint and one unused row."""
    return ContactTargets(
        mask_a=wide(np.concatenate([rows(a), np.zeros((1, 22))])),
        mask_b=wide(np.concatenate([rows(b), np.zeros((1, 22))])),
        weight=wide(np.concatenate([np.full((1, T), weight), np.zeros((1, T))])),
    )


def apart() -> np.ndarray:
    """Two clouds a metre apart."""
    points = noise(2, T, S, 3, scale=0.2)
    points[1, ..., 0] += 1.0
    return points


def touch(points: np.ndarray, a: str, b: str, gap: float) -> np.ndarray:
    points = points.copy()
    i, j = (REGIONS.tolist().index(skeleton.SIDED_REGIONS.index(name)) for name in (a, b))
    points[0, :, i] = points[1, :, j] + np.array([gap, 0, 0], np.float32)
    return points


def test_zero_when_met_and_positive_when_not():
    energy = jax.jit(contact)
    assert energy(touch(apart(), "left_hand", "back", 0.01), REGIONS, targets(), MASK) == 0
    near, far = (energy(touch(apart(), "left_hand", "back", gap), REGIONS, targets(), MASK) for gap in (0.05, 0.1))
    assert 0 < near < far < energy(apart(), REGIONS, targets(), MASK)


def test_either_side_is_enough():
    met = touch(apart(), "right_hand", "back", 0.01)
    assert contact(met, REGIONS, targets(a="hand"), MASK) == 0 < contact(met, REGIONS, targets(a="left_hand"), MASK)


def test_the_distance_is_that_of_the_nearest_pair_and_never_more():
    found, exists = distances(touch(apart(), "left_hand", "back", 0.3), REGIONS, targets())
    np.testing.assert_allclose(found[:, 0], 0.3, atol=0.01)
    np.testing.assert_array_equal(exists, [1, 0])
    points = noise(2, T, S, 3, scale=0.05)
    a, b = (
        points[i][:, [skeleton.SIDED_REGIONS[r].endswith(n) for r in REGIONS]] for i, n in ((0, "hand"), (1, "back"))
    )
    least = np.linalg.norm(a[:, :, None] - b[:, None], axis=-1).min(axis=(1, 2))
    found = np.asarray(distances(points, REGIONS, targets(a="hand"))[0][:, 0])
    assert (found <= least).all() and (found >= least - SOFTNESS * np.log(8)).all()


def test_a_touching_pair_meets_the_constraint_whatever_the_others_do():
    points = touch(apart(), "left_hand", "back", 0.99 * TOLERANCE)
    hand = skeleton.SIDED_REGIONS.index("left_hand")
    points[0, :, np.flatnonzero(hand == REGIONS)[1]] += 5
    value, gradient = jax.value_and_grad(contact)(jnp.asarray(points), REGIONS, targets(), MASK)
    assert value == 0 and not np.any(gradient)


def test_every_pair_is_drawn_closer_and_none_pushed_apart():
    line = np.zeros((2, 1, 3, 3), np.float32)
    line[0, 0, :, 0] = -0.04, -0.06, -0.09
    regions = np.array([skeleton.SIDED_REGIONS.index(n) for n in ("left_hand", "left_hand", "back")], np.int32)
    one = ContactTargets(mask_a=rows("left_hand"), mask_b=rows("back"), weight=np.ones((1, 1), np.float32))
    pull = np.asarray(jax.grad(lambda x: distances(x, regions, one)[0][0, 0])(jnp.asarray(line)))[..., 0]
    assert pull[0, 0, 0] < pull[0, 0, 1] < 0  # the nearer one the most
    np.testing.assert_allclose(pull[0, 0, :2].sum(), -1, rtol=1e-5)
    np.testing.assert_allclose(pull[1, 0, 2], 1, rtol=1e-5)


def test_any_motion_and_the_mirror_image_of_the_world_change_nothing():
    points, turn = apart(), np.asarray(rotations.axis_angle_to_matrix(np.array([1.0, -2.0, 0.5], np.float32)))
    before = contact(points, REGIONS, targets(), MASK)
    np.testing.assert_allclose(contact(points @ turn.T + 1, REGIONS, targets(), MASK), before, rtol=1e-4)
    swap = np.array(skeleton.mirror_permutation(skeleton.SIDED_REGIONS), np.int32)
    mirrored = points * np.array([-1, 1, 1], np.float32)
    right = targets(a="right_hand")
    np.testing.assert_allclose(contact(mirrored, swap[REGIONS], right, MASK), before, rtol=1e-5)


def test_descent_brings_the_regions_together():
    points, step = jnp.asarray(apart()), jax.jit(jax.grad(contact))
    start = distances(points, REGIONS, targets())[0][:, 0]
    for _ in range(100):
        points = points - 0.02 * step(points, REGIONS, targets(), MASK)
    assert (distances(points, REGIONS, targets())[0][:, 0] < 0.5 * start).all()


def test_swapping_the_people_swaps_the_roles():
    points = apart()
    swapped = ContactTargets(mask_a=targets().mask_b, mask_b=targets().mask_a, weight=targets().weight)
    np.testing.assert_allclose(
        contact(points, REGIONS, targets(), MASK), contact(points[::-1], REGIONS, swapped, MASK), rtol=1e-6
    )


def test_padding_and_unused_rows_do_not_count():
    points, mask = touch(apart(), "left_hand", "back", 0.01), np.array([1, 1, 0], np.float32)
    points[0, 2] += 3
    assert contact(points, REGIONS, targets(), mask) == 0
    assert contact(apart(), REGIONS, targets(weight=0.0), MASK) == 0


def test_only_the_first_points_of_many_are_used():
    regions = np.full(200, skeleton.SIDED_REGIONS.index("back"), np.int32)
    points = noise(2, 1, 200, 3)
    one = ContactTargets(mask_a=rows("back"), mask_b=rows("back"), weight=np.ones((1, 1), np.float32))
    few = distances(points[:, :, :POINTS], regions[:POINTS], one)[0]
    np.testing.assert_allclose(distances(points, regions, one)[0], few, rtol=1e-6)


def test_gradient():
    assert_gradient(lambda x: contact(x, REGIONS, targets(a="hand"), wide(MASK)), apart())


@pytest.mark.parametrize("points", [np.zeros((2, T, S, 3)), 1e3 * apart()])
def test_gradient_is_finite_when_all_points_coincide_or_are_far(points):
    assert_finite_gradient(lambda x: contact(x, REGIONS, targets(), MASK), points)
