import jax.numpy as jnp
import numpy as np

from sm_jax.energies import kernels


def test_weighted_mean():
    assert kernels.weighted_mean(jnp.array([1.0, 5.0]), jnp.array([3.0, 1.0])) == 2
    assert kernels.weighted_mean(jnp.ones((2, 3)), jnp.zeros((1, 3))) == 0
    assert kernels.weighted_mean(jnp.array([[1.0, 2.0], [3.0, 4.0]]), jnp.array([[0.0, 1.0]])) == 3


def test_kernels_are_quadratic_near_zero_and_bend_at_their_width():
    small = jnp.array(1e-4)
    np.testing.assert_allclose(kernels.geman_mcclure(small, 0.2), 1e-4 / 0.04, rtol=1e-2)
    np.testing.assert_allclose(kernels.pseudo_huber(small, 0.2), 1e-4 / 0.04, rtol=1e-2)
    np.testing.assert_allclose(kernels.pseudo_huber(jnp.array(1e-12), 0.2), 1e-12 / 0.04, rtol=1e-6)
    assert kernels.geman_mcclure(jnp.array(0.04), 0.2) == 0.5
    assert kernels.geman_mcclure(jnp.array(1e6), 0.2) < 1.0001
    np.testing.assert_allclose(kernels.pseudo_huber(jnp.array(400.0), 0.2), 2 * 20 / 0.2, rtol=2e-2)
