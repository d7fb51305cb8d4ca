"""Interleaved timing: whatever is compared runs in turn, so that what else the machine does meets all of it alike."""

import contextlib
import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Call = Callable[[], Any]
"""Does a work once and returns when it is done."""

Work = tuple[str, int]
"""A variant, which is a way to do something, and the size of the batch."""

Seconds = dict[str, dict[int, np.ndarray]]
"""Of each variant and each size of the batch: seconds [rounds]."""


class Worker:
    """A process with so many CPU devices that offers the works that `make(*arguments)` returns."""

    def __init__(self, make: Callable[..., Mapping[Work, Call]], devices: int, *arguments: Any):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        before = os.environ.get("XLA_FLAGS", "")
        os.environ["XLA_FLAGS"] = f"{before} --xla_force_host_platform_device_count={devices}"
        self._process = context.Process(target=_serve, args=(theirs, make, arguments), daemon=True)
        self._process.start()
        os.environ["XLA_FLAGS"] = before
        theirs.close()
        self.offers: list[Work] = self._pipe.recv()

    def run(self, work: Work) -> float:
        """Seconds that a work took."""
        self._pipe.send(work)
        return self._pipe.recv()

    def finish(self) -> float:
        """End the process. Its largest memory in GiB."""
        self._pipe.send(None)
        peak = self._pipe.recv()
        self._pipe.close()
        self._process.join()
        return peak


def _serve(pipe: Any, make: Callable[..., Mapping[Work, Call]], arguments: tuple) -> None:
    from sm_jax.pipeline.folder import keep_compiled_programs

    keep_compiled_programs()
    works = make(*arguments)
    pipe.send(list(works))
    with contextlib.suppress(EOFError):  # the process that asks is gone
        while (work := pipe.recv()) is not None:
            pipe.send(seconds_of(works[work]))
        pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)  # Linux counts in KiB


def seconds_of(call: Call) -> float:
    """Seconds that one call takes."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def time_interleaved(calls: Mapping[str, Call], rounds: int, *, warm: bool = False) -> dict[str, np.ndarray]:
    """Seconds [rounds] of each call, all of them once in each round; a first round that compiles is not counted.

    warm: call each once more, untimed, right before it is timed: it finds the caches, and its threads, as it left them.
    """

    def timer(call: Call) -> float:
        if warm:
            call()
        return seconds_of(call)

    return _time_rounds({name: lambda call=call: timer(call) for name, call in calls.items()}, rounds)


def time_workers_interleaved(workers: Sequence[Worker], rounds: int) -> Seconds:
    """All that the processes offer once in each round, all variants of one size one after the other."""
    works = sorted(((work, worker) for worker in workers for work in worker.offers), key=lambda pair: pair[0][1])
    timed = _time_rounds({work: lambda work=work, worker=worker: worker.run(work) for work, worker in works}, rounds)
    seconds: Seconds = {}
    for (variant, size), values in timed.items():
        seconds.setdefault(variant, {})[size] = values
    return seconds


def _time_rounds(timers: Mapping[Any, Callable[[], float]], rounds: int) -> dict[Any, np.ndarray]:
    seconds = {key: np.zeros(rounds) for key in timers}
    for turn in range(-1, rounds):  # the first compiles, and its time is overwritten by the last one's
        for key, timer in timers.items():
            seconds[key][turn] = timer()
    return seconds


def ratios(seconds: Seconds, above: str, below: str) -> dict[int, float]:
    """Median over the rounds of one variant's time over another's in the same round, by the sizes that both have."""
    both = [n for n in seconds[above] if n in seconds[below]]
    return {n: round(float(np.median(seconds[above][n] / seconds[below][n])), 3) for n in both}


def rates(seconds: Seconds, each: float = 1.0) -> dict[str, dict[int, float]]:
    """Batch size times `each` in the median second."""
    return {
        variant: {n: round(each * n / float(np.median(x)), 2) for n, x in by_size.items()}
        for variant, by_size in seconds.items()
    }
