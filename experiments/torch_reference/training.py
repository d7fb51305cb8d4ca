"""A training step of the infiller in eager PyTorch: kinematics joint by joint, every loss term by autograd, gradient
clipping, AdamW, running average."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from experiments.torch_reference.body import kinematics, unpack
from experiments.torch_reference.networks import TorchInfiller, load_flax, widths
from sm_jax.body.skeleton import FOOT_JOINTS, SIDED_REGIONS
from sm_jax.motion import state
from sm_jax.motion.pair_frame import HALF_TURN
from sm_jax.nets.layers import FEATURE_JOINTS
from sm_jax.text.regions import SUPPORT
from sm_jax.train.config import InfillerTraining, LossConfig
from sm_jax.train.examples import Example, TrainContext
from sm_jax.train.state import Params

GROUPS = {"orient": state.ORIENT, "pose": state.POSE, "pelvis": state.PELVIS, "foot_contact": state.FOOT_CONTACT}
REGIONS = np.zeros((len(SIDED_REGIONS), 24), np.float32)
REGIONS[np.arange(len(SIDED_REGIONS))[:, None], SUPPORT] = 1.0
FPS = 30.0


def joints(x: Any, rest: Any, mean: Any, std: Any) -> tuple[Any, Any]:
    """Normalised states [B, P, T, D] on rest joints [B, P, J, 3] -> joints [B, P, T, J, 3], foot contact."""
    local, pelvis, contact = unpack(x * std + mean)
    _, placed = kinematics(local, rest, pelvis)
    turn = torch.from_numpy(HALF_TURN).to(x)[None, :, None, None]
    return placed * turn, contact


def losses(x0: Any, e: dict[str, Any], mean: Any, std: Any, config: LossConfig, low_noise: Any) -> Any:
    """As `sm_jax.train.losses.losses` with a constant weight on the state. e: an example's fields by name."""
    mask, present = e["conditions"]["frame_mask"], e["present"]
    visible = e["conditions"]["visibility"][..., FEATURE_JOINTS]
    counts = (1 + config.hidden * (1 - visible)) * mask[:, None, :, None] * present[:, :, None, None]
    error, frames = counts * (x0 - e["x0"]).square(), mask.sum() * 2
    total = 0.0
    for name, part in GROUPS.items():
        total = total + getattr(config, name) * error[..., part].sum() / frames / (part.stop - part.start)
    (found, _), (true, contact) = (joints(x, e["rest_joints"], mean, std) for x in (x0, e["x0"]))

    def average(values: Any, present: Any = present) -> Any:
        values = (values.flatten(3).mean(-1) * present[..., None]).mean(1)
        frames = mask[:, mask.shape[1] - values.shape[1] :]
        return (values * frames * low_noise[:, None]).sum() / frames.sum()

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
    total = total + config.distance_map * average(near * (10.0 * (gaps - true_gaps)).square(), both)
    return total + config.skating * average(planted * feet)


def tensors(example: Example) -> dict[str, Any]:
    """An example's fields by name, as tensors."""
    return jax.tree.map(lambda x: torch.tensor(np.asarray(x)), dataclasses.asdict(example))


def network(config: InfillerTraining, example: dict[str, Any], params: Params | None = None) -> TorchInfiller:
    """The network, with weights of the Flax one if given."""
    net = TorchInfiller(config.net, *widths(example["conditions"]))
    if params is not None:
        load_flax(net, params)
    return net


def make_torch_trainer(config: InfillerTraining, context: TrainContext, example: Example) -> Callable[[], None]:
    """A function that takes one training step on an example. Of the context it needs statistics and schedule."""
    batch = tensors(example)
    mean, std, alpha_bar = (
        torch.tensor(np.asarray(x)) for x in (context.statistics.mean, context.statistics.std, context.alpha_bar)
    )
    net = network(config, batch)
    average = [p.detach().clone() for p in net.parameters()]
    settings = config.optimiser
    optimiser = torch.optim.AdamW(
        net.parameters(), lr=settings.learning_rate, betas=(0.9, 0.99), weight_decay=settings.weight_decay
    )

    def train_once() -> None:
        t = torch.randint(0, len(alpha_bar), batch["x0"].shape[:1])
        level = alpha_bar[t]
        signal, noise = (x.sqrt()[:, None, None, None] for x in (level, 1 - level))
        x_t = signal * batch["x0"] + noise * torch.randn_like(batch["x0"])
        x0 = net(x_t, t, batch["conditions"])
        low_noise = (level > config.loss.low_noise).float()
        optimiser.zero_grad()
        losses(x0, batch, mean, std, config.loss, low_noise).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), settings.clip)
        optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(  # pyright: ignore[reportPrivateImportUsage]
                average, list(net.parameters()), 1 - settings.ema
            )

    return train_once
