"""What the smoother is trained for, and how it is judged while it trains."""

import dataclasses

import jax
import jax.numpy as jnp

from sm_jax.baselines.smoothnet import slide
from sm_jax.nets.smoothnet import SmoothNet, SmoothNetConfig
from sm_jax.train.config import TrainConfig
from sm_jax.train.losses import joints
from sm_jax.train.step import Loss
from sm_jax.train.validate import errors


@dataclasses.dataclass(frozen=True)
class SmoothNetTraining(TrainConfig):
    """cached_windows: of data.frames each.  acceleration: weight of its error beside that of the position."""

    net: SmoothNetConfig = dataclasses.field(default_factory=SmoothNetConfig)
    cached_windows: int = 3072
    acceleration: float = 1.0


def smoothnet_loss(config: SmoothNetTraining) -> Loss:
    """L1 of positions and of accelerations (Zeng et al. 2022), both of the joints in decimetres and of the state.
    batch: (estimate, truth) normalised states [B, P, T, D], rest joints [B, P, J, 3]."""
    net = SmoothNet(config.net)

    def loss(params, world, batch, _):
        estimate, truth, rest = batch
        found = jnp.asarray(net.apply({"params": params}, estimate))
        placed, true = (10.0 * joints(x, rest, world.statistics)[0] for x in (found, truth))
        report = {}
        for name, error in (("state", found - truth), ("joints", placed - true)):
            report[name] = jnp.abs(error).mean()
            report[f"{name}_acceleration"] = jnp.abs(jnp.diff(error, n=2, axis=2)).mean()
        weight = {name: config.acceleration if "acceleration" in name else 1.0 for name in report}
        return sum((weight[name] * value for name, value in report.items()), start=jnp.zeros(())), report

    return loss


def smoothnet_validation(config: SmoothNetTraining, held_out, world):
    """A function of the weights: errors of smoothed motions, and of the gap-filled estimate they start from."""
    net = SmoothNet(config.net)

    @jax.jit
    def check(params, held_out, world):
        estimate = held_out.conditions.estimate
        smooth = slide(lambda x: jnp.asarray(net.apply({"params": params}, x)), estimate, config.net.window)
        before = {f"estimate/{name}": value for name, value in errors(estimate, held_out, world).items()}
        return errors(smooth, held_out, world) | before

    return lambda params: {
        f"val/{name}": round(float(value), 3) for name, value in check(params, held_out, world).items()
    }
