"""How fast is training? Examples a second against batch size and device count, and beside eager PyTorch.

    python experiments/bench_training.py        (10 minutes on 2 cores; with PyTorch where it is installed)

The infiller's step, with loss, clipping, AdamW and running average, on examples of the packaged takes: with one and
with eight devices that share this machine's cores, and the same network and loss in eager PyTorch, in turns in
processes of their own. Writes experiments/results/bench_training.json and docs/bench_training.png.
"""

import json
import os
import pathlib
import sys
import tempfile
from functools import partial

import jax
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from configs import small
from experiments.benchmarks import training
from experiments.benchmarks.plots import curves
from experiments.benchmarks.turns import rates, ratios
from experiments.benchmarks.versions import versions
from experiments.benchmarks.ways_to_train import EAGER, EIGHT, OURS, measure
from sm_jax.fetch import cache_folder
from sm_jax.train import cache, parallel
from sm_jax.train.checkpoint import git_commit
from sm_jax.train.examples import make_examples

ROOT = pathlib.Path(__file__).parent.parent
OUT, PICTURE = ROOT / "experiments" / "results" / "bench_training.json", ROOT / "docs" / "bench_training.png"
CONFIG, FRAMES, BATCHES, ROUNDS = small.INFILLER, 64, (8, 16, 32, 64), 9


def main() -> None:
    """Measure in turns and write down."""
    jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
    here, raw = training.world(CONFIG.seed), training.windows(FRAMES, BATCHES[-1], CONFIG.seed)
    observe = parallel.parallelise_examples(partial(make_examples, frames=FRAMES))
    examples = parallel.join(observe(parallel.replicate(here), parallel.split(raw)))
    with tempfile.TemporaryDirectory() as folder:
        stored = pathlib.Path(folder) / "examples.npz"
        cache.save(stored, (np.zeros(1, np.float32), examples), "bench")
        seconds, memory = measure(CONFIG, stored, BATCHES, ROUNDS)
    overhead = ratios(seconds, OURS, EIGHT)
    beside = ratios(seconds, EAGER, OURS) if EAGER in seconds else None
    result = {
        "what": f"training steps of the small infiller, {FRAMES} frames, {CONFIG.compute.microbatch} windows at a time,"
        f" float32; medians of {ROUNDS} turns",
        "device": f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores",
        "commit": git_commit(),
        "versions": versions(),
        "seed": CONFIG.seed,
        "summary": {
            "vs_torch_eager": beside and beside[CONFIG.data.batch],
            "partition_overhead_8": overhead[BATCHES[-1]],
            "device": jax.devices()[0].device_kind,
        },
        "torch_over_ours": beside,
        "one_device_over_eight": overhead,
        "seconds_a_step": {name: {n: float(np.median(x)) for n, x in way.items()} for name, way in seconds.items()},
        "examples_per_second": rates(seconds),
        "peak_memory_gib": memory,
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    curves(result["examples_per_second"], ("windows in a batch", "examples a second"), result["what"], PICTURE)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
