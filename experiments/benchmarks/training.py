"""How fast is training? Examples a second against batch size and device count, and beside eager PyTorch.

    python -m experiments.benchmarks.training        (10 minutes on 2 cores; with PyTorch where it is installed)

The infiller's step, with loss, clipping, AdamW and running average, on examples of the packaged takes: with one and
with eight devices that share this machine's cores, and the same network and loss in eager PyTorch, in turns in
processes of their own. Writes experiments/results/bench_training.json and docs/bench_training.png.
"""

import dataclasses
import importlib.util
import json
import pathlib
import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from configs import small
from experiments.lib.plots import plot_rates
from experiments.lib.program import run
from experiments.lib.results import DOCS, RESULTS, write_result
from experiments.lib.timing import Call, Seconds, Work, Worker, rates, ratios, time_workers_interleaved
from sm_jax.body.io import load_body
from sm_jax.data.augment import source_frames
from sm_jax.data.loader import WindowLoader
from sm_jax.data.store import open_set
from sm_jax.diffusion.schedule import cosine
from sm_jax.nets.infiller import Infiller
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.text.contacts import CAPACITY
from sm_jax.train import infilled_windows, parallel
from sm_jax.train.config import InfillerTraining, to_dict
from sm_jax.train.examples import Example, RawBatch, TrainContext, make_examples
from sm_jax.train.state import create, make_optimiser
from sm_jax.train.step import infiller_loss, make_step
from sm_jax.types import ContactTargets, TextEmbedding

OUT, PICTURE = RESULTS / "bench_training.json", DOCS / "bench_training.png"
CONFIG, FRAMES, BATCHES, ROUNDS = small.INFILLER, 64, (8, 16, 32, 64), 9

ONE_DEVICE, EIGHT_DEVICES, EAGER = "jax, 1 device", "jax, 8 devices", "torch, eager"
STORED_AS = "benchmark"  # in place of the hash of an infiller's weights


# A training on windows of the packaged takes, without texts, in parts that can be timed.


def make_context(seed: int) -> TrainContext:
    """What examples need, with the statistics of the packaged takes."""
    statistics, alpha_bar = open_set("salsa").statistics, jnp.asarray(cosine())
    return TrainContext(key=jax.random.key(seed), body=load_body(), statistics=statistics, alpha_bar=alpha_bar)


def make_raw_batch(frames: int, batch: int, seed: int) -> RawBatch:
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


def make_trainer(config: InfillerTraining, context: TrainContext, example: Example) -> tuple[Callable[[], Any], int]:
    """A function that takes one training step, and the number of the network's parameters."""
    first = jax.tree.map(lambda x: x[0], example)
    t = jnp.zeros(first.number.shape, jnp.int32)
    params = jax.jit(Infiller(config.net).init)(jax.random.key(config.seed), first.x0, t, first.conditions)["params"]
    optimiser = make_optimiser(config.optimiser, config.steps)
    step = parallel.parallelise(
        make_step(infiller_loss(config), optimiser, config.optimiser.ema, config.compute.microbatch)
    )
    state, replicated = parallel.replicate(create(params, optimiser)), parallel.replicate(context)

    def train_once() -> Any:
        nonlocal state
        state, metrics = step(state, replicated, example)
        return metrics

    return train_once, sum(leaf.size for leaf in jax.tree.leaves(params))


# A training step in processes of their own.


def measure_trainers(
    config: InfillerTraining, stored: pathlib.Path, batches: tuple[int, ...], rounds: int
) -> tuple[Seconds, dict[str, float]]:
    """Seconds of a step by variant and batch size, and each process' peak memory in GiB."""
    variants = {ONE_DEVICE: (jax_steps, 1), EIGHT_DEVICES: (jax_steps, 8)}
    if importlib.util.find_spec("torch"):
        variants[EAGER] = (torch_steps, 1)
    else:
        print("PyTorch is not installed: nothing to compare with (pip install torch)")
    workers = {name: Worker(steps, n, name, config, stored, batches) for name, (steps, n) in variants.items()}
    seconds = time_workers_interleaved(list(workers.values()), rounds)
    return seconds, {name: round(worker.finish(), 2) for name, worker in workers.items()}


def jax_steps(
    variant: str, config: InfillerTraining, stored: pathlib.Path, batches: tuple[int, ...]
) -> dict[Work, Call]:
    """A step on all devices of the process, through the training's own code."""
    _, examples = infilled_windows.load(stored, STORED_AS)
    context, works = make_context(config.seed), {}
    for batch in batches:
        part = jax.pmap(lambda x: x)(parallel.split(jax.tree.map(lambda x: x[:batch], examples)))  # noqa: B023
        train_once, _ = make_trainer(config, context, part)
        works[variant, batch] = lambda train_once=train_once: jax.block_until_ready(train_once())
    return works


def torch_steps(
    variant: str, config: InfillerTraining, stored: pathlib.Path, batches: tuple[int, ...]
) -> dict[Work, Call]:
    """An eager step of the same network, loss and optimiser in PyTorch."""
    from experiments.torch_reference.training import make_torch_trainer

    _, examples = infilled_windows.load(stored, STORED_AS)
    context = make_context(config.seed)
    parts = {batch: jax.tree.map(lambda x: x[:batch], examples) for batch in batches}  # noqa: B023
    return {(variant, batch): make_torch_trainer(config, context, part) for batch, part in parts.items()}


def main() -> None:
    """Measure in turns and write down."""
    keep_compiled_programs()
    context, raw = make_context(CONFIG.seed), make_raw_batch(FRAMES, BATCHES[-1], CONFIG.seed)
    observe = parallel.parallelise_examples(
        partial(make_examples, data=dataclasses.replace(CONFIG.data, frames=FRAMES), simulator=CONFIG.simulator)
    )
    examples = parallel.join(observe(parallel.replicate(context), parallel.split(raw)))
    with tempfile.TemporaryDirectory() as folder:
        stored = pathlib.Path(folder) / "examples.npz"
        infilled_windows.save(stored, (np.zeros(1, np.float32), examples), STORED_AS)
        seconds, memory = measure_trainers(CONFIG, stored, BATCHES, ROUNDS)
    overhead = ratios(seconds, ONE_DEVICE, EIGHT_DEVICES)
    over_torch = ratios(seconds, EAGER, ONE_DEVICE) if EAGER in seconds else None
    result = write_result(
        OUT,
        what=f"training steps of the small infiller, {FRAMES} frames, {CONFIG.compute.microbatch} windows at a time,"
        f" float32; medians of {ROUNDS} turns",
        config=to_dict(CONFIG),
        seed=CONFIG.seed,
        summary={
            "vs_torch_eager": over_torch and over_torch[CONFIG.data.batch],
            "partition_overhead_8": overhead[BATCHES[-1]],
            "device": jax.devices()[0].device_kind,
        },
        torch_over_ours=over_torch,
        one_device_over_eight=overhead,
        seconds_a_step={
            variant: {n: float(np.median(x)) for n, x in by_size.items()} for variant, by_size in seconds.items()
        },
        examples_per_second=rates(seconds),
        peak_memory_gib=memory,
    )
    plot_rates(result["examples_per_second"], ("windows in a batch", "examples a second"), result["what"], PICTURE)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    run(main, __doc__)
