import numpy as np

from sm_jax.motion.placement import follow_estimate

T = 64
RNG = np.random.default_rng(0)
WAY = np.cumsum(RNG.normal(scale=0.01, size=(2, T, 3)), axis=1).astype(np.float32)
SEEN = np.ones((2, T), np.float32)


def test_who_is_seen_stands_where_the_estimate_says():
    habit = WAY + np.array([[[0.5, -0.3, 0.1]], [[-0.4, 0.2, 0.3]]], np.float32)
    np.testing.assert_allclose(follow_estimate(habit, WAY, SEEN), WAY, atol=1e-2)


def test_the_estimates_jitter_stays_out():
    shaken = WAY + RNG.normal(scale=0.05, size=WAY.shape).astype(np.float32)
    placed = np.asarray(follow_estimate(WAY + 0.5, shaken, SEEN))
    assert np.abs(np.diff(placed - WAY, n=2, axis=1)).max() < 0.01 < np.abs(np.diff(shaken - WAY, n=2, axis=1)).max()


def test_a_hidden_span_keeps_its_own_path_between_corrected_ends():
    hidden = SEEN.copy()
    hidden[0, 25:40] = 0.0
    wrong = WAY.copy()
    wrong[0, 25:40] += 3.0  # what nobody saw
    placed = np.asarray(follow_estimate(WAY + 0.5, wrong, hidden))
    np.testing.assert_allclose(placed, WAY, atol=0.05)
    assert np.abs(np.diff(placed - WAY, axis=1)).max() < 0.01


def test_who_is_never_seen_is_moved_with_the_partner():
    hidden = SEEN * np.array([[1.0], [0.0]], np.float32)
    habit = WAY + 0.5
    placed = np.asarray(follow_estimate(habit, np.where(hidden[..., None] > 0, WAY, 9.0), hidden))
    np.testing.assert_allclose(placed[0] - placed[1], habit[0] - habit[1], atol=0.02)
    np.testing.assert_allclose(placed[0], WAY[0], atol=0.02)


def test_where_nobody_is_seen_nothing_moves():
    np.testing.assert_array_equal(follow_estimate(WAY, WAY + 9.0, 0 * SEEN), WAY)
