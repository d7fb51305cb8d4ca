"""The validation suite: where do methods make estimates worse, and what part of their output does it?

    python -m experiments.studies.validation_suite --sets salsa salsa synthetic data/synthetic.npz --label shipped

Writes experiments/results/validation_suite.json, one entry a label: every group of the suite
(`evaluation.benchmarks.validation`) with means beside the raw estimate's, the share of clips made better, the worst;
the same by distance and by posture; and, of the networks, with one part of their output at a time put back to the
estimate's.
"""

import json
import pathlib
import time
from collections.abc import Mapping, Sequence
from typing import Annotated

import jax
import numpy as np
import tyro
from tqdm import tqdm

from experiments.lib.program import run
from experiments.lib.results import RESULTS
from sm_jax.body.io import load_body
from sm_jax.evaluation.baselines.method import MethodInput
from sm_jax.evaluation.baselines.registry import load_methods
from sm_jax.evaluation.benchmarks import validation
from sm_jax.evaluation.benchmarks.validation import Judge, Sight, make_suite, with_part_of
from sm_jax.evaluation.protocols import Row
from sm_jax.motion.slerp_fill import fill_hidden
from sm_jax.nets.weights import INFILLER, REFINER
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.provenance import code_version
from sm_jax.text.contacts import contact_targets
from sm_jax.text.describers import rules
from sm_jax.text.describers.describer import describer_input
from sm_jax.text.encoder import TextEncoder
from sm_jax.types import Motion

RESULT = RESULTS / "validation_suite.json"
RAW, BY_PART = "raw estimate", "networks"
METHODS = (RAW, "networks", "networks + guidance", "optimisation")


def main(
    sets: Annotated[dict[str, str], tyro.conf.arg(help="GROUP SET, as many as wanted")],
    label: str,
    infiller: pathlib.Path = INFILLER,
    refiner: pathlib.Path = REFINER,
    count: int = 8,
    seed: int = 0,
    methods: tuple[str, ...] = METHODS,
) -> None:
    """label: of the entry.  count: windows of a group."""
    keep_compiled_programs()
    run, weights = load_methods(methods, infiller, refiner)
    suite, encoder = make_suite(sets, count, seed), TextEncoder.load()
    rows: dict[str, list[Row]] = {name: [] for name in methods}
    parts: dict[str, list[Row]] = {RAW: [], BY_PART: []} | {f"{p} as estimated": [] for p in validation.PARTS}
    judges, seconds = [], dict.fromkeys(methods, 0.0)
    for number, sight in enumerate(tqdm(suite, unit="clip")):
        clip, judge = _clip(sight, encoder, jax.random.fold_in(jax.random.key(seed), number)), Judge(sight)
        judges.append(judge)
        for name in methods:
            began = time.perf_counter()
            motion = jax.device_get(run[name](clip))
            seconds[name] += time.perf_counter() - began
            rows[name].append(judge(motion))
            if name == BY_PART and motion.pelvis.shape[1] > max(validation.SHORT):
                filled = _filled(sight)
                parts[RAW].append(rows[RAW][-1])
                parts[BY_PART].append(rows[name][-1])
                for part in validation.PARTS:
                    parts[f"{part} as estimated"].append(judge(with_part_of(motion, filled, part)))
    whole = [j for j in judges if j.joints.shape[1] > max(validation.SHORT)]
    entry = {
        "commit": code_version(),
        "device": jax.devices()[0].device_kind,
        "weights": weights,
        "sets": sorted(sets),
        "clips": len(suite),
        "seed": seed,
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "all": validation.summarise(rows, RAW),
        "groups": _binned(rows, judges, [j.sight.group for j in judges]),
        "distance": _binned(rows, judges, [j.distance if j in whole else "" for j in judges]),
        "posture": _binned(rows, judges, [j.posture if j in whole else "" for j in judges]),
        "parts": validation.summarise(parts, RAW),
        "rows": [{"clip": j.sight.name} | {n: _rounded(rows[n][i]) for n in methods} for i, j in enumerate(judges)],
    }
    found = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    RESULT.write_text(json.dumps(found | {label: entry}, indent=1) + "\n")
    _show(entry)


def _clip(sight: Sight, encoder: TextEncoder, key: jax.Array) -> MethodInput:
    body, seen = load_body(sight.truth.body), sight.observation
    said = rules.describe(describer_input(seen, body))
    targets = contact_targets(said.contacts, seen.visibility.shape[1])
    return MethodInput(observation=seen, body=body, text=encoder.encode_one(said.text), contacts=targets, key=key)


def _filled(sight: Sight) -> Motion:
    seen = sight.observation
    return jax.device_get(fill_hidden(seen.motion, seen.visibility, np.ones(seen.visibility.shape[1], np.float32)))


def _binned(rows: Mapping[str, Sequence[Row]], judges: Sequence[Judge], bins: Sequence[str]) -> dict[str, dict]:
    """The summary of each bin; clips in the bin "" are left out."""
    found = {}
    for name in sorted(set(bins) - {""}):
        chosen = [i for i, bin_ in enumerate(bins) if bin_ == name]
        part = {method: [own[i] for i in chosen] for method, own in rows.items()}
        found[name] = {"clips": len(chosen)} | validation.summarise(part, RAW)
    return found


def _rounded(row: Row) -> Row:
    return {name: round(value, 2) for name, value in row.items()}


def _show(entry: dict) -> None:
    """A line a bin and method."""
    columns = ("pair_pa_mpjpe_mm", "visible_mpjpe_mm", "hidden_mpjpe_mm", "interaction_mm", "jitter_over_truth",
               "better_share", "harm_share", "harm_worst_mm", "pixels_worse_share")  # fmt: skip
    print(f"{'':44}" + " ".join(f"{c.removesuffix('_mm')[:11]:>11}" for c in columns))
    parts = {"all": {"": entry["all"]}} | {k: entry[k] for k in ("groups", "distance", "posture")}
    for kind, bins in (parts | {"parts": {"": entry["parts"]}}).items():
        for bin_, methods in bins.items():
            for name, row in methods.items():
                if isinstance(row, dict):
                    cells = [row.get(c) for c in columns]
                    print(f"{kind} {bin_[:20]}: {name}".ljust(44)
                          + " ".join(f"{c:11.2f}" if c is not None else " " * 11 for c in cells))  # fmt: skip


if __name__ == "__main__":
    run(main, __doc__)
