"""Where the runs of a sweep are carried out: a training program in a process each, here or by Slurm."""

import json
import os
import pathlib
import queue
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from experiments.lib.results import ROOT, write_json
from sm_jax.errors import UserError
from sm_jax.nets.weights import load_weights, parameters
from sm_jax.train.config import to_dict
from sm_jax.train.sweep import Run

PROGRAMS = {"infiller": "1_train_infiller.py", "refiner": "2_train_refiner.py"}
# A process sees one accelerator where these name it; on CPUs they mean nothing.
VISIBLE_DEVICES = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "TPU_VISIBLE_CHIPS")


def is_job_done(run: Run, results: pathlib.Path) -> bool:
    """Whether there is a result of this very configuration."""
    path = results / f"{run.name}.json"
    return path.exists() and json.loads(path.read_text())["config"] == to_dict(run.config)


def failure(run: Run, results: pathlib.Path) -> str | None:
    """Why the run failed last time, in a line, if it did."""
    path = results / f"{run.name}.failed"
    return path.read_text().strip().splitlines()[-1] if path.exists() else None


def run_on_devices(todo: Sequence[Run], folder: pathlib.Path, results: pathlib.Path, count: int) -> None:
    """At most `count` runs at a time, each with an accelerator of its own; 0: as many as there are devices here."""
    count = count or _count_devices()
    free: queue.Queue[int] = queue.Queue()
    for device in range(count):
        free.put(device)

    def run_on_a_free_one(run: Run) -> None:
        device = free.get()
        environment = {name: str(device) for name in VISIBLE_DEVICES} if count > 1 else {}
        try:
            _report_end(run, run_job(run, folder, results, environment), results)
        finally:
            free.put(device)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(run_on_a_free_one, todo))


def run_on_slurm(
    todo: Sequence[Run],
    folder: pathlib.Path,
    results: pathlib.Path,
    options: dict[str, str | int],
    cluster: str = "slurm",
) -> None:
    """A job each, until all are done. options: of submitit's executor. Raises UserError without submitit or Slurm."""
    try:
        import submitit
    except ModuleNotFoundError as error:
        raise UserError("jobs for Slurm are made by submitit: pip install submitit") from error
    try:
        executor = submitit.AutoExecutor(folder=folder / "jobs", cluster=cluster)
    except RuntimeError as error:
        raise UserError(f"no jobs can be sent from here: {error}") from error
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    executor.update_parameters(name="sm_jax-ablate", **options)
    jobs = [(run, executor.submit(run_job, run, folder, results, {})) for run in todo]
    for run, job in jobs:
        job.wait()
        _report_end(run, job.exception() is None and job.result(), results)


def slurm_options(pairs: Sequence[str]) -> dict[str, str | int]:
    """`NAME=VALUE` each, whole numbers as such. Raises UserError for anything else."""
    for pair in pairs:
        if "=" not in pair:
            raise UserError(f"{pair!r} is no option for Slurm: write NAME=VALUE, such as timeout_min=240")
    split = (pair.split("=", 1) for pair in pairs)
    return {name: int(value) if value.isdigit() else value for name, value in split}


def run_job(run: Run, folder: pathlib.Path, results: pathlib.Path, environment: dict[str, str]) -> bool:
    """Train and write RESULTS/NAME.json, or NAME.failed with what the program said. Whether it went well.

    An interrupted or failed run goes on from its checkpoint. environment: more variables, such as the device to use.
    """
    out, failed = folder / run.name, results / f"{run.name}.failed"
    results.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    resume = ["--resume"] if (out / "run.json").exists() else []
    command = [sys.executable, str(ROOT / "experiments" / PROGRAMS[run.net]), *resume, *run.arguments(out)]
    begin = time.time()
    with (out / "output.txt").open("a") as output:
        done = subprocess.run(command, env=os.environ | environment, stdout=output, stderr=output, check=False)
    if done.returncode:
        last = [line for line in (out / "output.txt").read_text(errors="replace").splitlines() if line.strip()]
        failed.write_text(f"exit code {done.returncode}: {last[-1] if last else 'it said nothing'}\n")
        return False
    write_json(results / f"{run.name}.json", _job_result(run, out, time.time() - begin))
    failed.unlink(missing_ok=True)
    return True


def _job_result(run: Run, out: pathlib.Path, seconds: float) -> dict[str, Any]:
    """All that there is to know of a run without its folder."""
    weights = load_weights(out / "weights.npz")
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    facts = weights.facts
    return {
        "row": run.row,
        "question": run.question,
        "seed": run.seed,
        "net": run.net,
        "size": run.size,
        "overrides": {key: list(v) if isinstance(v, tuple) else v for key, v in run.overrides.items()},
        "config": to_dict(run.config),
        "steps": facts["steps"],
        "parameters": parameters(weights.params),
        "validation": facts["validation"],
        "loss": [[line["step"], line["loss"]] for line in lines if "loss" in line],
        "seconds": round(seconds, 1),
        "device": facts["device"],
        "commit": facts["commit"],
        "versions": facts["versions"],
        "weights": weights.sha256,
    }


def _count_devices() -> int:
    """How many accelerators there are, asked in a process of its own so that this one holds none."""
    program = "import jax; print(jax.local_device_count())"
    return int(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout)


def _report_end(run: Run, went_well: bool, results: pathlib.Path) -> None:
    file = results / f"{run.name}.{'json' if went_well else 'failed'}"
    print(f"{'done  ' if went_well else 'FAILED'} {run.name}: {file}", flush=True)
