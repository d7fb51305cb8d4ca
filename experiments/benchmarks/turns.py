"""Timing in turns, so that what else the machine does meets everything that is compared alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from experiments.benchmarks.workers import Worker

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
