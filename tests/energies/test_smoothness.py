import numpy as np

from sm_jax.energies.smoothness import smoothness
from tests.energies.checks import assert_finite_gradient, assert_gradient, noise, wide

T, J, FPS = 8, 5, np.array(30, np.float32)
MASK = np.ones(T, np.float32)
STEADY = noise(2, 1, J, 3) + noise(2, 1, J, 3, seed=1) * (np.arange(T, dtype=np.float32) / 30)[None, :, None, None]


def test_zero_at_constant_velocity_and_growing_with_the_jitter():
    assert smoothness(STEADY, FPS, MASK) < 1e-6
    little, much = (smoothness(STEADY + noise(2, T, J, 3, scale=s), FPS, MASK) for s in (0.001, 0.01))
    assert 1e-3 < little < much


def test_moving_the_world_changes_nothing():
    rough = STEADY + noise(2, T, J, 3, scale=0.01)
    np.testing.assert_allclose(smoothness(rough + 1, FPS, MASK), smoothness(rough, FPS, MASK), rtol=1e-3)


def test_a_jump_into_padding_does_not_count():
    joints, mask = STEADY.copy(), MASK.copy()
    joints[:, 6:], mask[6:] = 5.0, 0
    assert smoothness(joints, FPS, mask) < 1e-6


def test_too_short_clips_cost_nothing():
    assert smoothness(STEADY[:, :2], FPS, MASK[:2]) == 0


def test_gradient():
    assert_gradient(lambda x: smoothness(x, wide(FPS), wide(MASK)), noise(2, T, J, 3, scale=0.01))
    assert_finite_gradient(lambda x: smoothness(x, FPS, MASK), np.zeros((2, T, J, 3)))
