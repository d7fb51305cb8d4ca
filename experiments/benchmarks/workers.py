"""Processes that train at once and are timed in turns, so that what else the machine does meets them all alike."""

import multiprocessing
import os
import pathlib
from collections.abc import Callable
from typing import Any

from sm_jax.train.config import InfillerTraining

Once = Callable[[], Any]
"""Takes one step and returns when it is done."""


def jax_steps(config: InfillerTraining, stored: pathlib.Path, batches: tuple[int, ...]) -> dict[int, Once]:
    """Of each batch size: a step on all devices of the process, through the training's own code."""
    import jax

    from experiments.benchmarks.training import trainer, world
    from sm_jax.train import cache, parallel

    _, examples = cache.load(stored, "bench")
    here, found = world(config.seed), {}
    for batch in batches:
        part = jax.pmap(lambda x: x)(parallel.split(jax.tree.map(lambda x: x[:batch], examples)))  # noqa: B023
        once, _ = trainer(config, here, part)
        found[batch] = lambda once=once: jax.block_until_ready(once())
    return found


def torch_steps(config: InfillerTraining, stored: pathlib.Path, batches: tuple[int, ...]) -> dict[int, Once]:
    """Of each batch size: an eager step of the same network, loss and optimiser in PyTorch."""
    from experiments.benchmarks.torch_training import trainer

    return {batch: trainer(config, stored, batch) for batch in batches}


class Worker:
    """A process with so many CPU devices that holds what `steps` makes."""

    def __init__(self, steps: Callable, devices: int, *arguments: Any):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        before = os.environ.get("XLA_FLAGS", "")
        os.environ["XLA_FLAGS"] = f"{before} --xla_force_host_platform_device_count={devices}"
        self._process = context.Process(target=_serve, args=(theirs, steps, arguments), daemon=True)
        self._process.start()
        os.environ["XLA_FLAGS"] = before
        theirs.close()

    def ask(self, batch: int) -> float:
        """Seconds that one step on a batch took."""
        self._pipe.send(batch)
        return self._pipe.recv()

    def peak(self) -> float:
        """Largest memory of the process, in GiB."""
        return self.ask(0)


def _serve(pipe: Any, steps: Callable, arguments: tuple) -> None:
    import resource
    import time

    made = steps(*arguments)
    while True:
        try:
            batch = pipe.recv()
        except EOFError:
            return
        begin = time.perf_counter()
        if batch:
            made[batch]()
        kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        pipe.send(time.perf_counter() - begin if batch else kib / 2**20)
