"""Train the infiller on the packaged salsa takes, and write its weights.

    python experiments/1_train_infiller.py --out out/runs/infiller small             (an hour on 2 cores)
    python experiments/1_train_infiller.py --out out/runs/infiller --resume small    (continue after an interruption)

Any value of the configuration can be changed, e.g. `small --steps 20000 --data.batch 64`. The folder receives
checkpoints, log.jsonl and weights.npz; copy the last to sm_jax/nets/packaged/infiller.npz to make it the default.
"""

import pathlib
import sys

import jax
import jax.numpy as jnp

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from configs import base, large, recipes, small, tiny
from sm_jax.nets.infiller import Infiller
from sm_jax.nets.weights import Params
from sm_jax.train import setup
from sm_jax.train.command import command
from sm_jax.train.config import InfillerTraining
from sm_jax.train.examples import Example
from sm_jax.train.loop import train
from sm_jax.train.preview import infiller_preview
from sm_jax.train.state import create, make_optimiser
from sm_jax.train.step import infiller_loss, make_step
from sm_jax.train.validate import infiller_validation

SIZES = {
    "small": small.INFILLER,
    "base": base.INFILLER,
    "large": large.INFILLER,
    "tiny": tiny.INFILLER,
} | recipes.INFILLERS


def main(config: InfillerTraining, out: pathlib.Path, resume: bool) -> None:
    """Train, and write OUT/weights.npz."""
    start = setup.starting_weights(config, config.net)
    data = setup.load_train_data(config, start.statistics if start else None)
    context, held_out = data.world, data.held_out
    params = start.params if start else _fresh(config, held_out)
    optimiser = make_optimiser(config.optimiser, config.steps)
    validate = infiller_validation(config.net, held_out, context)
    preview = infiller_preview(config.net, held_out, context) if config.preview_every else None
    state = train(
        config,
        make_step(infiller_loss(config), optimiser, config.optimiser.ema, config.compute.microbatch),
        create(params, optimiser),
        context,
        data.windows.ahead,
        data.observe,
        out,
        validate=validate,
        preview=preview,
        resume=resume,
    )
    setup.finish(config, config.net, state, context, validate(state.ema), out, **data.text_encoder)


def _fresh(config: InfillerTraining, example: Example) -> Params:
    """Random weights."""
    t = jnp.zeros(example.number.shape, jnp.int32)
    net = Infiller(config.net)
    return jax.jit(net.init)(jax.random.key(config.seed), example.x0, t, example.conditions)["params"]


if __name__ == "__main__":
    command(main, SIZES)
