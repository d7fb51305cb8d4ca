import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import tiny
from sm_jax.errors import UserError
from sm_jax.nets.refiner import Refiner
from sm_jax.train import parallel
from sm_jax.train.config import ComputeConfig
from sm_jax.train.optimiser import make
from sm_jax.train.state import TrainState, create
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


@functools.cache
def refiner_params():
    example = examples()
    return jax.jit(Refiner(tiny.REFINER.net).init)(jax.random.key(0), example.x0, example.conditions)["params"]


def stepped(compute: ComputeConfig) -> tuple[TrainState, float]:
    """A refiner's state and its loss after three steps."""
    config, example = dataclasses.replace(tiny.REFINER, compute=compute), examples()
    optimiser = make(config.optimiser, 60)
    step = parallel.parallelise(make_step(refiner_loss(config), optimiser, 0.9, compute.accumulate))
    state = parallel.replicate(create(refiner_params(), optimiser))
    batch, metrics = parallel.split((example.x0 + 0.3, example)), {}
    for _ in range(3):
        state, metrics = step(state, parallel.replicate(world()), batch)
    return parallel.unreplicate(state), float(parallel.unreplicate(metrics)["loss"])


@pytest.fixture(scope="module")
def plain() -> tuple[TrainState, float]:
    return stepped(ComputeConfig())


def test_parts_and_recomputation_change_nothing(plain):
    state, loss = stepped(ComputeConfig(accumulate=2, remat=True))
    np.testing.assert_allclose(loss, plain[1], rtol=1e-5)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), state, plain[0])


def test_half_the_precision_and_a_state_in_full(plain):
    state, loss = stepped(ComputeConfig(dtype="bfloat16"))
    assert {x.dtype for x in jax.tree.leaves(state)} == {jnp.dtype("float32"), jnp.dtype("int32")}
    np.testing.assert_allclose(loss, plain[1], rtol=0.02)
    assert loss != plain[1]


def test_parts_have_to_divide_the_batch():
    with pytest.raises(UserError, match="2 windows a device do not divide into 3 parts: change compute.accumulate"):
        stepped(ComputeConfig(accumulate=3))
