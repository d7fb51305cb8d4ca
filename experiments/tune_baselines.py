"""Tune every method on the validation split, ours no more than the others.

    python experiments/tune_baselines.py --synthetic data/synthetic.npz --smoothnets out/runs/smoothnet/weights.npz
    python experiments/tune_baselines.py ... --methods SmoothNet        (these alone; the rest of the file stays)

Clips of 96 frames of the validation dance and the validation classes (`rendering.clips.validation_clips`), each seen
by several independent simulations. The criterion was chosen before anything was tuned: the geometric mean of four
numbers, each as a share of the raw estimate's: root-aligned MPJPE over all joints, pair PA-MPJPE, acceleration error,
and by how many times the jitter is larger *or smaller* than the truth's, so that smoothing more than is right does not
pay. Grids are in tuning/grids.py. Writes experiments/results/tuning.json: every row, and each method's winner, which is
copied by hand to where the method's defaults stand. Half an hour on one core.
"""

import json
import pathlib
import sys
import time
from typing import Any

import jax
import tyro

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.tuning.criterion import Means, measure, score
from experiments.tuning.grids import Grid, grids
from experiments.tuning.observed import observed
from sm_jax.baselines.estimate import raw, slerp
from sm_jax.errors import UserError
from sm_jax.fetch import cache_folder
from sm_jax.train.checkpoint import git_commit

RESULTS = pathlib.Path(__file__).parent / "results" / "tuning.json"


def main(
    synthetic: pathlib.Path,
    smoothnets: tuple[pathlib.Path, ...] = (),
    methods: tuple[str, ...] = (),
    clips: int = 4,
    seeds: int = 3,
) -> None:
    """synthetic: a prepared synthetic set.  smoothnets: weights files to choose from, called by their folders."""
    jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
    seen, everything = observed(synthetic, clips, seeds), grids(smoothnets)
    start = measure(raw, seen)
    result: dict[str, Any] = json.loads(RESULTS.read_text()) if methods and RESULTS.exists() else {"methods": {}}
    result |= {"clips": sorted({name for name, *_ in seen}), "seeds": seeds, "raw": start}
    result["methods"]["slerp"] = {"rows": [_row({}, measure(slerp, seen), start)]}
    for name in methods or everything:
        began = time.perf_counter()
        rows = search(everything[name], seen, start)
        winner = min(rows, key=lambda row: row["score"])
        facts = {"commit": git_commit(), "device": jax.devices()[0].device_kind}
        facts["seconds"] = round(time.perf_counter() - began)
        result["methods"][name] = {"winner": winner["settings"], "score": winner["score"], **facts, "rows": rows}
        RESULTS.write_text(json.dumps(result, indent=1) + "\n")


def search(grid: Grid, seen: list, start: Means) -> list[dict[str, Any]]:
    """A row for every setting tried."""
    best, rows = grid.start, []
    for stage in grid.stages:
        for values in grid.around(best, stage):
            if all(row["settings"] != values for row in rows):
                rows.append(_row(values, measure(grid.make(values), seen), start))
                print(json.dumps(rows[-1]), flush=True)
        best = min(rows, key=lambda row: row["score"])["settings"]
    return rows


def _row(values: dict[str, Any], means: Means, start: Means) -> dict[str, Any]:
    return {"settings": values, "score": round(score(means, start), 4)} | {k: round(v, 3) for k, v in means.items()}


if __name__ == "__main__":
    try:
        tyro.cli(main)
    except UserError as error:
        sys.exit(str(error))
