"""Train the refiner on what the trained infiller makes of simulated windows, and write its weights.

    python experiments/2_train_refiner.py --out out/runs/refiner small             (20 minutes on 2 cores)
    python experiments/2_train_refiner.py --out out/runs/refiner --resume small    (continue after an interruption)

The infiller is sm_jax/nets/packaged/infiller.npz, or `small --infiller FILE`. The folder receives the infilled windows,
checkpoints, log.jsonl and weights.npz; copy the last to sm_jax/nets/packaged/refiner.npz to make it the default.
"""

import pathlib
import sys

import jax

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from configs import base, large, recipes, small, tiny
from sm_jax.nets.refiner import Refiner
from sm_jax.nets.weights import Params, load_weights
from sm_jax.train import infilled_windows, setup
from sm_jax.train.command import command
from sm_jax.train.config import RefinerTraining
from sm_jax.train.examples import Example
from sm_jax.train.loop import train
from sm_jax.train.preview import refiner_preview
from sm_jax.train.state import create, make_optimiser
from sm_jax.train.step import make_step, refiner_loss
from sm_jax.train.validate import refiner_validation
from sm_jax.types import Array

SIZES = {
    "small": small.REFINER,
    "base": base.REFINER,
    "large": large.REFINER,
    "tiny": tiny.REFINER,
    **recipes.REFINERS,
}


def main(config: RefinerTraining, out: pathlib.Path, resume: bool) -> None:
    """Infill, train, and write OUT/weights.npz."""
    infiller = load_weights(pathlib.Path(config.infiller))
    data = setup.load_train_data(config, infiller.statistics)
    context, held_out = data.world, data.held_out
    own, of_all = jax.process_index(), jax.process_count()
    stored = out / ("infilled.npz" if of_all == 1 else f"infilled_{own}_of_{of_all}.npz")
    if not stored.exists():
        examples = setup.observe_batches(data.observe, context, data.windows, config.cached_windows // of_all)
        infilled_windows.save(
            stored, infilled_windows.infill_examples(infiller, examples, context, config), infiller.sha256
        )
    infilled = infilled_windows.load(stored, infiller.sha256)
    x0, held_out = infilled_windows.infill_examples(infiller, held_out, context, config)
    start = setup.starting_weights(config, config.net, infiller.statistics)
    params = start.params if start else _fresh(config, x0, held_out)
    optimiser = make_optimiser(config.optimiser, config.steps)
    validate = refiner_validation(config.net, x0, held_out, context)
    preview = refiner_preview(config.net, x0, held_out, context) if config.preview_every else None
    state = train(
        config,
        make_step(refiner_loss(config), optimiser, config.optimiser.ema, config.compute.microbatch),
        create(params, optimiser),
        context,
        infilled_windows.batches(infilled, config.data.batch // of_all, config.seed),
        lambda _, batch: batch,
        out,
        validate=validate,
        preview=preview,
        resume=resume,
    )
    setup.finish(
        config, config.net, state, context, validate(state.ema), out, infiller=infiller.sha256, **data.text_encoder
    )


def _fresh(config: RefinerTraining, infilled: Array, example: Example) -> Params:
    """Random weights."""
    return jax.jit(Refiner(config.net).init)(jax.random.key(config.seed), infilled, example.conditions)["params"]


if __name__ == "__main__":
    command(main, SIZES)
