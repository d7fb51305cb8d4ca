from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from sm_jax.diffusion.guidance import (
    along_sequence,
    classifier_free,
    descend,
    energy_guidance,
    low_pass,
    relative_adam,
    x0_transform,
)
from sm_jax.diffusion.sampler import ddim
from sm_jax.diffusion.schedule import trailing
from tests.diffusion import gaussian

SEEN, ERROR = 0.4, 0.3  # a measurement of x0 and its standard deviation
T = jnp.array([199, 199])


def energy(x: jax.Array) -> jax.Array:
    return 0.5 * jnp.square(x - SEEN).sum() / ERROR**2


def anchored(x: jax.Array, start: jax.Array) -> jax.Array:
    """Another energy that knows where the descent began; here it does not matter."""
    return energy(x) + 0.0 * start.sum()


def always(steps: int) -> Callable[[jax.Array], jax.Array]:
    return lambda t: jnp.full_like(t, steps)


def identity(x_t: jax.Array, t: jax.Array) -> jax.Array:
    return x_t


def test_guided_sampling_reaches_the_closed_form_posterior():
    """One descent step, preconditioned by the posterior covariance of x0, turns E[x0 | x_t] into E[x0 | x_t, y]."""

    def guided(x_t: jax.Array, t: jax.Array) -> jax.Array:
        variance = gaussian.posterior_variance(t)
        size = variance * ERROR**2 / (variance + ERROR**2)
        newton = optax.stateless(lambda gradient, _: jax.tree.map(lambda g: -size * g, gradient))
        return energy_guidance(gaussian.denoiser(), anchored, lambda _: newton, always(1))(x_t, t)

    noise = jax.random.normal(jax.random.key(0), (20_000, 1))
    sample = ddim(guided, noise, gaussian.LEVEL, trailing(1000, 250))[-1]
    precision = 1 / gaussian.STD**2 + 1 / ERROR**2
    mean = (gaussian.MEAN / gaussian.STD**2 + SEEN / ERROR**2) / precision
    np.testing.assert_allclose(sample.mean(), mean, atol=0.02)
    np.testing.assert_allclose(sample.std(), precision**-0.5, atol=0.02)


@pytest.mark.parametrize(("t", "steps"), [(0, 5), (500, 5), (501, 0)])
def test_descent_steps_by_time(t, steps):
    """On a quadratic, k steps of size s contract the distance to the minimum by (1 - s / error^2)^k."""
    early = lambda t: jnp.where(t <= 500, 5, 0)  # noqa: E731
    guided = energy_guidance(identity, anchored, lambda _: optax.sgd(0.01), early)
    x = jnp.array([[3.0, -2.0], [1.0, 0.5]])
    expected = SEEN + (1 - 0.01 / ERROR**2) ** steps * (x - SEEN)
    np.testing.assert_allclose(guided(x, jnp.array([t, t])), expected, rtol=1e-4)


def test_an_energy_knows_where_the_descent_began():
    """Drawn to 1 above the denoiser's own x0, every step of the way, it ends there."""
    above = lambda x, start: jnp.square(x - start - 1.0).sum()  # noqa: E731
    guided = energy_guidance(identity, above, lambda _: optax.sgd(0.25), always(5))
    np.testing.assert_allclose(guided(jnp.array([[3.0, -2.0]]), T), [[4.0, -1.0]], atol=0.05)


def test_the_correction_is_clamped():
    guided = energy_guidance(identity, anchored, lambda _: optax.sgd(0.05), always(20), clamp=0.25)
    x = jnp.array([[3.0, 0.5], [-3.0, 0.3]])
    np.testing.assert_allclose(guided(x, T), [[2.75, SEEN], [-2.75, SEEN]], atol=1e-3)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_relative_adam_ignores_the_scale_of_the_energy(scale):
    x = jnp.array([[3.0, SEEN], [-3.0, SEEN]])
    moved = descend(lambda x: scale * energy(x), x, relative_adam(0.1, 10), 10, jnp.inf)
    np.testing.assert_allclose(moved, [[2.45, SEEN], [-2.45, SEEN]], atol=0.1)
    settled = descend(lambda x: scale * energy(x), x, relative_adam(0.1, 200), 200, jnp.inf)
    np.testing.assert_allclose(settled, SEEN, atol=0.05)


