"""Training in PyTorch, which ours is timed against, takes the same steps: loss, gradients, optimiser, average."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
import torch

from configs import tiny
from experiments.torch_reference.networks import TorchInfiller, load_flax
from experiments.torch_reference.training import TorchTrainer
from sm_jax.diffusion.process import noise_from_x0
from sm_jax.errors import UserError
from sm_jax.nets.infiller import Infiller, InfillerConfig
from sm_jax.train import parallel
from sm_jax.train.config import ComputeConfig, InfillerTraining, LossConfig, OptimiserConfig
from sm_jax.train.state import create, make_optimiser
from sm_jax.train.step import infiller_loss, make_step, noised
from tests.nets.conditions import awake
from tests.train.small_run import examples, world

STEPS = 4
# Strong weight decay, so that it shows; windows one at a time, so that gradients are accumulated.
CONFIG = dataclasses.replace(
    tiny.INFILLER,
    steps=STEPS,
    optimiser=OptimiserConfig(warm_up=2, weight_decay=10.0, ema=0.3),
    loss=LossConfig(acceleration=0.5, ray=0.5, uncertainty=0.1),
    compute=ComputeConfig(microbatch=1),
)
FORMS = {
    "free": dataclasses.replace(CONFIG, loss_weight="min_snr"),
    "bounded": dataclasses.replace(
        CONFIG, net=InfillerConfig(width=32, blocks=1, heads=2, patch=4, residual="bounded")
    ),
}


def example():
    """Two windows, of which the second ends early and shows one person."""
    full = examples()
    mask = jnp.asarray(full.conditions.frame_mask).at[1, 9:].set(0.0)
    conditions = dataclasses.replace(full.conditions, frame_mask=mask)
    return dataclasses.replace(full, conditions=conditions, present=jnp.array([[1.0, 1.0], [1.0, 0.0]]))


def parameters(config: InfillerTraining):
    given = example()
    init = Infiller(config.net).init
    shapes = jax.eval_shape(init, jax.random.key(0), given.x0, jnp.zeros(2, jnp.int32), given.conditions)["params"]
    return awake(jax.tree.map(jnp.zeros_like, shapes))


def as_torch(x):
    return torch.tensor(np.asarray(x))


@pytest.mark.parametrize("form", FORMS)
def test_the_same_steps(form):
    config = FORMS[form]
    params, context, batch = parameters(config), world(), example()
    optimiser = make_optimiser(config.optimiser, config.steps)
    step = parallel.parallelise(
        make_step(infiller_loss(config), optimiser, config.optimiser.ema, config.compute.microbatch)
    )
    state, everywhere = parallel.replicate(create(params, optimiser)), parallel.replicate(context)
    theirs = TorchTrainer(config, context, batch, params)
    for number in range(STEPS):
        x_t, t = noised(context, batch, jnp.int32(number))
        noise = noise_from_x0(context.alpha_bar, x_t, batch.x0, t)
        state, metrics = step(state, everywhere, parallel.split(batch))
        loss = theirs.step(as_torch(t), as_torch(noise))
        np.testing.assert_allclose(loss, metrics["loss"][0], rtol=1e-4)
    begun, after = torch_named(config, params), parallel.unreplicate(state)
    for name, ours in torch_named(config, after.params).items():
        moved = ours - begun[name]
        found = dict(theirs.net.named_parameters())[name].detach() - begun[name]
        assert (found - moved).norm() < 1e-3 * moved.norm(), name
        assert moved.norm() > 1e-4, name
    average = dict(zip(dict(theirs.net.named_parameters()), theirs.average, strict=True))
    for name, ours in torch_named(config, after.ema).items():
        moved = ours - begun[name]
        assert (average[name] - begun[name] - moved).norm() < 1e-3 * moved.norm(), name


def torch_named(config: InfillerTraining, params):
    """Parameters of ours by the names of theirs."""
    features = params["mask_token"].shape[0]
    tokens = params["self_in"]["kernel"].shape[0] // config.net.patch
    net = TorchInfiller(config.net, tokens, features)
    load_flax(net, params)
    return {name: value.detach() for name, value in net.named_parameters()}


def test_muon_is_refused():
    config = dataclasses.replace(CONFIG, optimiser=OptimiserConfig(kind="muon"))
    with pytest.raises(UserError, match="compare with adamw"):
        TorchTrainer(config, world(), example())
