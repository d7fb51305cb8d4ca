import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import tiny
from sm_jax.errors import UserError
from sm_jax.nets.infiller import Infiller
from sm_jax.nets.refiner import Refiner
from sm_jax.train import parallel
from sm_jax.train.config import ComputeConfig
from sm_jax.train.state import TrainState, create, make_optimiser
from sm_jax.train.step import infiller_loss, make_step, noised, refiner_loss
from tests.train.programs import toy_batch, toy_loss, toy_params
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
    optimiser = make_optimiser(config.optimiser, 60)
    step = parallel.parallelise(make_step(refiner_loss(config), optimiser, config.optimiser.ema))
    state, everywhere = parallel.replicate(create(params, optimiser)), parallel.replicate(world())
    batch, losses = parallel.split((infilled, example)), []
    for _ in range(60):
        state, metrics = step(state, everywhere, batch)
        losses.append(float(metrics["loss"][0]))
    assert losses[-1] < 0.2 * losses[0]
    assert int(parallel.unreplicate(state.step)) == 60


def three_steps(microbatch: int) -> tuple[TrainState, float]:
    """A small regression's state and its loss."""
    optimiser = make_optimiser(tiny.REFINER.optimiser, 60)
    step = parallel.parallelise(make_step(toy_loss(), optimiser, 0.9, microbatch))
    state, metrics = parallel.replicate(create(toy_params(), optimiser)), {}
    for number in range(3):
        state, metrics = step(state, parallel.replicate(jnp.zeros(())), parallel.split(toy_batch(number)))
    return parallel.unreplicate(state), float(parallel.unreplicate(metrics)["loss"])


def test_a_batch_in_parts_is_the_batch():
    whole, parts = three_steps(0), three_steps(2)
    np.testing.assert_allclose(parts[1], whole[1], rtol=1e-5)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), parts[0], whole[0])
    moved = jnp.abs(whole[0].params["out"] - toy_params()["out"]).max()
    assert float(moved) > 1e-4


def test_parts_have_to_divide_the_batch():
    with pytest.raises(UserError, match="8 windows a device do not divide into parts of 3: change compute.microbatch"):
        three_steps(3)


def test_a_share_smaller_than_a_part_is_taken_whole():
    assert three_steps(100)[1] == three_steps(0)[1]


@pytest.mark.parametrize("kind", ["infiller", "refiner"])
def test_precision_and_recomputation_reach_the_network(kind):
    """Read from what is traced; `prevent_cse` is said of parts that are recomputed."""
    example = examples()

    def traced(compute: ComputeConfig) -> tuple[str, set]:
        if kind == "infiller":
            loss = infiller_loss(dataclasses.replace(tiny.INFILLER, compute=compute))
            params = jax.eval_shape(
                Infiller(tiny.INFILLER.net).init, jax.random.key(0), example.x0, example.number, example.conditions
            )
        else:
            loss = refiner_loss(dataclasses.replace(tiny.REFINER, compute=compute))
            params = jax.eval_shape(Refiner(tiny.REFINER.net).init, jax.random.key(0), example.x0, example.conditions)
        batch = example if kind == "infiller" else (example.x0, example)
        gradient = jax.grad(lambda p: loss(p, world(), batch, jnp.int32(0))[0])
        jaxpr, shapes = jax.make_jaxpr(gradient, return_shape=True)(params["params"])
        return str(jaxpr), {leaf.dtype for leaf in jax.tree.leaves(shapes)}

    plain, _ = traced(ComputeConfig())
    assert "bf16" not in plain and "prevent_cse" not in plain
    half, dtypes = traced(ComputeConfig(dtype="bfloat16", remat=True))
    assert "bf16" in half and "prevent_cse" in half
    assert dtypes == {jnp.dtype("float32")}
