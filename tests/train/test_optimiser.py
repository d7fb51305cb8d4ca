from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from sm_jax.train.config import OptimiserConfig
from sm_jax.train.state import make_optimiser


def steps(config: OptimiserConfig, total: int, gradient: float, param, name: str = "kernel") -> list[float]:
    optimiser = make_optimiser(config, total)
    params = {name: param}
    state, sizes = optimiser.init(params), []
    for _ in range(total):
        updates, state = optimiser.update({name: jnp.full_like(param, gradient)}, state, params)
        sizes.append(max(float(jnp.abs(x).max()) for x in jax.tree.leaves(updates)))
        params = optax.apply_updates(params, updates)
    return sizes


def test_warm_up_peak_and_decay():
    sizes = steps(OptimiserConfig(learning_rate=0.1, warm_up=5, weight_decay=0.0), 20, 1.0, jnp.zeros(3))
    assert sizes[0] == 0.0 and int(np.argmax(sizes)) == 5
    np.testing.assert_allclose(max(sizes), 0.1, rtol=0.02)
    assert sizes[-1] < 0.01


@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_weight_decay_is_for_the_kernels_of_layers(kind):
    """Not for tables of offsets, though they have two axes."""
    config = OptimiserConfig(kind=kind, learning_rate=0.1, warm_up=1, weight_decay=1.0)
    assert steps(config, 3, 0.0, jnp.ones((3, 3)), "offset")[1] == 0.0
    assert steps(config, 3, 0.0, jnp.ones((3, 3)))[1] > 0.05


def test_muon_steps_are_of_adams_size_and_orthogonal():
    """All singular values of a matrix' step are about the same, whatever the gradient's are."""
    config = OptimiserConfig(kind="muon", learning_rate=0.1, warm_up=1, weight_decay=0.0, clip=1e9)
    optimiser, params = make_optimiser(config, 10), {"kernel": jnp.zeros((8, 8))}
    state = optimiser.init(params)
    gradient = {"kernel": jnp.diag(jnp.array([9.0, 5.0, 3.0, 1.0, 0.8, 0.6, 0.5, 0.4]))}
    update: Any = optimiser.update  # its own types know no keys
    _, state = update(gradient, state, params)
    updates, _ = update(gradient, state, params)
    sizes = np.linalg.svd(updates["kernel"], compute_uv=False)
    assert sizes.max() < 2.5 * sizes.min()
    np.testing.assert_allclose(jnp.sqrt(jnp.square(updates["kernel"]).mean()), 0.1 * 0.2, rtol=0.3)
