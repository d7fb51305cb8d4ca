"""`sm-jax evaluate`: methods on benchmarks, or on any set of motion under simulated observation."""

import dataclasses
import json
import math
import os
import pathlib
from typing import Any

import jax

from sm_jax.errors import UserError
from sm_jax.evaluation.baselines.registry import load_methods, settings
from sm_jax.evaluation.benchmarks.case import Case
from sm_jax.evaluation.benchmarks.sets import BENCHMARKS, from_bvh, held_out, simulated
from sm_jax.evaluation.report import tables
from sm_jax.evaluation.result_cache import ResultCache, rows_path
from sm_jax.evaluation.run import run
from sm_jax.nets.weights import INFILLER, REFINER
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.provenance import code_version
from sm_jax.synthetic.recipes import pairs


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """What to evaluate. benchmarks: names of frozen ones.  data: a set instead, a packaged one's name or a path;
    `split` of it.  bvh: two people's files instead, with scale, up, fps and map as in `BvhPair`.  seeds: simulated
    observations of every window of these.  methods: all if none are named.  infiller and refiner: weights of our own.
    seed: of the sampling."""

    benchmarks: tuple[str, ...] = ("rendered",)
    data: str | None = None
    split: str = "test"
    bvh: tuple[pathlib.Path, pathlib.Path] | None = None
    scale: float | None = None
    up: str | None = None
    fps: float | None = None
    map: tuple[str, ...] = ()
    seeds: int = 1
    methods: tuple[str, ...] = ()
    infiller: pathlib.Path = INFILLER
    refiner: pathlib.Path = REFINER
    seed: int = 0


def evaluate(question: EvaluationConfig, out: pathlib.Path | None) -> dict[str, Any]:
    """Score, print tables, write everything as JSON to `out`, and return it. Interrupted, it goes on where it was.

    Raises UserError where there is nothing to score, before anything is computed or written.
    """
    keep_compiled_programs()
    methods, weights = load_methods(question.methods, question.infiller, question.refiner)
    kept = ResultCache(rows_path(out) if out is not None else None)
    facts = {
        "weights": weights,
        "commit": code_version(),
        "jax": jax.__version__,
        "device": f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores",
    }
    read_as = [question.scale, question.up, question.fps, question.map]
    depends = json.dumps([facts, read_as])
    found = {
        name: run(cases, methods, seed=question.seed, what=name, kept=kept, depends=depends)
        for name, cases in make_cases(question).items()
    }
    result = {
        "question": dataclasses.asdict(question),
        "methods": {name: settings(method) for name, method in methods.items()},
        **facts,
        "benchmarks": found,
    }
    print("\n\n".join(tables(name, one) for name, one in found.items()))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = out.with_name(f".{out.name}.partial")
        partial.write_text(json.dumps(plain(result), indent=1) + "\n")
        partial.replace(out)
    kept.done()
    return result


def make_cases(question: EvaluationConfig) -> dict[str, list[Case]]:
    """The cases of what is to be evaluated, by the name of their benchmark."""
    if question.bvh is not None:
        first, second = question.bvh
        how = {"scale": question.scale, "up": question.up, "fps": question.fps, "mapping": pairs(question.map)}
        return {f"{first.name} and {second.name}": simulated(from_bvh(first, second, **how), question.seeds)}
    if question.data is not None:
        takes = held_out(question.data, question.split)
        return {f"{question.data}, {question.split}": simulated(takes, question.seeds)}
    if unknown := [name for name in question.benchmarks if name not in BENCHMARKS]:
        raise UserError(f"no benchmark {unknown[0]!r}: name some of {', '.join(BENCHMARKS)}")
    return {name: BENCHMARKS[name]() for name in question.benchmarks}


def plain(value: Any) -> Any:
    """As JSON has it: numbers to five figures, and null where nothing was defined."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, pathlib.Path):
        return value.name  # where it lies on this machine is nobody's business
    if isinstance(value, float):
        return float(f"{value:.5g}") if math.isfinite(value) else None
    return value
