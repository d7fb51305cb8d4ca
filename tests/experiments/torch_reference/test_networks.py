"""The networks in PyTorch are the same networks, in every form that a configuration gives them."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
import torch

from experiments.torch_reference.networks import TorchInfiller, TorchRefiner, load_flax, tensors, widths
from sm_jax.nets.infiller import Infiller, InfillerConfig
from sm_jax.nets.refiner import Refiner, RefinerConfig
from tests.nets.conditions import awake, random_conditions

FRAMES, SHOWN = 12, 7  # the second window ends early, in the middle of a token
INFILLERS = {
    "free": InfillerConfig(width=32, blocks=2, heads=2),
    "bounded": InfillerConfig(width=32, blocks=2, heads=2, patch=4, residual="bounded"),
}
REFINERS = {
    "free": RefinerConfig(width=32, dilations=(1, 2), taps=2),
    "bounded": RefinerConfig(width=32, dilations=(1, 2), taps=2, residual="bounded"),
}


def conditions_without_and_with_text():
    """Two windows: one as it is; one that ends early and has no text."""
    both = random_conditions(frames=FRAMES)
    text = jax.tree.map(lambda x: x.at[1].set(0.0), both.text)
    frame_mask = jnp.asarray(both.frame_mask).at[1, SHOWN:].set(0.0)
    return dataclasses.replace(both, text=text, frame_mask=frame_mask)


def parameters(net, *arguments):
    """Random ones, not those of an initialisation: there whole layers are zero."""
    return awake(jax.tree.map(jnp.zeros_like, jax.eval_shape(net.init, jax.random.key(0), *arguments)))


@pytest.mark.parametrize("form", INFILLERS)
def test_infiller(form):
    conditions, config = conditions_without_and_with_text(), INFILLERS[form]
    x_t, t = conditions.estimate[:, ::-1] * 0.7, jnp.array([3, 900])
    params = parameters(Infiller(config), x_t, t, conditions)
    ours, unsure = jax.jit(Infiller(config).apply, static_argnames="method")(
        params, x_t, t, conditions, method="predict"
    )
    theirs: Any = TorchInfiller(config, *widths(tensors(conditions)))
    load_flax(theirs, params["params"])
    found, found_unsure = theirs.predict(torch.tensor(np.asarray(x_t)), torch.tensor([3, 900]), tensors(conditions))
    np.testing.assert_allclose(found.detach().numpy(), ours, atol=2e-5)
    assert float(jnp.abs(ours - conditions.estimate).max()) > 0.5
    if form == "free":
        assert found_unsure is None
    else:
        np.testing.assert_allclose(found_unsure.detach().numpy(), unsure, atol=2e-5)
        assert float(jnp.abs(unsure).max()) > 0.1


@pytest.mark.parametrize("form", REFINERS)
def test_refiner(form):
    conditions, config = conditions_without_and_with_text(), REFINERS[form]
    x = conditions.estimate * 0.7
    params = parameters(Refiner(config), x, conditions)
    ours = jax.jit(Refiner(config).apply)(params, x, conditions)
    theirs: Any = TorchRefiner(config, *widths(tensors(conditions)))
    load_flax(theirs, params["params"])
    found = theirs(torch.tensor(np.asarray(x)), tensors(conditions))
    np.testing.assert_allclose(found.detach().numpy(), ours, atol=2e-5)
    assert float(jnp.abs(ours - x).max()) > 0.5
