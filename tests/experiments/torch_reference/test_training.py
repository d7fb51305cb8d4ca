"""The network and the loss in PyTorch, which ours are timed against, are the same network and the same loss."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
import torch  # pyright: ignore[reportMissingImports]

from configs import tiny
from experiments.torch_reference.training import losses as torch_losses
from experiments.torch_reference.training import network, tensors
from sm_jax.nets.infiller import Infiller
from sm_jax.nets.weights import INFILLER, load_weights
from sm_jax.train.losses import losses
from tests.train.small_run import examples


def test_same_prediction_loss_and_gradient():
    weights, example = load_weights(INFILLER), examples()
    config = dataclasses.replace(tiny.INFILLER, net=weights.config)
    x_t, t, low = example.x0 * 0.8 + 0.1, jnp.array([40, 700]), jnp.array([1.0, 1.0])

    def value(params):
        x0 = Infiller(config.net).apply({"params": params}, x_t, t, example.conditions)
        return losses(jnp.asarray(x0), example, weights.statistics, config.loss, jnp.ones(2), low)[0]

    ours, gradient = jax.jit(jax.value_and_grad(value))(weights.params)
    theirs = tensors(example)
    net: Any = network(config, theirs, weights.params)
    mean, std = (torch.tensor(np.asarray(x)) for x in (weights.statistics.mean, weights.statistics.std))
    x0 = net(torch.tensor(np.asarray(x_t)), torch.tensor(np.asarray(t)), theirs["conditions"])
    loss = torch_losses(x0, theirs, mean, std, config.loss, torch.tensor(np.asarray(low)))
    loss.backward()
    np.testing.assert_allclose(loss.item(), float(ours), rtol=1e-4)
    head, qkv_mlp = gradient["head"]["kernel"], gradient["block_0"]["qkv_mlp"]["kernel"]
    np.testing.assert_allclose(net.head.weight.grad.numpy().T, head, atol=1e-4 * float(jnp.abs(head).max()) + 1e-6)
    found = net.blocks[0].qkv_mlp.weight.grad.numpy().T
    np.testing.assert_allclose(found, qkv_mlp, atol=1e-3 * float(jnp.abs(qkv_mlp).max()))
