"""Train the SmoothNet baseline on the simulated windows that the refiner learns from, and write its weights.

    python -m experiments.studies.smoothnet --out out/runs/smoothnet small --data.sets salsa data/synthetic.npz \
        --data.shares 2 1 --data.variants 0 0                          (10 minutes on one core; --resume continues)

The folder receives the windows, checkpoints, log.jsonl and weights.npz; copy the last to
sm_jax/nets/packaged/smoothnet.npz. The weights there are the average at step 750 of 1000: that run was cut short.
Tuning chose them over 3000 steps with `--acceleration 3`, which smooth too much.
"""

import dataclasses
import itertools
import json
import pathlib

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.evaluation.baselines.smoothnet import slide
from sm_jax.nets.smoothnet import SmoothNet, SmoothNetConfig
from sm_jax.nets.weights import save_weights
from sm_jax.train import setup
from sm_jax.train.command import command
from sm_jax.train.config import OptimiserConfig, TrainConfig
from sm_jax.train.loop import train
from sm_jax.train.losses import joints
from sm_jax.train.state import create, make_optimiser
from sm_jax.train.step import Loss, make_step
from sm_jax.train.validate import errors


@dataclasses.dataclass(frozen=True)
class SmoothNetTraining(TrainConfig):
    """cached_windows: of data.frames each.  acceleration: weight of its error beside that of the position."""

    net: SmoothNetConfig = dataclasses.field(default_factory=SmoothNetConfig)
    cached_windows: int = 3072
    acceleration: float = 1.0


OPTIMISER = OptimiserConfig(learning_rate=1e-3, warm_up=50, weight_decay=0.0, ema=0.995)
SMALL = SmoothNetTraining(seed=1, steps=1000, optimiser=OPTIMISER, log_every=50, validate_every=500)
SIZES = {"small": SMALL, "wide": dataclasses.replace(SMALL, net=SmoothNetConfig(window=64))}


def smoothnet_loss(config: SmoothNetTraining) -> Loss:
    """L1 of positions and of accelerations (Zeng et al. 2022), both of the joints in decimetres and of the state.
    batch: (estimate, truth) normalised states [B, P, T, D], rest joints [B, P, J, 3]."""
    net = SmoothNet(config.net)

    def loss(params, context, batch, _):
        estimate, truth, rest = batch
        found = jnp.asarray(net.apply({"params": params}, estimate))
        placed, true = (10.0 * joints(x, rest, context.statistics)[0] for x in (found, truth))
        report = {}
        for name, error in (("state", found - truth), ("joints", placed - true)):
            report[name] = jnp.abs(error).mean()
            report[f"{name}_acceleration"] = jnp.abs(jnp.diff(error, n=2, axis=2)).mean()
        weight = {name: config.acceleration if "acceleration" in name else 1.0 for name in report}
        return sum((weight[name] * value for name, value in report.items()), start=jnp.zeros(())), report

    return loss


def smoothnet_validation(config: SmoothNetTraining, held_out, context):
    """A function of the weights: errors of smoothed motions, and of the gap-filled estimate they start from."""
    net = SmoothNet(config.net)

    @jax.jit
    def check(params, held_out, context):
        estimate = held_out.conditions.estimate
        smooth = slide(lambda x: jnp.asarray(net.apply({"params": params}, x)), estimate, config.net.window)
        before = {f"estimate/{name}": value for name, value in errors(estimate, held_out, context).items()}
        return errors(smooth, held_out, context) | before

    return lambda params: {
        f"val/{name}": round(float(value), 3) for name, value in check(params, held_out, context).items()
    }


def main(config: SmoothNetTraining, out: pathlib.Path, resume: bool) -> None:
    """Observe, train, and write OUT/weights.npz."""
    data, length, stored = setup.load_train_data(config), config.net.window, out / "windows.npz"
    context = data.world
    if not stored.exists():
        seen = setup.observe_batches(data.observe, context, data.windows, config.cached_windows)
        out.mkdir(parents=True, exist_ok=True)
        np.savez(stored, estimate=seen.conditions.estimate, truth=seen.x0, rest=seen.rest_joints)
    with np.load(stored) as file:
        estimate, truth, rest = (file[name] for name in ("estimate", "truth", "rest"))

    def draw(number: int):
        chance = np.random.default_rng((config.seed, number))
        rows = chance.integers(len(estimate), size=config.data.batch)
        start = chance.integers(config.data.frames - length + 1)
        return (*(x[rows, :, start : start + length] for x in (estimate, truth)), rest[rows])

    net = SmoothNet(config.net)
    params = net.init(jax.random.key(config.seed), estimate[:1, :, :length])["params"]
    optimiser = make_optimiser(config.optimiser, config.steps)
    validate = smoothnet_validation(config, data.held_out, context)
    state = train(
        config,
        make_step(smoothnet_loss(config), optimiser, config.optimiser.ema, config.compute.microbatch),
        create(params, optimiser),
        context,
        lambda first: map(draw, itertools.count(first)),
        lambda _, batch: batch,
        out,
        validate=validate,
        resume=resume,
    )
    facts = setup.facts(config, state, context, validate(state.ema))
    save_weights(out / "weights.npz", state.ema, config.net, context.statistics, facts)
    print(json.dumps(facts["validation"], indent=1))


if __name__ == "__main__":
    command(main, SIZES)
