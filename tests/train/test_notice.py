"""SIGTERM loses nothing: not a step, and not a bit of what would have come of it."""

import itertools
import os
import pathlib
import signal
import subprocess
import sys

import pytest

from sm_jax.errors import UserError
from sm_jax.train.loop import Preemption, train
from sm_jax.train.state import create, make_optimiser
from sm_jax.train.step import make_step
from tests.processes import ROOT, Started, environment, start, wait_until
from tests.train.programs import configuration, pair, same_bits, steps_logged, toy_loss, toy_params, training, world

STEPS, RARELY = 1000, 5000  # steps of a training, and between its checkpoints


def tell_to_end(process: Started, folder: pathlib.Path) -> None:
    wait_until(lambda: steps_logged(folder) >= 20, process)
    process.send_signal(signal.SIGTERM)


def last_words(process: Started) -> str:
    err = process.complaints(timeout=100)
    assert process.returncode == 1, err
    return err.strip().splitlines()[-1]


def saved(folder: pathlib.Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir() if path.name.isdigit()]


def test_what_was_told_to_end_goes_on_where_it_was(tmp_path):
    options = {"steps": STEPS, "save_every": RARELY}
    process = start(1, training, folder=str(tmp_path / "told"), **options)
    tell_to_end(process, tmp_path / "told")
    said = last_words(process)
    (step,) = saved(tmp_path / "told")
    assert f"told to end after {step} steps, which are saved: go on with --resume" in said
    assert 20 <= step < STEPS and steps_logged(tmp_path / "told") == step
    start(1, training, folder=str(tmp_path / "told"), resume=True, **options).result()
    start(1, training, folder=str(tmp_path / "whole"), **options).result()
    same_bits(tmp_path / "told", tmp_path / "whole")


def test_all_processes_end_at_one_step(tmp_path):
    first, second = pair(folder=str(tmp_path), steps=STEPS, save_every=RARELY)
    tell_to_end(second, tmp_path)
    said = last_words(first), last_words(second)
    (step,) = saved(tmp_path)
    assert all(f"told to end after {step} steps" in words for words in said)


def test_afterwards_the_signal_does_what_it_did():
    before = signal.getsignal(signal.SIGTERM)
    notice = Preemption()
    assert not notice.given(1)
    os.kill(os.getpid(), signal.SIGTERM)
    assert notice.given(2)
    notice.close()
    assert signal.getsignal(signal.SIGTERM) == before


def test_before_the_first_step_nothing_is_lost(tmp_path):
    """While the checkpoint is read, and what the loop needs is made."""

    def batches(first):
        os.kill(os.getpid(), signal.SIGTERM)
        return itertools.count(first)

    config, before = configuration(4, 2), signal.getsignal(signal.SIGTERM)
    optimiser = make_optimiser(config.optimiser, 4)
    step, state = make_step(toy_loss(), optimiser, config.optimiser.ema), create(toy_params(), optimiser)
    with pytest.raises(UserError, match="told to end before step 1, nothing is lost: go on with --resume"):
        train(config, step, state, world(), batches, lambda _, raw: raw, tmp_path)
    assert not saved(tmp_path) and signal.getsignal(signal.SIGTERM) == before


PROGRAM = """
import pathlib, time
from configs import tiny
from sm_jax.train.command import command
from sm_jax.train.loop import Preemption

def main(config, out, resume):
    notice = Preemption()
    notice.close()
    print("slow work", flush=True)
    try:
        while True:  # a signal that comes just before one long sleep is looked at only after it
            time.sleep(0.1)
    except Exception:  # such as reading a file does
        print("taken for a fault", flush=True)

command(main, {"a": tiny.INFILLER, "b": tiny.INFILLER})
"""


def test_a_program_that_is_told_outside_the_loop_says_one_line(tmp_path):
    command = [sys.executable, "-c", PROGRAM, "--out", str(tmp_path / "run"), "a"]
    with subprocess.Popen(command, env=environment(1), stdout=-1, stderr=-1, text=True, cwd=ROOT) as process:
        assert process.stdout and process.stdout.readline() == "slow work\n"
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=100)
    assert process.returncode == 1 and not out
    (line,) = err.strip().splitlines()
    assert line.startswith("told to end while no step was underway") and "--resume" in line
