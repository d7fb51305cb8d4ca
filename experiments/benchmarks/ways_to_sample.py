"""Ways to sample a batch of clips with guidance, in processes of their own."""

import importlib.util
from functools import partial

import numpy as np

from experiments.benchmarks import clips
from experiments.benchmarks.turns import Seconds, in_turns
from experiments.benchmarks.workers import Once, Work, Worker
from sm_jax.pipeline import load_models
from sm_jax.sampling import Settings, sample_many

OURS, TWO, EAGER, COMPILED = "jax, 1 device", "jax, 2 devices", "torch, eager", "torch.compile"
THREADS = {EAGER: (1, 2), COMPILED: (2,)}  # compiling takes minutes, for each number


def measure(settings: Settings, batches: tuple[int, ...], rounds: int) -> tuple[Seconds, dict[str, float]]:
    """Seconds of a call by way and number of clips, and each process' peak memory in GiB."""
    workers = {
        OURS: Worker(jax_samples, 1, OURS, settings, batches),
        TWO: Worker(jax_samples, 2, TWO, settings, batches[1:]),
    }
    if importlib.util.find_spec("torch"):
        workers[EAGER] = Worker(torch_samples, 1, EAGER, settings, batches[::2])
        workers[COMPILED] = Worker(torch_samples, 1, COMPILED, settings, batches[:1])
    else:
        print("PyTorch is not installed: nothing to compare with (pip install torch)")
    seconds = in_turns(list(workers.values()), rounds)
    return seconds, {name: round(worker.finish(), 2) for name, worker in workers.items()}


def fastest(seconds: Seconds, kind: str) -> str | None:
    """The way of a kind with the best number of threads for the smallest batch; None where nothing was measured."""
    ways = [way for way in seconds if way.startswith(kind)]
    return min(ways, key=lambda way: float(np.median(next(iter(seconds[way].values())))), default=None)


def jax_samples(way: str, settings: Settings, batches: tuple[int, ...]) -> dict[Work, Once]:
    """All clips in one call, over all devices of the process."""
    tasks, body, _ = clips.tasks(max(batches))
    models, _ = load_models()
    return {(way, n): lambda n=n: sample_many(tasks[:n], models, body, settings, n) for n in batches}


def torch_samples(kind: str, settings: Settings, batches: tuple[int, ...]) -> dict[Work, Once]:
    """All clips in one call, with each of some numbers of threads."""
    import torch  # pyright: ignore[reportMissingImports]

    from experiments.benchmarks.torch_given import given
    from experiments.benchmarks.torch_sampling import Sampler

    tasks, body, _ = clips.tasks(max(batches))
    models, _ = load_models()
    how = {"compiler": torch.compile} if kind == COMPILED else {}

    def once(sampler: Sampler, threads: int) -> None:
        torch.set_num_threads(threads)
        sampler()

    found = {}
    for n in batches:
        known = given(tasks[:n], models, body)
        for threads in THREADS[kind]:
            sampler = Sampler(models, known, settings, **how)
            found[f"{kind}, {threads} thread{'s'[: threads - 1]}", n] = partial(once, sampler, threads)
    return found
