"""Tune every method on the validation split, ours no more than the others.

    python experiments/tune_baselines.py --synthetic data/synthetic.npz --smoothnets out/runs/smoothnet/weights.npz

Clips of 96 frames of the validation dance and the validation classes (`rendering.clips.validation_clips`), each seen
by several independent simulations. The criterion was chosen before anything was tuned: the geometric mean of four
numbers, each as a share of the raw estimate's: root-aligned MPJPE over all joints, pair PA-MPJPE, acceleration error,
and by how many times the jitter is larger *or smaller* than the truth's, so that smoothing more than is right does not
pay. Grids are in tuning/grids.py. Writes experiments/results/tuning.json: every row, and each method's winner, which is
copied by hand to where the method's defaults stand. Rows that the file has are not measured again: delete it to start
anew. An hour on one core, half of which compiles.
"""

import json
import pathlib
import sys
import time
from collections.abc import Iterator
from typing import Any

import jax
import tyro

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.tuning.criterion import Means, measure, score
from experiments.tuning.grid import Grid
from experiments.tuning.grids import grids
from experiments.tuning.observed import observed
from sm_jax.baselines.estimate import raw, slerp
from sm_jax.errors import UserError
from sm_jax.fetch import cache_folder
from sm_jax.train.checkpoint import git_commit

RESULTS = pathlib.Path(__file__).parent / "results" / "tuning.json"


def main(
    synthetic: pathlib.Path, smoothnets: tuple[pathlib.Path, ...] = (), methods: tuple[str, ...] = (),
    clips: int = 4, seeds: int = 3,
) -> None:  # fmt: skip
    """synthetic: a prepared synthetic set.  smoothnets: weights files to choose from, called by their folders."""
    jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
    seen, everything = observed(synthetic, clips, seeds), grids(smoothnets)
    names = sorted({name for name, *_ in seen})
    result: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if (result.get("clips"), result.get("seeds")) != (names, seeds):
        result = {"clips": names, "seeds": seeds, "device": jax.devices()[0].device_kind, "methods": {}}
        result |= {"raw": measure(raw, seen), "slerp": measure(slerp, seen)}
    for name in methods or everything:
        found = result["methods"].setdefault(name, {"winner": {}, "rows": []})
        for row in search(everything[name], seen, result["raw"], found["rows"]):
            print(json.dumps({"method": name} | row), flush=True)
            found["winner"] = _best(found["rows"])
            RESULTS.write_text(json.dumps(result, indent=1) + "\n")


def search(grid: Grid, seen: list, start: Means, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Adds a row for every setting tried that has none, and yields it."""
    best = grid.start
    for stage in grid.stages:
        for values in grid.around(best, stage):
            if all(row["settings"] != values for row in rows):
                began, means = time.perf_counter(), measure(grid.make(values), seen)
                found = {"score": score(means, start)} | means | {"seconds": time.perf_counter() - began}
                rounded = {key: round(value, 4) for key, value in found.items()}
                rows.append({"settings": values, "commit": git_commit()} | rounded)
                yield rows[-1]
        best = _best(rows)


def _best(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return min(rows, key=lambda row: row["score"])["settings"]


if __name__ == "__main__":
    try:
        tyro.cli(main)
    except UserError as error:
        sys.exit(str(error))
