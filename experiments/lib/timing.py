"""Timing in turns, so that what else the machine does meets everything that is compared alike."""

import multiprocessing
import os
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from sm_jax.assets.cache import cache_folder

# Processes that hold what they are to be timed at.


Once = Callable[[], Any]
"""Does a work once and returns when it is done."""

Work = tuple[str, int]
"""A way to do something, and the size of the batch."""


class Worker:
    """A process with so many CPU devices that offers the works that `make(*arguments)` returns."""

    def __init__(self, make: Callable[..., Mapping[Work, Once]], devices: int, *arguments: Any):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        before = os.environ.get("XLA_FLAGS", "")
        os.environ["XLA_FLAGS"] = f"{before} --xla_force_host_platform_device_count={devices}"
        self._process = context.Process(target=_serve, args=(theirs, make, arguments), daemon=True)
        self._process.start()
        os.environ["XLA_FLAGS"] = before
        theirs.close()
        self.offers: list[Work] = self._pipe.recv()

    def ask(self, work: Work | None) -> float:
        """Seconds that a work took."""
        self._pipe.send(work)
        return self._pipe.recv()

    def finish(self) -> float:
        """End the process. Its largest memory in GiB."""
        peak = self.ask(None)
        self._pipe.close()
        self._process.join()
        return peak


def _serve(pipe: Any, make: Callable[..., Mapping[Work, Once]], arguments: tuple) -> None:
    import resource
    import time

    import jax

    jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
    made = make(*arguments)
    pipe.send(list(made))
    while True:
        try:
            work = pipe.recv()
        except EOFError:
            return
        begin = time.perf_counter()
        if work is not None:
            made[work]()
        kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        pipe.send(kib / 2**20 if work is None else time.perf_counter() - begin)


Seconds = dict[str, dict[int, np.ndarray]]
"""Of each way to do something and each size of the batch: seconds [rounds]."""


def take_turns(functions: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, np.ndarray]:
    """Seconds [rounds] of functions that return when they are done, each called once in each round."""
    seconds = {name: np.zeros(rounds) for name in functions}
    for turn in range(-1, rounds):  # the first compiles, and its time is overwritten by the last one's
        for name, function in functions.items():
            begin = time.perf_counter()
            function()
            seconds[name][turn] = time.perf_counter() - begin
    return seconds


def in_turns(workers: Sequence[Worker], rounds: int) -> Seconds:
    """All that the processes offer once in each round, all ways of one size one after the other."""
    asked = sorted(((n, way, worker) for worker in workers for way, n in worker.offers), key=lambda x: x[0])
    seconds: Seconds = {way: {} for _, way, _ in asked}
    for n, way, _ in asked:
        seconds[way][n] = np.zeros(rounds)
    for turn in range(-1, rounds):
        for n, way, worker in asked:
            seconds[way][n][turn] = worker.ask((way, n))
    return seconds


def ratios(seconds: Seconds, above: str, below: str) -> dict[int, float]:
    """Median over the rounds of one way's time over another's in the same round, by the sizes that both have."""
    both = [n for n in seconds[above] if n in seconds[below]]
    return {n: round(float(np.median(seconds[above][n] / seconds[below][n])), 3) for n in both}


def rates(seconds: Seconds, each: float = 1.0) -> dict[str, dict[int, float]]:
    """Batch size times `each` in the median second."""
    return {way: {n: round(each * n / float(np.median(x)), 2) for n, x in by.items()} for way, by in seconds.items()}


# Of the packages that are compared.


PACKAGES = ("jax", "torch")


def versions() -> dict[str, str | None]:
    """Version of each, None where it is not installed."""
    return {name: _version(name) for name in PACKAGES}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
