"""Answer the questions of a table of ablations, a training a row and seed, and write tables of what came out.

    python experiments/5_ablate.py --table infiller --out out/ablations/infiller            (one after the other)
    python experiments/5_ablate.py --table infiller --out out/ablations/infiller --where devices
    python experiments/5_ablate.py --table infiller --out out/ablations/infiller --where slurm \
        --slurm slurm_partition=gpu gpus_per_node=1 timeout_min=240

Runs that are done are skipped, runs that failed or were killed go on from their checkpoint. OUT/results receives one
file of JSON for each run, OUT/tables.md, tables.tex and tables.png what they say together. The tables and their
questions are in configs/ablations.py.
"""

import pathlib
import sys
from dataclasses import dataclass
from typing import Literal

import tyro

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from configs.ablations import TABLES
from experiments.lib import launching
from experiments.lib.ablation_tables import write
from experiments.lib.launching import failure, is_job_done
from sm_jax.errors import UserError
from sm_jax.train.config import closest
from sm_jax.train.sweep import runs


@dataclass(frozen=True)
class Ablate:
    """table: name in configs/ablations.py.  rows: some of it, else all.  devices: runs at a time, 0 for as many as
    there are.  retries: how often a failed run is tried again.  slurm: NAME=VALUE for submitit's executor."""

    table: str
    out: pathlib.Path
    rows: tuple[str, ...] = ()
    where: Literal["local", "devices", "slurm"] = "local"
    devices: int = 0
    retries: int = 1
    slurm: tuple[str, ...] = ()


def main(asked: Ablate) -> None:
    """Run what is not done yet. Raises UserError where something failed for good, when all else is done."""
    if asked.table not in TABLES:
        raise UserError(f"no table {asked.table} in configs/ablations.py{closest(asked.table, TABLES)}")
    wanted = list(runs(TABLES[asked.table], asked.rows))
    results = asked.out.absolute() / "results"
    todo = wanted
    for _ in range(asked.retries + 1):
        todo = [run for run in todo if not is_job_done(run, results)]
        print(f"{len(wanted) - len(todo)} of {len(wanted)} runs are done")
        for run in todo:
            if reason := failure(run, results):
                print(f"failed before, tried again: {run.name} ({reason})")
        if not todo:
            break
        if asked.where == "slurm":
            launching.on_slurm(todo, asked.out.absolute(), results, launching.options(asked.slurm))
        else:
            launching.on_devices(todo, asked.out.absolute(), results, asked.devices if asked.where == "devices" else 1)
    write(results, asked.out)
    failed = [f"{run.name} ({failure(run, results)})" for run in todo if not is_job_done(run, results)]
    if failed:
        raise UserError(f"{len(failed)} of {len(wanted)} runs failed: {'; '.join(failed)}")


if __name__ == "__main__":
    try:
        main(tyro.cli(Ablate, description=__doc__))
    except UserError as error:
        sys.exit(str(error))
