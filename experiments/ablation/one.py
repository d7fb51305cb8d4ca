"""One run of a sweep: the training program in a process of its own, and its result as one file."""

import json
import os
import pathlib
import subprocess
import sys
import time
from typing import Any

from sm_jax.train.config import to_dict
from sm_jax.train.sweep import Run
from sm_jax.train.weights import load_weights, parameters

ROOT = pathlib.Path(__file__).parent.parent.parent
PROGRAMS = {"infiller": "1_train_infiller.py", "refiner": "2_train_refiner.py"}


def is_done(run: Run, results: pathlib.Path) -> bool:
    """Whether there is a result of this very configuration."""
    path = results / f"{run.name}.json"
    return path.exists() and json.loads(path.read_text())["config"] == to_dict(run.config)


def failure(run: Run, results: pathlib.Path) -> str | None:
    """Why the run failed last time, in a line, if it did."""
    path = results / f"{run.name}.failed"
    return path.read_text().strip().splitlines()[-1] if path.exists() else None


def execute(run: Run, folder: pathlib.Path, results: pathlib.Path, extra: dict[str, str]) -> bool:
    """Train and write RESULTS/NAME.json, or NAME.failed with what the program said. Whether it went well.

    An interrupted or failed run goes on from its checkpoint. extra: environment variables, such as the device to use.
    """
    out, failed = folder / run.name, results / f"{run.name}.failed"
    results.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    resume = ["--resume"] if (out / "run.json").exists() else []
    command = [sys.executable, str(ROOT / "experiments" / PROGRAMS[run.net]), *resume, *run.arguments(out)]
    begin = time.time()
    with (out / "output.txt").open("a") as output:
        done = subprocess.run(command, env=os.environ | extra, stdout=output, stderr=output, check=False)
    if done.returncode:
        last = [line for line in (out / "output.txt").read_text(errors="replace").splitlines() if line.strip()]
        failed.write_text(f"exit code {done.returncode}: {last[-1] if last else 'it said nothing'}\n")
        return False
    partial = results / f"{run.name}.partial"
    partial.write_text(json.dumps(_result(run, out, time.time() - begin), indent=1) + "\n")
    partial.replace(results / f"{run.name}.json")
    failed.unlink(missing_ok=True)
    return True


def _result(run: Run, out: pathlib.Path, seconds: float) -> dict[str, Any]:
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
