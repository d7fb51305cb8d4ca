import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.diffusion.sampler import ddim
from sm_jax.diffusion.schedule import CLEAN, trailing
from tests.diffusion import gaussian


def noise(samples: int = 20_000) -> jax.Array:
    return jax.random.normal(jax.random.key(0), (samples, 1))


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_reaches_the_gaussian(eta):
    sample = ddim(gaussian.denoiser(), noise(), gaussian.LEVEL, trailing(1000, 250), eta, jax.random.key(1))[-1]
    np.testing.assert_allclose(sample.mean(), gaussian.MEAN, atol=0.02)
    np.testing.assert_allclose(sample.std(), gaussian.STD, atol=0.02)


def test_is_the_closed_form_of_the_noise():
    """The probability flow maps noise z to mean + std * z."""
    z = jnp.linspace(-2.0, 2.0, 9)[:, None]
    sample = ddim(gaussian.denoiser(), z, gaussian.LEVEL, trailing(1000, 1000))[-1]
    np.testing.assert_allclose(sample, gaussian.MEAN + gaussian.STD * z, atol=0.02)


def test_one_step_is_the_prediction_at_pure_noise():
    sample = ddim(gaussian.denoiser(), noise(4), gaussian.LEVEL, trailing(1000, 1))[-1]
    np.testing.assert_allclose(sample, gaussian.MEAN, atol=1e-3)


def test_what_has_no_noise_is_denoised_once_more():
    """At CLEAN and below, after all steps with noise, the denoiser is given what it said last; all that it said is
    returned."""

    def multiplies(x_t: jax.Array, t: jax.Array) -> jax.Array:
        return jnp.where(
            t[:, None] <= CLEAN,
            (1.0 - t[:, None].astype(jnp.float32)) * x_t,
            gaussian.denoiser()(x_t, jnp.maximum(t, 0)),
        )

    steps = trailing(1000, 5)
    once = ddim(gaussian.denoiser(), noise(4), gaussian.LEVEL, steps)
    found = ddim(multiplies, noise(4), gaussian.LEVEL, np.append(steps, [CLEAN, CLEAN - 1]))
    assert once.shape == (5, 4, 1)
    np.testing.assert_allclose(found, np.concatenate([once, [2.0 * once[-1], 6.0 * once[-1]]]), rtol=1e-6)


def test_is_deterministic_given_the_noise():
    run = lambda key: ddim(gaussian.denoiser(), noise(8), gaussian.LEVEL, trailing(1000, 5), 0.0, key)  # noqa: E731
    np.testing.assert_array_equal(run(jax.random.key(1)), run(jax.random.key(2)))


def test_ancestral_sampling_needs_a_key():
    with pytest.raises(ValueError, match="key"):
        ddim(gaussian.denoiser(), noise(2), gaussian.LEVEL, trailing(1000, 5), eta=1.0)


def test_is_one_scan_without_callbacks_and_one_trace():
    traces = []

    def counting(x_t: jax.Array, t: jax.Array) -> jax.Array:
        traces.append(None)
        return gaussian.denoiser()(x_t, t)

    program = str(jax.make_jaxpr(lambda z: ddim(counting, z, gaussian.LEVEL, trailing(1000, 50)))(noise(2)))
    assert len(traces) == 1 and program.count("scan[") == 1 and "callback" not in program


def test_gradient_is_finite():
    slope = jax.grad(lambda z: ddim(gaussian.denoiser(), z, gaussian.LEVEL, trailing(1000, 20))[-1].sum())(noise(4))
    assert bool(jnp.isfinite(slope).all()) and bool((slope > 0).all())
