"""Is making examples the bottleneck of training? Examples a second made on this device, and trained on.

    python -m experiments.benchmarks.data        (3 minutes on 2 cores)

Examples are made, and the infillers trained, as in training, in turns in one process, on windows of the packaged takes
without text. Writes experiments/results/bench_examples.json.
"""

import dataclasses
import json
from functools import partial

import jax
import numpy as np

from configs import base, small
from experiments.benchmarks.training import make_context, make_raw_batch, make_trainer
from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from experiments.lib.timing import seconds_of, time_interleaved
from sm_jax.train import parallel
from sm_jax.train.examples import make_examples

OUT = RESULTS / "bench_examples.json"
FRAMES, BATCH, ROUNDS, SEED = 64, 16, 12, 0
DATA = dataclasses.replace(small.DATA, frames=FRAMES, batch=BATCH)
CONFIGS = {"base": base.INFILLER, "small": small.INFILLER}


def main() -> None:
    """Measure in turns and write down."""
    context, raw = make_context(SEED), parallel.split(make_raw_batch(FRAMES, BATCH, SEED))
    observe = parallel.parallelise_examples(partial(make_examples, data=DATA, simulator=small.SIMULATOR))
    replicated = parallel.replicate(context)
    compiling = seconds_of(lambda: jax.block_until_ready(observe(replicated, raw)))
    example = observe(replicated, raw)
    trainers = {name: make_trainer(config, context, example) for name, config in CONFIGS.items()}
    calls = {"examples": lambda: observe(replicated, raw)} | {name: step for name, (step, _) in trainers.items()}
    seconds = time_interleaved(
        {name: lambda call=call: jax.block_until_ready(call()) for name, call in calls.items()}, ROUNDS
    )
    rates = {name: BATCH / float(np.median(taken)) for name, taken in seconds.items()}
    result = write_result(
        OUT,
        what=f"windows of {FRAMES} frames in batches of {BATCH}, medians of {ROUNDS} turns, examples a second",
        config={"frames": FRAMES, "batch": BATCH, "rounds": ROUNDS},
        seed=SEED,
        examples_per_second={name: round(rate, 1) for name, rate in rates.items()},
        parameters={name: count for name, (_, count) in trainers.items()},
        made_over_trained={name: round(rates["examples"] / rates[name], 2) for name in trainers},
        seconds_to_compile_examples=round(compiling, 1),
    )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    run(main, __doc__)
