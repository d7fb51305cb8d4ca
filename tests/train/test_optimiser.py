import jax
import jax.numpy as jnp
import numpy as np
import optax

from sm_jax.train.config import OptimiserConfig
from sm_jax.train.state import make_optimiser


def steps(config: OptimiserConfig, total: int, gradient: float, param) -> list[float]:
    optimiser = make_optimiser(config, total)
    params = {"w": param}
    state, sizes = optimiser.init(params), []
    for _ in range(total):
        updates, state = optimiser.update({"w": jnp.full_like(param, gradient)}, state, params)
        sizes.append(max(float(jnp.abs(x).max()) for x in jax.tree.leaves(updates)))
        params = optax.apply_updates(params, updates)
    return sizes


def test_warm_up_peak_and_decay():
    sizes = steps(OptimiserConfig(learning_rate=0.1, warm_up=5, weight_decay=0.0), 20, 1.0, jnp.zeros(3))
    assert sizes[0] == 0.0 and int(np.argmax(sizes)) == 5
    np.testing.assert_allclose(max(sizes), 0.1, rtol=0.02)
    assert sizes[-1] < 0.01


def test_weight_decay_is_for_matrices():
    config = OptimiserConfig(learning_rate=0.1, warm_up=1, weight_decay=1.0)
    assert steps(config, 3, 0.0, jnp.ones(3))[1] == 0.0
    assert steps(config, 3, 0.0, jnp.ones((3, 3)))[1] > 0.05
