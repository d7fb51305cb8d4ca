import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.diffusion.process import add_noise, loss_weight, noise_from_x0, x0_from_noise
from sm_jax.diffusion.schedule import cosine

LEVEL = jnp.asarray(cosine())


def test_conversions_invert_each_other():
    x0, noise = jax.random.normal(jax.random.key(0), (2, 3, 4, 5)), jax.random.normal(jax.random.key(1), (2, 3, 4, 5))
    t = jnp.array([10, 700])
    x_t = add_noise(LEVEL, x0, noise, t)
    np.testing.assert_allclose(noise_from_x0(LEVEL, x_t, x0, t), noise, atol=1e-4)
    np.testing.assert_allclose(x0_from_noise(LEVEL, x_t, noise, t), x0, atol=1e-4)


def test_variance_is_preserved():
    noise = jax.random.normal(jax.random.key(0), (3, 20_000))
    x_t = add_noise(LEVEL, jax.random.normal(jax.random.key(1), noise.shape), noise, jnp.array([0, 500, 999]))
    np.testing.assert_allclose(x_t.std(axis=1), 1.0, atol=0.02)


def test_min_snr_vanishes_at_high_noise_and_constant_does_not():
    t = jnp.array([0, 500, 999])
    np.testing.assert_array_equal(loss_weight(LEVEL, t, "constant"), jnp.ones(3))
    clipped = loss_weight(LEVEL, t, "min_snr")
    assert clipped[0] == 1.0 and clipped[2] < 1e-6
    snr = LEVEL[500] / (1 - LEVEL[500])
    np.testing.assert_allclose(clipped[1], snr / 5.0, rtol=1e-5)
