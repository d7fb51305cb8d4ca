"""A training step of the infiller in eager PyTorch: autograd, gradient clipping, AdamW, running average."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from experiments.benchmarks.torch_infiller import Infiller
from experiments.benchmarks.torch_layers import load_flax, widths
from experiments.benchmarks.torch_losses import losses
from experiments.benchmarks.training import world
from sm_jax.train import cache
from sm_jax.train.config import InfillerTraining
from sm_jax.train.examples import Example
from sm_jax.train.state import Params


def tensors(example: Example) -> dict[str, Any]:
    """An example's fields by name, as tensors."""
    return jax.tree.map(lambda x: torch.tensor(np.asarray(x)), dataclasses.asdict(example))


def network(config: InfillerTraining, example: dict[str, Any], params: Params | None = None) -> Infiller:
    """The network, with weights of the Flax one if given."""
    net = Infiller(config.net, *widths(example["conditions"]))
    if params is not None:
        load_flax(net, params)
    return net


def trainer(config: InfillerTraining, stored: pathlib.Path, batch: int) -> Callable[[], None]:
    """A function that takes one training step on the first `batch` of the stored examples."""
    _, examples = cache.load(stored, "bench")
    example = tensors(jax.tree.map(lambda x: x[:batch], examples))
    here = world(config.seed)
    mean, std, alpha_bar = (
        torch.tensor(np.asarray(x)) for x in (here.statistics.mean, here.statistics.std, here.alpha_bar)
    )
    net = network(config, example)
    average = [p.detach().clone() for p in net.parameters()]
    wanted = config.optimiser
    optimiser = torch.optim.AdamW(
        net.parameters(), lr=wanted.learning_rate, betas=(0.9, 0.99), weight_decay=wanted.weight_decay
    )

    def once() -> None:
        t = torch.randint(0, len(alpha_bar), (batch,))
        level = alpha_bar[t]
        signal, noise = (x.sqrt()[:, None, None, None] for x in (level, 1 - level))
        x_t = signal * example["x0"] + noise * torch.randn_like(example["x0"])
        x0 = net(x_t, t, example["conditions"])
        low_noise = (level > config.loss.low_noise).float()
        optimiser.zero_grad()
        losses(x0, example, mean, std, config.loss, low_noise).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), wanted.clip)
        optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(  # pyright: ignore[reportPrivateImportUsage]
                average, list(net.parameters()), 1 - wanted.ema
            )

    return once
