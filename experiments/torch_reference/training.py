"""A training step of the infiller in eager PyTorch: kinematics joint by joint, every loss term by autograd, gradients
accumulated over parts of the batch and clipped, AdamW with a schedule, running average."""

import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import torch
from torch.nn.functional import normalize

from experiments.torch_reference.body import kinematics, unpack
from experiments.torch_reference.networks import TorchInfiller, load_flax, tensors, widths
from sm_jax.body.skeleton import FOOT_JOINTS, SIDED_REGIONS
from sm_jax.errors import UserError
from sm_jax.motion import state
from sm_jax.motion.pair_frame import HALF_TURN
from sm_jax.nets.layers import FEATURE_JOINTS
from sm_jax.text.regions import SUPPORT
from sm_jax.train.config import InfillerTraining, LossConfig, OptimiserConfig
from sm_jax.train.examples import Example, TrainContext
from sm_jax.train.state import Params

GROUPS = {"orient": state.ORIENT, "pose": state.POSE, "pelvis": state.PELVIS, "foot_contact": state.FOOT_CONTACT}
REGIONS = np.zeros((len(SIDED_REGIONS), 24), np.float32)
REGIONS[np.arange(len(SIDED_REGIONS))[:, None], SUPPORT] = 1.0
FPS = 30.0
SUREST = 6.0  # largest logarithm of an expected square, either way


def joints(x: Any, rest: Any, mean: Any, std: Any) -> tuple[Any, Any]:
    """Normalised states [B, P, T, D] on rest joints [B, P, J, 3] -> joints [B, P, T, J, 3], foot contact."""
    local, pelvis, contact = unpack(x * std + mean)
    _, placed = kinematics(local, rest, pelvis)
    turn = torch.from_numpy(HALF_TURN).to(x)[None, :, None, None]
    return placed * turn, contact


def losses(
    x0: Any,
    e: dict[str, Any],
    mean: Any,
    std: Any,
    config: LossConfig,
    weight: Any,
    low_noise: Any,
    unsure: Any | None = None,
) -> Any:
    """As `sm_jax.train.losses.losses`. e: an example's fields by name."""
    mask, present, conditions = e["conditions"]["frame_mask"], e["present"], e["conditions"]
    visible = conditions["visibility"][..., FEATURE_JOINTS]
    counts = (1 + config.hidden * (1 - visible)) * (mask * weight[:, None])[:, None, :, None]
    error, frames = counts * present[:, :, None, None] * (x0 - e["x0"]).square(), mask.sum().clamp(min=1) * 2
    total = 0.0
    for name, part in GROUPS.items():
        total = total + getattr(config, name) * error[..., part].sum() / frames / (part.stop - part.start)
    (found, _), (true, contact) = (joints(x, e["rest_joints"], mean, std) for x in (x0, e["x0"]))
    everywhere = torch.ones_like(weight)

    def average(values: Any, weight: Any = low_noise, present: Any = present) -> Any:
        """Over the frames that are valid; a value of n frames belongs to the last of them."""
        values = (values.flatten(3).mean(-1) * present[..., None]).mean(1)
        frames = mask[:, mask.shape[1] - values.shape[1] :]
        return (values * frames * weight[:, None]).sum() / frames.sum().clamp(min=1)

    speed, true_speed = (x.diff(dim=2) * FPS for x in (found, true))
    own, true_own = (10.0 * (x - x[..., :1, :]) for x in (found, true))
    gaps, true_gaps = ((x[:, :1, :, :, None] - x[:, 1:, :, None] + 1e-12).norm(dim=-1) for x in (found, true))
    contacts, regions = e["contacts"], torch.from_numpy(REGIONS).to(x0)
    a, b = ((contacts[name] @ regions).clamp(0, 1) for name in ("mask_a", "mask_b"))
    labels = contacts["weight"][..., None, None] * a[:, :, None, :, None] * b[:, :, None, None]
    near = (-true_gaps).exp() + config.contact * labels.amax(1)[:, None]
    planted = (contact[:, :, 1:] * contact[:, :, :-1]).clamp(0, 1)
    feet = speed[:, :, :, FOOT_JOINTS].square().sum(-1)
    total = total + config.joints * average((own - true_own).square().sum(-1))
    total = total + config.velocity * average((speed - true_speed).square().sum(-1))
    total = total + config.acceleration * average((speed - true_speed).diff(dim=2).square().sum(-1))
    both = present.prod(1, keepdim=True)
    total = total + config.distance_map * average(near * (10.0 * (gaps - true_gaps)).square(), present=both)
    total = total + config.skating * average(planted * feet)

    camera = conditions["camera"][..., None, :3] * torch.from_numpy(HALF_TURN).to(x0)[:, None, None]
    sight, error = normalize(true - camera, dim=-1), 10.0 * (found - true)
    across = error - (error * sight).sum(-1, keepdim=True) * sight
    total = total + config.ray * average(conditions["visibility"] * across.square().sum(-1), everywhere)
    if unsure is None:
        return total
    squared = torch.cat([error[..., :1, :], (own - true_own)[..., 1:, :]], -2).square().sum(-1).detach()
    expected = unsure.clamp(-SUREST, SUREST)
    return total + config.uncertainty * average(expected + squared * torch.exp(-expected), everywhere)