def test_the_steps_are_those_of_adam_with_a_relative_floor_that_shrink():
    """Written out with NumPy, as the shipped networks were tuned with."""
    steps, size = 7, np.array([0.1, 0.02, 0.3], np.float32)
    curvature = np.array([1.0, 50.0, 1e-4], np.float32)
    x = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    found = descend(
        lambda x: 0.5 * (curvature[None] * jnp.square(x)).sum(), x, relative_adam(size[None], steps), steps, jnp.inf
    )
    mean, square = np.zeros_like(x), np.zeros_like(x)
    for number in range(steps):
        gradient = curvature * x
        mean, square = 0.6 * mean + 0.4 * gradient, 0.9 * square + 0.1 * gradient**2
        m, s = mean / (1 - 0.6 ** (number + 1)), square / (1 - 0.9 ** (number + 1))
        typical = np.sqrt(s.mean(axis=1, keepdims=True))
        x = x - (1 - number / steps) * size * m / (np.sqrt(s) + 0.1 * typical + 1e-12)
    np.testing.assert_allclose(found, x, atol=1e-6)


def test_smooth_gradients_keep_slow_waves_and_damp_quick_ones():
    """A wave at the corner is halved, and a constant passes."""
    smooth, frame = along_sequence(low_pass(64, 0.125)), np.arange(64)
    waves = {f: np.cos(2 * np.pi * f * (frame + 0.5)).astype(np.float32) for f in (0.0, 0.125, 0.5 - 1 / 128)}
    for frequency, wave in waves.items():
        found, _ = smooth.update(jnp.asarray(wave[None, :, None]), smooth.init(jnp.zeros(())))
        (smoothed,) = jax.tree.leaves(found)
        np.testing.assert_allclose(smoothed[0, :, 0], wave / (1 + (frequency / 0.125) ** 2), atol=1e-5)


def test_a_traced_number_of_steps_is_the_same_descent():
    """Of which few and many are one program."""
    descent = jax.jit(lambda x, steps: descend(energy, x, relative_adam(0.1, steps), steps, jnp.inf))
    for steps in (1, 30):
        x = jnp.array([[3.0, -3.0]])
        fixed = descend(energy, x, relative_adam(0.1, steps), steps, jnp.inf)
        np.testing.assert_allclose(descent(x, steps), fixed, rtol=1e-6)
    assert descent._cache_size() == 1  # pyrefly: ignore[missing-attribute]


def test_relative_adam_comes_to_rest():
    """With steps of one length, elements end up to such a length beside the minimum."""
    x = jnp.linspace(-0.2, 1.0, 40)[None]
    ends = descend(energy, x, relative_adam(0.05, 100), 100, jnp.inf)
    assert float(jnp.abs(ends - SEEN).max()) < 2e-3


def test_relative_adam_leaves_flat_elements_alone():
    bumpy = lambda x: jnp.square(x[:, 0]).sum() + 1e-4 * jnp.square(x[:, 1]).sum()  # noqa: E731
    moved = descend(bumpy, jnp.array([[1.0, 1.0]]), relative_adam(0.1, 4), 4, jnp.inf)
    assert 1 - float(moved[0, 0]) > 0.2 and 1 - float(moved[0, 1]) < 0.01


def test_descent_of_a_pytree_with_a_size_for_each_part():
    x = {"a": jnp.ones((2, 3)), "b": jnp.ones((2, 1))}
    moved = descend(
        lambda x: jnp.square(x["a"]).sum() + jnp.square(x["b"]).sum(),
        x,
        relative_adam({"a": 0.1, "b": 0.0}, 4),
        4,
        jnp.inf,
    )
    assert bool((moved["a"] < 0.9).all()) and bool((moved["b"] == 1.0).all())


def test_guided_sampling_is_one_scan():
    guided = energy_guidance(gaussian.denoiser(), anchored, partial(relative_adam, 0.1), always(5))
    run = lambda z: ddim(guided, z, gaussian.LEVEL, trailing(1000, 5))[-1]  # noqa: E731
    program = str(jax.make_jaxpr(run)(jnp.zeros((2, 1))))
    assert program.count("scan[") == 1 and "callback" not in program
    assert bool(jnp.isfinite(run(jnp.zeros((2, 1)))).all())


def test_classifier_free_extrapolates():
    guided = classifier_free(lambda x, t, more: x + more, jnp.array(1.0), jnp.array(0.0), 2.5)
    np.testing.assert_allclose(guided(jnp.zeros((2, 1)), T), 2.5)


def test_transform_projects_every_prediction():
    capped = x0_transform(gaussian.denoiser(), lambda x0: jnp.minimum(x0, 1.0))
    sample = ddim(capped, jnp.ones((4, 1)) * 2.0, gaussian.LEVEL, trailing(1000, 20))[-1]
    np.testing.assert_allclose(sample, 1.0)
