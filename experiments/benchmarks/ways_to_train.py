"""Ways to take a training step, in processes of their own."""

import importlib.util
import pathlib

from experiments.benchmarks.turns import Seconds, in_turns
from experiments.benchmarks.workers import Once, Work, Worker
from sm_jax.train.config import InfillerTraining

OURS, EIGHT, EAGER = "jax, 1 device", "jax, 8 devices", "torch, eager"


def measure(
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

    from experiments.benchmarks.training import trainer, world
    from sm_jax.train import cache, parallel

    _, examples = cache.load(stored, "bench")
    here, found = world(config.seed), {}
    for batch in batches:
        part = jax.pmap(lambda x: x)(parallel.split(jax.tree.map(lambda x: x[:batch], examples)))  # noqa: B023
        once, _ = trainer(config, here, part)
        found[way, batch] = lambda once=once: jax.block_until_ready(once())
    return found


def torch_steps(way: str, config: InfillerTraining, stored: pathlib.Path, batches: tuple[int, ...]) -> dict[Work, Once]:
    """An eager step of the same network, loss and optimiser in PyTorch."""
    from experiments.benchmarks.torch_training import trainer

    return {(way, batch): trainer(config, stored, batch) for batch in batches}
