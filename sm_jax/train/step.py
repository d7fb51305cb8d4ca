"""One training step, as a pure function of one device's share of the batch."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from sm_jax.diffusion.process import add_noise, loss_weight
from sm_jax.errors import UserError
from sm_jax.nets.infiller import Infiller
from sm_jax.nets.refiner import Refiner
from sm_jax.nets.weights import Params
from sm_jax.train.config import InfillerTraining, RefinerTraining
from sm_jax.train.examples import Example, TrainContext, example_key
from sm_jax.train.losses import losses
from sm_jax.train.state import TrainState, apply_gradients
from sm_jax.types import Array

AXIS = "data"
Metrics = dict[str, jax.Array]
Loss = Callable[[Params, TrainContext, Any, Array], tuple[jax.Array, Metrics]]
Step = Callable[[TrainState, TrainContext, Any], tuple[TrainState, Metrics]]


def make_step(loss: Loss, optimiser: optax.GradientTransformation, ema: float, microbatch: int = 0) -> Step:
    """A step over an axis named `data`: gradients and metrics are means over all devices of all hosts.

    microbatch: windows that a device takes at a time where its share of the batch is more (0: all of it), so that the
    activations of so many are in memory. Losses are means over examples, so this changes nothing else.
    """

    def step(state: TrainState, world: TrainContext, batch: Any) -> tuple[TrainState, Metrics]:
        def one(part: Any) -> Any:
            return jax.value_and_grad(loss, has_aux=True)(state.params, world, part, state.step)

        (value, report), gradient = jax.lax.pmean(_mean_over_parts(one, batch, microbatch), AXIS)
        metrics = report | {"loss": value, "gradient_norm": optax.tree.norm(gradient)}
        return apply_gradients(state, gradient, optimiser, ema), metrics

    return step


def _mean_over_parts(one: Callable[[Any], Any], batch: Any, microbatch: int) -> Any:
    """Mean of `one` over parts of a batch, of which one at a time is worked on."""
    size = jax.tree.leaves(batch)[0].shape[0]
    if not 0 < microbatch < size:
        return one(batch)
    if size % microbatch:
        raise UserError(f"{size} windows a device do not divide into parts of {microbatch}: change compute.microbatch")
    parts = size // microbatch
    stacked = jax.tree.map(lambda x: x.reshape(parts, microbatch, *x.shape[1:]), batch)
    first = jax.eval_shape(one, jax.tree.map(lambda x: x[0], stacked))
    zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), first)
    total, _ = jax.lax.scan(lambda total, part: (jax.tree.map(jnp.add, total, one(part)), None), zeros, stacked)
    return jax.tree.map(lambda x: x / parts, total)


def infiller_loss(config: InfillerTraining) -> Loss:
    """Noise the truth to a random time and compare the prediction of it. batch: Example [B]."""
    net = Infiller(config.net, jnp.dtype(config.compute.dtype), config.compute.remat)

    def loss(params: Params, world: TrainContext, example: Example, step: Array) -> tuple[jax.Array, Metrics]:
        x_t, t = noised(world, example, step)
        x0, unsure = net.apply({"params": params}, x_t, t, example.conditions, method="predict")
        level = world.alpha_bar[t]
        weight = loss_weight(world.alpha_bar, t, config.loss_weight)
        low_noise = (level > config.loss.low_noise).astype(jnp.float32)
        unsure = jnp.asarray(unsure) if config.net.residual == "bounded" else None
        return losses(jnp.asarray(x0), example, world.statistics, config.loss, weight, low_noise, unsure)

    return loss


def noised(world: TrainContext, example: Example, step: Array) -> tuple[jax.Array, jax.Array]:
    """x_t [B, P, T, D] at random times t [B], drawn for each example's global number and the step []."""
    keys = jax.vmap(lambda n: jax.random.split(jax.random.fold_in(example_key(world, n), step)))(example.number)
    t = jax.vmap(lambda key: jax.random.randint(key, (), 0, world.alpha_bar.shape[0]))(keys[:, 0])
    noise = jax.vmap(lambda key: jax.random.normal(key, example.x0.shape[1:]))(keys[:, 1])
    return add_noise(jnp.asarray(world.alpha_bar), jnp.asarray(example.x0), noise, t), t


def refiner_loss(config: RefinerTraining) -> Loss:
    """Compare what the refiner makes of an infilled motion with the truth. batch: (infilled [B, P, T, D], Example)."""
    net = Refiner(config.net, jnp.dtype(config.compute.dtype), config.compute.remat)

    def loss(params: Params, world: TrainContext, batch: tuple[Array, Example], _: Array) -> tuple[jax.Array, Metrics]:
        infilled, example = batch
        x0 = net.apply({"params": params}, infilled, example.conditions)
        everywhere = jnp.ones(infilled.shape[0])
        return losses(jnp.asarray(x0), example, world.statistics, config.loss, everywhere, everywhere)

    return loss
