"""A training step of the infiller in eager PyTorch: autograd, gradient clipping, AdamW, running average."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch.nn.functional import normalize  # pyright: ignore[reportMissingImports]

from experiments.benchmarks.training import world
from experiments.torch_reference.networks import Infiller, load_flax, widths
from sm_jax.body.skeleton import FOOT_JOINTS, PARENTS, SIDED_REGIONS
from sm_jax.motion import state
from sm_jax.motion.pair_frame import HALF_TURN
from sm_jax.nets.layers import FEATURE_JOINTS
from sm_jax.nets.weights import Params
from sm_jax.text.regions import SUPPORT
from sm_jax.train import infilled_windows
from sm_jax.train.config import InfillerTraining, LossConfig
from sm_jax.train.examples import Example

# The loss of the infiller in PyTorch, written the usual way: kinematics joint by joint, every term by autograd.


GROUPS = {"orient": state.ORIENT, "pose": state.POSE, "pelvis": state.PELVIS, "foot_contact": state.FOOT_CONTACT}
REGIONS = np.zeros((len(SIDED_REGIONS), 24), np.float32)
REGIONS[np.arange(len(SIDED_REGIONS))[:, None], SUPPORT] = 1.0
FPS = 30.0


def joints(x: Any, rest: Any, mean: Any, std: Any) -> tuple[Any, Any]:
    """Normalised states [B, P, T, D] on rest joints [B, P, J, 3] -> joints [B, P, T, J, 3], foot contact."""
    x = x * std + mean
    sixd = torch.cat([x[..., state.ORIENT], x[..., state.POSE]], -1).unflatten(-1, (24, 6))
    a = normalize(sixd[..., :3], dim=-1)
    b = normalize(sixd[..., 3:] - (a * sixd[..., 3:]).sum(-1, keepdim=True) * a, dim=-1)
    local = torch.stack([a, b, torch.linalg.cross(a, b)], -1)
    R, placed = [local[..., 0, :, :]], [x[..., state.PELVIS]]
    for joint in range(1, 24):
        parent = PARENTS[joint]
        bone = (rest[..., joint, :] - rest[..., parent, :])[..., None, :, None]
        placed.append(placed[parent] + (R[parent] @ bone)[..., 0])
        R.append(R[parent] @ local[..., joint, :, :])
    turn = torch.from_numpy(HALF_TURN).to(x)[None, :, None, None]
    return torch.stack(placed, -2) * turn, x[..., state.FOOT_CONTACT]


def losses(x0: Any, e: dict[str, Any], mean: Any, std: Any, config: LossConfig, low_noise: Any) -> Any:
    """As `sm_jax.train.losses.losses` with a constant weight on the state. e: an example's fields by name."""
    mask, there, c = e["conditions"]["frame_mask"], e["present"], e["conditions"]
    visible = c["visibility"][..., FEATURE_JOINTS]
    counts = (1 + config.hidden * (1 - visible)) * mask[:, None, :, None] * there[:, :, None, None]
    error, frames = counts * (x0 - e["x0"]).square(), mask.sum() * 2
    total = 0.0
    for name, part in GROUPS.items():
        total = total + getattr(config, name) * error[..., part].sum() / frames / (part.stop - part.start)
    (found, _), (true, contact) = (joints(x, e["rest_joints"], mean, std) for x in (x0, e["x0"]))

    def average(values: Any, there: Any = there) -> Any:
        values = (values.flatten(3).mean(-1) * there[..., None]).mean(1)
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
    both = there.prod(1, keepdim=True)
    total = total + config.distance_map * average(near * (10.0 * (gaps - true_gaps)).square(), both)
    return total + config.skating * average(planted * feet)


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
    _, examples = infilled_windows.load(stored, "bench")
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
