"""`sm-jax evaluate`: methods on benchmarks, or on any set of motion under simulated observation."""

import dataclasses
import json
import math
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import jax

from sm_jax.body.io import load_body
from sm_jax.data.schema import Split
from sm_jax.data.sources.datasets import DATASETS
from sm_jax.data.sources.hi4d import SPLIT_FILE
from sm_jax.errors import UserError
from sm_jax.evaluation.baselines.method import Method
from sm_jax.evaluation.baselines.registry import load_methods, settings
from sm_jax.evaluation.benchmarks.case import Case
from sm_jax.evaluation.benchmarks.datasets import DatasetQuestion, dataset_cases
from sm_jax.evaluation.benchmarks.sets import BENCHMARKS, from_bvh, held_out, simulated
from sm_jax.evaluation.peers import PEERS
from sm_jax.evaluation.protocols import PROTOCOLS
from sm_jax.evaluation.report import protocol_table, tables
from sm_jax.evaluation.result_cache import ResultCache, rows_path
from sm_jax.evaluation.run import run
from sm_jax.nets.weights import INFILLER, REFINER
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.provenance import code_version
from sm_jax.synthetic.recipes import BODY, pairs


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """What to evaluate. benchmarks: names of frozen ones.  data: a set instead, a packaged one's name or a path;
    `split` of it, test by default.  bvh: two people's files instead, with scale, up, fps and map as in `BvhPair`.
    dataset: one of the field's below `root` instead, by a `protocol`, whose split is the default, on a `body`, with
    licensed `bodies` and a `regressor` of joints.  seeds: simulated observations of every window of data and bvh.
    methods: all if none are named.  infiller and refiner: weights of our own.  seed: of the sampling."""

    benchmarks: tuple[str, ...] = ("rendered",)
    data: str | None = None
    split: Split | None = None
    bvh: tuple[pathlib.Path, pathlib.Path] | None = None
    scale: float | None = None
    up: str | None = None
    fps: float | None = None
    map: tuple[str, ...] = ()
    dataset: str | None = None
    root: pathlib.Path | None = None
    protocol: str | None = None
    body: str | pathlib.Path = BODY
    bodies: pathlib.Path | None = None
    regressor: pathlib.Path | None = None
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
    facts = _facts(weights)
    read_as = [question.scale, question.up, question.fps, question.map]
    depends = json.dumps([facts, read_as])
    found = {
        name: run(cases, methods, seed=question.seed, what=name, kept=kept, depends=depends)
        for name, cases in make_cases(question).items()
    }
    return _written(question, methods, facts, found, [tables(name, one) for name, one in found.items()], out, kept)


def evaluate_dataset(question: EvaluationConfig, out: pathlib.Path | None) -> dict[str, Any]:
    """Score methods on one of the field's data sets by a published protocol, beside what its peers report.

    Prints and writes as `evaluate` does; what the front-end saw is kept beside `out`. Raises UserError where the data
    set, its body models or its pictures are not there.
    """
    keep_compiled_programs()
    assert question.dataset is not None and question.root is not None and question.protocol is not None
    asked = DatasetQuestion(
        dataset=question.dataset,
        root=question.root,
        protocol=question.protocol,
        body=load_body(question.body),
        split=question.split,
        bodies=question.bodies,
        regressor=question.regressor,
        observations=out.with_suffix(".observations") if out is not None else None,
    )
    asked.use()
    methods, weights = load_methods(question.methods, question.infiller, question.refiner)
    kept = ResultCache(rows_path(out) if out is not None else None)
    facts = _facts(weights)
    cases, seen = dataset_cases(asked)
    about = _about(asked, seen)
    name = f"{question.dataset}, {about['protocol']}"
    depends = json.dumps([facts, plain(about), str(question.root.resolve()), str(question.body)])
    found = run(cases, methods, seed=question.seed, what=name, kept=kept, depends=depends) | {"about": about}
    return _written(question, methods, facts, {name: found}, [protocol_table(found)], out, kept)


def _about(asked: DatasetQuestion, seen: str) -> dict[str, Any]:
    """What is said beside the numbers of a data set."""
    rules, peers = PROTOCOLS[asked.protocol], PEERS.get((asked.protocol, asked.dataset), ())
    compares = asked.regressor is not None and seen == "pictures"
    caution = "Peers' numbers are second-hand." if peers else ""
    if peers and not compares:
        why = ["observations are simulated"] * (seen == "simulation")
        why += ["joints are derived from a body, not regressed from SMPL's mesh"] * (asked.regressor is None)
        caution += f" Ours do not compare with them: {', '.join(why)}."
    if asked.dataset == "hi4d" and not (asked.root / SPLIT_FILE).is_file():
        caution += f" The peers' split is not published; this is ours (a {SPLIT_FILE} in the folder is followed)."
    return {
        "dataset": DATASETS[asked.dataset].title,
        "protocol": asked.title(),
        "split": asked.split or asked.use().split,
        "seen": seen,
        "frames": asked.use().words,
        **{field: getattr(rules, field) for field in ("joints", "root", "alignment", "identity", "notes")},
        "body": asked.body.name,
        "peers": [peer._asdict() for peer in peers],
        "caution": caution.strip(),
    }


def _facts(weights: dict[str, Any]) -> dict[str, Any]:
    return {
        "weights": weights,
        "commit": code_version(),
        "jax": jax.__version__,
        "device": f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores",
    }


def _written(
    question: EvaluationConfig,
    methods: Mapping[str, Method],
    facts: dict[str, Any],
    found: dict[str, Any],
    shown: Sequence[str],
    out: pathlib.Path | None,
    kept: ResultCache,
) -> dict[str, Any]:
    """Print the tables, write the whole result to `out`, and return it."""
    result = {
        "question": dataclasses.asdict(question),
        "methods": {name: settings(method) for name, method in methods.items()},
        **facts,
        "benchmarks": found,
    }
    print("\n\n".join(shown))
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
        split = question.split or "test"
        return {f"{question.data}, {split}": simulated(held_out(question.data, split), question.seeds)}
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
