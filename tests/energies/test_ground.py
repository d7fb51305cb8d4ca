import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.energies.ground import ground, support_heights
from tests.energies.checks import assert_finite_gradient, assert_gradient, noise, wide

T = 10
MASK = np.ones(T, np.float32)
CONTACT = np.ones((2, T, 4), np.float32)


def feet(*heights: float) -> np.ndarray:
    soles = noise(2, T, 4, 3)
    soles[..., 2] = np.array(heights)[:, None, None]
    return soles


def test_zero_on_the_ground_and_positive_off_it():
    support = jnp.array([0.1, 0.1])
    assert ground(feet(0.1, 0.1), CONTACT, support, MASK) < 1e-9
    assert ground(feet(0.15, 0.1), CONTACT, support, MASK) > 0.05
    assert ground(feet(0.05, 0.1), CONTACT, support, MASK) > ground(feet(0.15, 0.1), CONTACT, support, MASK)


def test_a_foot_in_the_air_costs_nothing_and_one_below_the_ground_does():
    free = np.zeros_like(CONTACT)
    assert ground(feet(0.5, 0.3), free, jnp.zeros(2), MASK) == 0
    assert ground(feet(-0.05, 0.3), free, jnp.zeros(2), MASK) > 0


def test_a_doubtful_contact_carries_nothing():
    """Feet in the air whose contact is not quite zero, all of them, are drawn to no ground."""
    doubtful = 0.4 * CONTACT
    assert ground(feet(0.05, 0.05), doubtful, jnp.zeros(2), MASK) == 0
    assert ground(feet(0.05, 0.05), 0.7 * CONTACT, jnp.zeros(2), MASK) < ground(
        feet(0.05, 0.05), CONTACT, jnp.zeros(2), MASK
    )


def test_support_is_robust_to_a_lift():
    soles = feet(0.02, 0.02)
    soles[0, :3, :, 2] = 0.8
    np.testing.assert_allclose(support_heights(soles, CONTACT, MASK), 0.02, atol=1e-6)


def test_close_supports_are_shared_and_distant_ones_are_kept():
    close = np.asarray(support_heights(feet(0.0, 0.03), CONTACT, MASK))
    assert abs(close[1] - close[0]) < 0.01
    distant = np.asarray(support_heights(feet(0.0, 0.6), CONTACT, MASK))
    assert distant[1] - distant[0] > 0.5


def test_a_person_without_contact_takes_the_others_height():
    contact = CONTACT.copy()
    contact[1] = 0
    np.testing.assert_allclose(support_heights(feet(0.2, 1.5), contact, MASK), 0.2, atol=1e-5)


def test_where_nobody_touches_the_ground_it_is_unknown_and_nothing_is_below_it():
    soles, free, mask = noise(2, T, 4, 3), 0 * CONTACT, MASK.copy()
    soles[:, 7:, :, 2], mask[7:] = -5, 0
    support = support_heights(soles, free, mask)
    np.testing.assert_array_equal(support, soles[:, :7, :, 2].min())
    assert ground(soles, free, support, mask) == 0
    np.testing.assert_array_equal(support_heights(soles, free, 0 * mask), 0)


def test_padding_does_not_count():
    soles, mask = feet(0.1, 0.1), MASK.copy()
    soles[:, 6:, :, 2], mask[6:] = 0.4, 0
    support = support_heights(soles, CONTACT, mask)
    np.testing.assert_allclose(support, 0.1, atol=1e-6)
    assert ground(soles, CONTACT, support, mask) < 1e-9


def test_gradient():
    soles = feet(0.05, -0.04)
    assert_gradient(lambda x: ground(x, wide(CONTACT), jnp.zeros(2), wide(MASK)), soles)


@pytest.mark.parametrize("contact", [CONTACT, 0 * CONTACT])
def test_gradient_is_finite(contact):
    def energy(x):
        return ground(x, contact, support_heights(x, contact, MASK), MASK)

    assert_finite_gradient(energy, np.zeros((2, T, 4, 3)))
