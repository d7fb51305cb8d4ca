"""Runs that are started, fail, go on, and are done; with a training program that takes no time."""

import dataclasses
import json
import sys
import textwrap

import numpy as np
import pytest

from configs.ablations import TABLES
from experiments.lib import launching
from experiments.lib.launching import failure, is_job_done, run_job
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.state import D
from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.weights import save_weights
from sm_jax.train.sweep import runs

RUNS = list(runs(TABLES["tiny"]))
PROGRAM = """
    import os, pathlib, shutil, sys
    out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
    here = pathlib.Path(__file__).parent
    (out / "run.json").write_text("{}")
    (out / "told.txt").write_text(" ".join(sys.argv[1:]) + " on " + os.environ.get("CUDA_VISIBLE_DEVICES", "all"))
    if (here / "broken").exists():
        (here / "broken").unlink()
        sys.exit("the loss is nan at step 3")
    shutil.copy(here / "weights.npz", out)
    (out / "log.jsonl").write_text('{"step": 1, "loss": 2.0}\\n{"step": 1, "val/mpjpe": 3.0}\\n')
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A program that copies weights that are there; the first start fails where a file `broken` lies."""
    (tmp_path / "train.py").write_text(textwrap.dedent(PROGRAM))
    facts = {"steps": 4, "validation": {"val/mpjpe": 3.0}, "device": "1 x cpu", "commit": "abc", "versions": {}}
    statistics = Statistics(mean=np.zeros(D, np.float32), std=np.ones(D, np.float32))
    save_weights(tmp_path / "weights.npz", {"a": np.ones(3)}, InfillerConfig(), statistics, facts)
    monkeypatch.setitem(launching.PROGRAMS, "infiller", str(tmp_path / "train.py"))
    return tmp_path


def test_a_result_says_everything_and_is_found_again(program):
    run, results = RUNS[1], program / "results"
    assert not is_job_done(run, results) and run_job(run, program / "out", results, {})
    found = json.loads((results / "wide-seed0.json").read_text())
    assert found["config"]["net"]["width"] == 64 and found["overrides"] == {"net.width": 64, "seed": 0}
    assert found["loss"] == [[1, 2.0]] and found["parameters"] == 3 and found["device"] == "1 x cpu"
    assert is_job_done(run, results)
    other = dataclasses.replace(run, config=dataclasses.replace(run.config, steps=9))
    assert not is_job_done(other, results), "another configuration under the same name"


def test_a_failure_is_told_and_the_next_start_goes_on(program):
    run, results, out = RUNS[0], program / "results", program / "out"
    (program / "broken").touch()
    assert not run_job(run, out, results, {})
    assert failure(run, results) == "exit code 1: the loss is nan at step 3" and not is_job_done(run, results)
    assert "--resume" not in (out / run.name / "told.txt").read_text()
    assert run_job(run, out, results, {}) and failure(run, results) is None
    assert "--resume" in (out / run.name / "told.txt").read_text()


def test_runs_are_spread_over_devices(program):
    launching.run_on_devices(RUNS, program / "out", program / "results", 2)
    told = [(program / "out" / run.name / "told.txt").read_text().split(" on ") for run in RUNS]
    assert {device for _, device in told} == {"0", "1"}
    assert "--net.width 64" in told[1][0] and all(is_job_done(run, program / "results") for run in RUNS)


def test_jobs_go_through_submitit(program):
    """Its local executor runs them as Slurm would."""
    pytest.importorskip("submitit", reason="submitit is not installed")
    launching.run_on_slurm(RUNS[:1], program / "out", program / "results", {"timeout_min": 2}, cluster="debug")
    assert is_job_done(RUNS[0], program / "results")


def test_users_mistakes(program, monkeypatch):
    assert launching.slurm_options(["a=1", "b=x=y"]) == {"a": 1, "b": "x=y"}
    with pytest.raises(UserError, match="'gpu' is no option for Slurm: write NAME=VALUE"):
        launching.slurm_options(["gpu"])
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(UserError, match="pip install submitit"):
        launching.run_on_slurm(RUNS, program, program, {})
