"""How fast is training? Examples a second against batch size and device count, and beside eager PyTorch.

    python experiments/benchmarks/training.py        (10 minutes on 2 cores; with PyTorch where it is installed)

The infiller's step, with loss, clipping, AdamW and running average, on examples of the packaged takes: with one and
with eight devices that share this machine's cores, and the same network and loss in eager PyTorch, in turns in
processes of their own. Writes experiments/results/bench_training.json and docs/bench_training.png.
"""

import dataclasses
import importlib.util
import json
import os
import pathlib
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from configs import small
from experiments.lib.plots import curves
from experiments.lib.timing import Once, Seconds, Work, Worker, in_turns, rates, ratios, versions
from sm_jax.assets.cache import cache_folder
from sm_jax.body.io import load_body
from sm_jax.data.augment import source_frames
from sm_jax.data.loader import WindowLoader
from sm_jax.data.store import open_set
from sm_jax.diffusion.schedule import cosine
from sm_jax.nets.infiller import Infiller, InfillerConfig
from sm_jax.pipeline.provenance import code_version
from sm_jax.text.contacts import CAPACITY
from sm_jax.train import infilled_windows, parallel
from sm_jax.train.config import InfillerTraining, LossConfig
from sm_jax.train.examples import Example, RawBatch, TrainContext, make_examples
from sm_jax.train.state import create, make_optimiser
from sm_jax.train.step import infiller_loss, make_step
from sm_jax.types import ContactTargets, TextEmbedding

# A training on windows of the packaged takes, without texts, in parts that can be timed.


def world(seed: int) -> TrainContext:
    """What examples need, with the statistics of the packaged takes."""
    statistics, alpha_bar = open_set("salsa").statistics, jnp.asarray(cosine())
    return TrainContext(key=jax.random.key(seed), body=load_body(), statistics=statistics, alpha_bar=alpha_bar)


def windows(frames: int, batch: int, seed: int) -> RawBatch:
    """One batch, as long as the fastest play of `frames` frames needs."""
    records, length = open_set("salsa").records["train"], source_frames(frames)
    chosen = WindowLoader([(records, 1.0)], length, batch, seed).windows(0)
    cut = lambda name: np.stack([records[w.record][name][w.start : w.start + length] for w in chosen])  # noqa: E731
    masks = np.zeros((batch, CAPACITY, 22), np.float32)
    return RawBatch(
        rotations=np.moveaxis(cut("rotations"), 2, 1),
        pelvis=np.moveaxis(cut("pelvis"), 2, 1),
        betas=np.stack([records[w.record]["betas"].T for w in chosen]),
        present=np.ones((batch, 2), np.float32),
        contacts=ContactTargets(mask_a=masks, mask_b=masks, weight=np.zeros((batch, CAPACITY, length), np.float32)),
        mirrored=np.arange(batch) % 2 == 0,
        exchanged=np.arange(batch) % 4 < 2,
        placed=np.zeros(batch, bool),
        mixed=np.zeros(batch, bool),
        text=TextEmbedding(
            tokens=np.zeros((batch, 32, 384), np.float32),
            mask=np.zeros((batch, 32), np.float32),
            pooled=np.zeros((batch, 384), np.float32),
        ),
        number=np.arange(batch, dtype=np.int32),
    )


def trainer(config: InfillerTraining, world: TrainContext, example: Example) -> tuple[Callable[[], Any], int]:
    """A function that takes one training step, and the number of the network's parameters."""
    one = jax.tree.map(lambda x: x[0], example)
    t = jnp.zeros(one.number.shape, jnp.int32)
    params = jax.jit(Infiller(config.net).init)(jax.random.key(config.seed), one.x0, t, one.conditions)["params"]
    optimiser = make_optimiser(config.optimiser, config.steps)
    step = parallel.parallelise(
        make_step(infiller_loss(config), optimiser, config.optimiser.ema, config.compute.microbatch)
    )
    state, replicated = parallel.replicate(create(params, optimiser)), parallel.replicate(world)

    def once() -> Any:
        nonlocal state
        state, metrics = step(state, replicated, example)
        return metrics

    return once, sum(leaf.size for leaf in jax.tree.leaves(params))


# Ways to take a training step, in processes of their own.


OURS, EIGHT, EAGER = "jax, 1 device", "jax, 8 devices", "torch, eager"


def measure_trainers(
    config: InfillerTraining, stored: pathlib.Path, batches: tuple[int, ...], rounds: int
) -> tuple[Seconds, dict[str, float]]:
    """Seconds of a step by way and batch size, and each process' peak memory in GiB."""
    ways = {OURS: (jax_steps, 1), EIGHT: (jax_steps, 8)}
    if importlib.util.find_spec("torch"):
        ways[EAGER] = (torch_steps, 1)
    else:
        print("PyTorch is not installed: nothing to compare with (pip install torch)")
    workers = {way: Worker(steps, n, way, config, stored, batches) for way, (steps, n) in ways.items()}
    seconds = in_turns(list(workers.values()), rounds)
    return seconds, {name: round(worker.finish(), 2) for name, worker in workers.items()}


def jax_steps(way: str, config: InfillerTraining, stored: pathlib.Path, batches: tuple[int, ...]) -> dict[Work, Once]:
    """A step on all devices of the process, through the training's own code."""
    import jax

    from sm_jax.train import infilled_windows, parallel

    _, examples = infilled_windows.load(stored, "bench")
    here, found = world(config.seed), {}
    for batch in batches:
        part = jax.pmap(lambda x: x)(parallel.split(jax.tree.map(lambda x: x[:batch], examples)))  # noqa: B023
        once, _ = trainer(config, here, part)
        found[way, batch] = lambda once=once: jax.block_until_ready(once())
    return found


def torch_steps(way: str, config: InfillerTraining, stored: pathlib.Path, batches: tuple[int, ...]) -> dict[Work, Once]:
    """An eager step of the same network, loss and optimiser in PyTorch."""
    from experiments.torch_reference.training import trainer

    return {(way, batch): trainer(config, stored, batch) for batch in batches}


sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

ROOT = pathlib.Path(__file__).parent.parent
OUT, PICTURE = ROOT / "experiments" / "results" / "bench_training.json", ROOT / "docs" / "bench_training.png"
# The network that is written in PyTorch too: every frame a token, and nothing bounded.
CONFIG = dataclasses.replace(
    small.INFILLER, net=InfillerConfig(width=128, blocks=4, heads=4, expansion=3), loss=LossConfig()
)
FRAMES, BATCHES, ROUNDS = 64, (8, 16, 32, 64), 9


def main() -> None:
    """Measure in turns and write down."""
    jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
    here, raw = world(CONFIG.seed), windows(FRAMES, BATCHES[-1], CONFIG.seed)
    observe = parallel.parallelise_examples(partial(make_examples, data=CONFIG.data, simulator=CONFIG.simulator))
    examples = parallel.join(observe(parallel.replicate(here), parallel.split(raw)))
    with tempfile.TemporaryDirectory() as folder:
        stored = pathlib.Path(folder) / "examples.npz"
        infilled_windows.save(stored, (np.zeros(1, np.float32), examples), "bench")
        seconds, memory = measure_trainers(CONFIG, stored, BATCHES, ROUNDS)
    overhead = ratios(seconds, OURS, EIGHT)
    beside = ratios(seconds, EAGER, OURS) if EAGER in seconds else None
    result = {
        "what": f"training steps of the small infiller, {FRAMES} frames, {CONFIG.compute.microbatch} windows at a time,"
        f" float32; medians of {ROUNDS} turns",
        "device": f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores",
        "commit": code_version(),
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
