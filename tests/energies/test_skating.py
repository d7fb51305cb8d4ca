import numpy as np

from sm_jax.energies.skating import skating
from tests.energies.checks import assert_finite_gradient, assert_gradient, noise, wide

T, FPS = 6, np.array(30, np.float32)
MASK, CONTACT = np.ones(T, np.float32), np.ones((2, T, 4), np.float32)


def sliding(speed: float) -> np.ndarray:
    feet = np.zeros((2, T, 4, 3), np.float32)
    feet[0, ..., 0] = speed * np.arange(T)[:, None] / 30
    return feet


def test_zero_when_planted_and_growing_with_the_speed():
    assert skating(sliding(0.0), CONTACT, FPS, MASK) == 0
    slow, fast = (skating(sliding(speed), CONTACT, FPS, MASK) for speed in (0.1, 0.5))
    assert 0 < slow < fast


def test_moving_without_contact_or_upwards_is_free():
    assert skating(sliding(2.0), 0 * CONTACT, FPS, MASK) == 0
    assert skating(sliding(2.0)[..., [1, 2, 0]], CONTACT, FPS, MASK) == 0


def test_landing_needs_contact_in_both_frames():
    feet, contact = sliding(0.0), CONTACT.copy()
    feet[:, :3, :, 0], contact[:, :3] = 1.0, 0
    assert skating(feet, contact, FPS, MASK) == 0


def test_the_cost_is_per_second_not_per_frame():
    slow = skating(sliding(0.3), CONTACT, FPS, MASK)
    np.testing.assert_allclose(skating(sliding(0.3) / 2, CONTACT, np.array(60, np.float32), MASK), slow, rtol=1e-5)


def test_padding_does_not_count():
    feet, mask = sliding(0.0), MASK.copy()
    feet[:, 4:], mask[4:] = 7.0, 0
    assert skating(feet, CONTACT, FPS, mask) == 0


def test_gradient():
    assert_gradient(lambda x: skating(x, wide(CONTACT), wide(FPS), wide(MASK)), noise(2, T, 4, 3, scale=0.01))
    assert_finite_gradient(lambda x: skating(x, CONTACT, FPS, 0 * MASK), np.zeros((2, T, 4, 3)))
