"""Where the runs of a sweep are carried out: here one after the other, on this machine's devices, or by Slurm."""

import os
import pathlib
import queue
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from experiments.ablation.one import ROOT, execute
from sm_jax.errors import UserError
from sm_jax.train.sweep import Run

# A process sees one accelerator where these name it; on CPUs they mean nothing.
_VISIBLE = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "TPU_VISIBLE_CHIPS")


def on_devices(todo: Sequence[Run], folder: pathlib.Path, results: pathlib.Path, count: int) -> None:
    """At most `count` runs at a time, each with an accelerator of its own; 0: as many as there are devices here."""
    count = count or _devices()
    free: queue.Queue[int] = queue.Queue()
    for device in range(count):
        free.put(device)

    def one(run: Run) -> None:
        device = free.get()
        extra = {name: str(device) for name in _VISIBLE} if count > 1 else {}
        try:
            told(run, execute(run, folder, results, extra), results)
        finally:
            free.put(device)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(one, todo))


def on_slurm(
    todo: Sequence[Run],
    folder: pathlib.Path,
    results: pathlib.Path,
    given: dict[str, str | int],
    cluster: str = "slurm",
) -> None:
    """A job each, until all are done. given: for submitit's executor. Raises UserError without submitit or Slurm."""
    try:
        import submitit
    except ModuleNotFoundError as error:
        raise UserError("jobs for Slurm are made by submitit: pip install submitit") from error
    try:
        executor = submitit.AutoExecutor(folder=folder / "jobs", cluster=cluster)
    except RuntimeError as error:
        raise UserError(f"no jobs can be sent from here: {error}") from error
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    executor.update_parameters(name="sm_jax-ablate", **given)
    jobs = [(run, executor.submit(execute, run, folder, results, {})) for run in todo]
    for run, job in jobs:
        job.wait()
        told(run, job.exception() is None and job.result(), results)


def options(given: Sequence[str]) -> dict[str, str | int]:
    """`NAME=VALUE` each, whole numbers as such. Raises UserError for anything else."""
    for one in given:
        if "=" not in one:
            raise UserError(f"{one!r} is no option for Slurm: write NAME=VALUE, such as timeout_min=240")
    pairs = (one.split("=", 1) for one in given)
    return {name: int(value) if value.isdigit() else value for name, value in pairs}


def _devices() -> int:
    """How many accelerators there are, asked in a process of its own so that this one holds none."""
    program = "import jax; print(jax.local_device_count())"
    return int(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout)


def told(run: Run, went_well: bool, results: pathlib.Path) -> None:
    """Say how a run ended."""
    file = results / f"{run.name}.{'json' if went_well else 'failed'}"
    print(f"{'done  ' if went_well else 'FAILED'} {run.name}: {file}", flush=True)
