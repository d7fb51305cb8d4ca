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
from typing import Literal

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from configs.ablations import TABLES
from experiments.lib.ablation_tables import write_tables
from experiments.lib.launching import failure, is_job_done, run_on_devices, run_on_slurm, slurm_options
from experiments.lib.program import run
from sm_jax.errors import UserError
from sm_jax.train.config import closest
from sm_jax.train.sweep import runs


def main(
    table: str,
    out: pathlib.Path,
    rows: tuple[str, ...] = (),
    where: Literal["local", "devices", "slurm"] = "local",
    devices: int = 0,
    retries: int = 1,
    slurm: tuple[str, ...] = (),
) -> None:
    """Run what is not done yet. Raises UserError where something failed for good, when all else is done.

    Args:
        table: name in configs/ablations.py.
        out: folder of the sweep.
        rows: some of the table's, else all.
        where: one after the other, on this machine's devices, or as jobs of Slurm.
        devices: runs at a time, 0 for as many as there are devices.
        retries: how often a failed run is tried again.
        slurm: NAME=VALUE for submitit's executor.
    """
    if table not in TABLES:
        raise UserError(f"no table {table} in configs/ablations.py{closest(table, TABLES)}")
    wanted = list(runs(TABLES[table], rows))
    out = out.absolute()
    results = out / "results"
    todo = wanted
    for _ in range(retries + 1):
        todo = [job for job in todo if not is_job_done(job, results)]
        print(f"{len(wanted) - len(todo)} of {len(wanted)} runs are done")
        for job in todo:
            if reason := failure(job, results):
                print(f"failed before, tried again: {job.name} ({reason})")
        if not todo:
            break
        if where == "slurm":
            run_on_slurm(todo, out, results, slurm_options(slurm))
        else:
            run_on_devices(todo, out, results, devices if where == "devices" else 1)
    write_tables(results, out)
    failed = [f"{job.name} ({failure(job, results)})" for job in todo if not is_job_done(job, results)]
    if failed:
        raise UserError(f"{len(failed)} of {len(wanted)} runs failed: {'; '.join(failed)}")


if __name__ == "__main__":
    run(main, __doc__)
