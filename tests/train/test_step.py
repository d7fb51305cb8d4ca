import jax
import jax.numpy as jnp
import numpy as np

from configs import tiny
from sm_jax.nets.refiner import Refiner
from sm_jax.train import parallel
from sm_jax.train.optimiser import make
from sm_jax.train.state import create
from sm_jax.train.step import make_step, noised, refiner_loss
from tests.train.small_run import BATCH, examples, world


def test_noise_depends_on_the_example_and_the_step():
    noise = jax.jit(noised)
    x_t, t = noise(world(), examples(), jnp.int32(3))
    again, _ = noise(world(), examples(), jnp.int32(3))
    later, _ = noise(world(), examples(), jnp.int32(4))
    np.testing.assert_array_equal(x_t, again)
    assert float(jnp.abs(x_t - later).max()) > 1e-3
    assert t.shape == (BATCH,) and int(t[0]) != int(t[1])


def test_the_refiner_learns_to_undo_a_constant_error():
    config, example = tiny.REFINER, examples()
    infilled = example.x0 + 0.3
    params = jax.jit(Refiner(config.net).init)(jax.random.key(0), infilled, example.conditions)["params"]
    optimiser = make(config.optimiser, 60)
    step = parallel.parallelise(make_step(refiner_loss(config), optimiser, config.optimiser.ema))
    state, everywhere = parallel.replicate(create(params, optimiser)), parallel.replicate(world())
    batch, losses = parallel.split((infilled, example)), []
    for _ in range(60):
        state, metrics = step(state, everywhere, batch)
        losses.append(float(metrics["loss"][0]))
    assert losses[-1] < 0.2 * losses[0]
    assert int(parallel.unreplicate(state.step)) == 60
