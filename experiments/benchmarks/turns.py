"""Ways to train, timed in turns."""

import importlib.util
import pathlib

import numpy as np

from experiments.benchmarks import workers
from sm_jax.train.config import InfillerTraining


def measure(config: InfillerTraining, stored: pathlib.Path, batches: tuple[int, ...], rounds: int) -> dict[str, dict]:
    """Of each way to train: median seconds of a step by batch size, and the process' peak memory."""
    has_torch = importlib.util.find_spec("torch") is not None
    ways = {"jax, 1 device": (workers.jax_steps, 1), "jax, 8 devices": (workers.jax_steps, 8)}
    if has_torch:
        ways["torch, eager"] = (workers.torch_steps, 1)
    else:
        print("PyTorch is not installed: nothing to compare with (pip install torch)")
    running = {name: workers.Worker(steps, n, config, stored, batches) for name, (steps, n) in ways.items()}
    seconds = {name: {batch: [] for batch in batches} for name in ways}
    for turn in range(rounds + 1):
        for batch in batches:
            for name, worker in running.items():
                taken = worker.ask(batch)
                if turn:  # the first compiles
                    seconds[name][batch].append(taken)
    return {
        name: {
            "seconds_a_step": {batch: round(float(np.median(taken)), 4) for batch, taken in seconds[name].items()},
            "examples_per_second": {batch: round(batch / float(np.median(s)), 1) for batch, s in seconds[name].items()},
            "peak_memory_gib": round(worker.peak(), 2),
        }
        for name, worker in running.items()
    }
