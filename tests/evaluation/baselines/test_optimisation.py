import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.energies.combine import EnergyWeights
from sm_jax.evaluation.baselines.optimisation import Descent, minimise, slow_first
from tests.evaluation.baselines.scenes import FRAMES, apart, clip, shaking, truth

FEW = EnergyWeights(**dict.fromkeys([field.name for field in dataclasses.fields(EnergyWeights)], 0.0))
FEW = dataclasses.replace(FEW, reprojection=10.0, smoothness=0.1)


def test_a_narrow_valley_is_followed_to_its_end():
    def rosenbrock(x):
        return jnp.sum(100.0 * jnp.square(x[1:] - x[:-1] ** 2) + jnp.square(1.0 - x[:-1]))

    run = jax.jit(lambda x, iterations: minimise(rosenbrock, x, 1e-6, iterations), static_argnums=1)
    x, cost = run(jnp.zeros(4), 200)
    np.testing.assert_allclose(x, 1.0, atol=1e-2)
    assert float(cost) < 1e-5 and abs(float(rosenbrock(x)) - float(cost)) < 1e-6
    _, early = run(jnp.zeros(4), 10)
    assert float(early) > 1e-3


def test_it_stops_where_nothing_is_gained():
    calls = []

    def bowl(x):
        jax.debug.callback(lambda: calls.append(1))
        return jnp.sum(jnp.square(x)) + 1.0

    x, _ = jax.jit(lambda x: minimise(bowl, x, 1e-3, 100_000))(jnp.ones(3))
    jax.effects_barrier()
    np.testing.assert_allclose(x, 0.0, atol=1e-5)
    assert len(calls) < 1000


def test_any_motion_is_a_sum_of_the_waves():
    waves = np.asarray(slow_first(60, np.array(30.0, np.float32)))
    size = np.linalg.norm(waves, axis=0)
    np.testing.assert_allclose((waves / size).T @ (waves / size), np.eye(60), atol=1e-5)
    np.testing.assert_allclose(size[0], 1.0, rtol=1e-5)
    assert (np.diff(size) < 0).all() and size[-1] < 0.01


def test_noise_is_descended_from_and_the_truth_is_not():
    noisy, method = clip(0.03), Descent(weights=FEW, iterations=60)
    found = method(noisy)
    assert np.shape(found.pelvis) == (2, FRAMES, 3)
    assert shaking(found) < 0.4 * shaking(noisy.observation.motion)
    assert apart(method(clip()), truth()) < 0.1
