"""Time of body layers side by side: every repetition calls each of them once, and ratios are taken within it."""

import pathlib
import time
from collections.abc import Callable, Sequence

import numpy as np
from tqdm import tqdm

from experiments.benchmarks import layers, machine
from experiments.benchmarks.machine import BETAS, VERTICES
from tests.body.models import random_arrays, write_npz

PASSES = ("forward", "forward_backward")


def measure(folder: pathlib.Path, batches: Sequence[int] = (64, 256, 1024), repeats: int = 11) -> dict:
    """Medians in ms, ratios to ours, and the bound of the mesh, by batch; `absent` names what is not installed.

    folder: where a random model of SMPL's sizes is written.
    """
    file = folder / "random.npz"
    write_npz(file, random_arrays(VERTICES, BETAS))
    contestants, absent = {"ours": layers.ours(file)}, []
    for name in ("smplx", "body_models"):
        try:
            contestants[name] = getattr(layers, name)(file)
        except ImportError as error:
            absent.append(f"{name}: {error}")
    report = {}
    for batch in batches:
        arguments = _arguments(batch)
        for what in ("mesh", "surface", "joints"):
            for step, pass_name in enumerate(PASSES):
                functions = {name: layer[what][step] for name, layer in contestants.items() if what in layer}
                if what == "mesh" and pass_name == "forward_backward":
                    functions |= {"bound": machine.bound(batch)}
                report[f"{what}_{pass_name}_{batch}"] = _race(functions, arguments, repeats, f"{what} {batch}")
    return {"layers": report, "absent": absent}


def _arguments(batch: int) -> tuple[np.ndarray, ...]:
    r = np.random.default_rng(batch)
    sizes = ((batch, 24, 3), 0.3), ((batch, BETAS), 1.0), ((batch, 3), 1.0)
    return tuple((scale * r.normal(size=size)).astype(np.float32) for size, scale in sizes)


def _race(functions: dict[str, Callable], arguments: tuple, repeats: int, label: str) -> dict:
    """Median ms of each, and the median over repetitions of its time over ours."""
    for function in functions.values():
        function(*arguments)
    seconds = {name: np.zeros(repeats) for name in functions}
    for i in tqdm(range(repeats), desc=label, leave=False):
        for name, function in functions.items():
            function(*arguments)  # untimed: it finds the caches, and the threads of the one before, as they were left
            start = time.perf_counter()
            function(*arguments)
            seconds[name][i] = time.perf_counter() - start
    row = {f"{name}_ms": 1e3 * float(np.median(x)) for name, x in seconds.items()}
    return row | {
        f"{name}_over_ours": float(np.median(x / seconds["ours"])) for name, x in seconds.items() if name != "ours"
    }