def make_optimiser(net: torch.nn.Module, config: OptimiserConfig, steps: int) -> tuple[Any, Any]:
    """AdamW and its learning rates, as `sm_jax.train.state.make_optimiser`. UserError for Muon."""
    if config.kind != "adamw":
        raise UserError(f"optimiser.kind {config.kind} has no counterpart in PyTorch here: compare with adamw")
    kernels = [m.weight for m in net.modules() if isinstance(m, torch.nn.Linear)]
    others = [p for p in net.parameters() if all(p is not kernel for kernel in kernels)]
    groups = [{"params": kernels, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.99))
    warm_up = min(config.warm_up, steps - 1)

    def factor(step: int) -> float:
        if step < warm_up:
            return step / warm_up
        done = min((step - warm_up) / (steps - warm_up), 1.0)
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))

    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, factor)


class TorchTrainer:
    """A network in training, from weights of the Flax one if given, on one example batch. Of the context it needs
    statistics and schedule."""

    def __init__(self, config: InfillerTraining, context: TrainContext, example: Example, params: Params | None = None):
        self.config, self.batch = config, tensors(example)
        self.net = TorchInfiller(config.net, *widths(self.batch["conditions"]))
        if params is not None:
            load_flax(self.net, params)
        self.average = [p.detach().clone() for p in self.net.parameters()]
        self.optimiser, self.schedule = make_optimiser(self.net, config.optimiser, config.steps)
        numbers = (context.statistics.mean, context.statistics.std, context.alpha_bar)
        self.mean, self.std, self.alpha_bar = (torch.tensor(np.asarray(x)) for x in numbers)
        self.steps = 0

    def draw(self) -> tuple[Any, Any]:
        """Random times [B] and noise [B, P, T, D]."""
        x0 = self.batch["x0"]
        return torch.randint(0, len(self.alpha_bar), x0.shape[:1]), torch.randn_like(x0)

    def loss(self, t: Any, noise: Any, batch: dict[str, Any]) -> Any:
        """Of a batch that is noised to times t."""
        level = self.alpha_bar[t]
        x_t = level.sqrt()[:, None, None, None] * batch["x0"] + (1 - level).sqrt()[:, None, None, None] * noise
        x0, unsure = self.net.predict(x_t, t, batch["conditions"])
        constant = self.config.loss_weight == "constant"
        weight = torch.ones_like(level) if constant else (level / (1 - level)).clamp(max=5) / 5
        low_noise = (level > self.config.loss.low_noise).float()
        return losses(x0, batch, self.mean, self.std, self.config.loss, weight, low_noise, unsure)

    def step(self, t: Any, noise: Any) -> float:
        """One training step with given times and noise: the loss before it."""
        size = len(t)
        most = min(self.config.compute.microbatch or size, size)
        self.optimiser.zero_grad()
        total = 0.0
        for start in range(0, size, most):
            part = slice(start, start + most)
            batch = jax.tree.map(lambda x: x[part], self.batch)  # noqa: B023
            loss = self.loss(t[part], noise[part], batch) * most / size
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.config.optimiser.clip)
        self.optimiser.step()
        self.schedule.step()
        decay = min(self.config.optimiser.ema, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        with torch.no_grad():
            torch._foreach_lerp_(self.average, list(self.net.parameters()), 1 - decay)
        return total


def make_torch_trainer(config: InfillerTraining, context: TrainContext, example: Example) -> Callable[[], float]:
    """A function that takes one training step on an example."""
    trainer = TorchTrainer(config, context, example)
    return lambda: trainer.step(*trainer.draw())
