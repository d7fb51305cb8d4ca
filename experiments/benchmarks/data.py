"""Is making examples the bottleneck of training? Examples a second made on this device, and trained on.

    python experiments/benchmarks/examples.py        (3 minutes on 2 cores)

Examples are made, and the infillers trained, as in training, in turns in one process, on windows of the packaged takes
without text. Writes experiments/results/bench_examples.json.
"""

import json
import os
import pathlib
import sys
import time
from functools import partial

import jax
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from configs import base, small
from experiments.benchmarks.training import trainer, windows, world
from sm_jax.train import parallel
from sm_jax.train.checkpoint import git_commit
from sm_jax.train.examples import make_examples

OUT = pathlib.Path(__file__).parent / "results" / "bench_examples.json"
FRAMES, BATCH, ROUNDS, SEED = 64, 16, 12, 0


def main() -> None:
    """Measure in turns and write down."""
    here, batch = world(SEED), windows(FRAMES, BATCH, SEED)
    observe = parallel.parallelise_examples(partial(make_examples, frames=FRAMES))
    split, replicated = parallel.split(batch), parallel.replicate(here)
    start = time.perf_counter()
    example = jax.block_until_ready(observe(replicated, split))
    first = time.perf_counter() - start
    steps = {
        name: trainer(config, here, example) for name, config in (("base", base.INFILLER), ("small", small.INFILLER))
    }
    work = {"examples": lambda: observe(replicated, split)} | {name: step for name, (step, _) in steps.items()}
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(ROUNDS + 1):
        for name, run in work.items():
            start = time.perf_counter()
            jax.block_until_ready(run())
            if turn:  # the first compiles
                seconds[name].append(time.perf_counter() - start)
    rates = {name: BATCH / float(np.median(taken)) for name, taken in seconds.items()}
    result = {
        "what": f"windows of {FRAMES} frames in batches of {BATCH}, medians of {ROUNDS} turns, examples a second",
        "device": f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores",
        "commit": git_commit(),
        "seed": SEED,
        "examples_per_second": {name: round(rate, 1) for name, rate in rates.items()},
        "parameters": {name: count for name, (_, count) in steps.items()},
        "made_over_trained": {name: round(rates["examples"] / rates[name], 2) for name in steps},
        "seconds_to_compile_examples": round(first, 1),
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
