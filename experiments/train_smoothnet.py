"""Train the SmoothNet baseline on the simulated windows that the refiner learns from, and write its weights.

    python experiments/train_smoothnet.py --out out/runs/smoothnet small --data.sets salsa data/synthetic.npz \
        --data.shares 2 1 --data.variants 0 0                          (10 minutes on one core; --resume continues)

The folder receives the windows, checkpoints, log.jsonl and weights.npz; copy the last to sm_jax/weights/smoothnet.npz.
The weights there are the average at step 750 of 1000: that run was cut short. Tuning chose them over 3000 steps
with `--acceleration 3`, which smooth too much.
"""

import dataclasses
import itertools
import json
import pathlib
import sys

import jax
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.smoothnet.objective import SmoothNetTraining, smoothnet_loss, smoothnet_validation
from sm_jax.nets.smoothnet import SmoothNet, SmoothNetConfig
from sm_jax.train import setup
from sm_jax.train.command import command
from sm_jax.train.config import OptimiserConfig
from sm_jax.train.loop import train
from sm_jax.train.optimiser import make
from sm_jax.train.state import create
from sm_jax.train.step import make_step
from sm_jax.train.weights import save_weights

OPTIMISER = OptimiserConfig(learning_rate=1e-3, warm_up=50, weight_decay=0.0, ema=0.995)
SMALL = SmoothNetTraining(seed=1, steps=1000, optimiser=OPTIMISER, log_every=50, validate_every=500)
SIZES = {"small": SMALL, "wide": dataclasses.replace(SMALL, net=SmoothNetConfig(window=64))}


def main(config: SmoothNetTraining, out: pathlib.Path, resume: bool) -> None:
    """Observe, train, and write OUT/weights.npz."""
    study, length, stored = setup.study(config), config.net.window, out / "windows.npz"
    world = study.world
    if not stored.exists():
        seen = setup.observed(study.observe, world, study.windows, config.cached_windows)
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
    optimiser = make(config.optimiser, config.steps)
    validate = smoothnet_validation(config, study.held_out, world)
    state = train(
        config,
        make_step(smoothnet_loss(config), optimiser, config.optimiser.ema, config.compute.microbatch),
        create(params, optimiser),
        world,
        lambda first: map(draw, itertools.count(first)),
        lambda _, batch: batch,
        out,
        validate=validate,
        resume=resume,
    )
    facts = setup.facts(config, state, world, validate(state.ema))
    save_weights(out / "weights.npz", state.ema, config.net, world.statistics, facts)
    print(json.dumps(facts["validation"], indent=1))


if __name__ == "__main__":
    command(main, SIZES)
