"""SIGTERM loses nothing: not a step, and not a bit of what would have come of it."""

import os
import pathlib
import signal
import subprocess
import time

from sm_jax.train.loop import Preemption
from tests.train.programs import pair, result, same_bits, start, steps_logged

STEPS, RARELY = 1000, 5000  # steps of a training, and between its checkpoints


def tell_to_end(process: subprocess.Popen, folder: pathlib.Path) -> None:
    while steps_logged(folder) < 20:
        assert process.poll() is None, process.communicate()[1][-2000:]
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGTERM)


def last_words(process: subprocess.Popen) -> str:
    _, err = process.communicate(timeout=100)
    assert process.returncode == 1, err
    return err.strip().splitlines()[-1]


def saved(folder: pathlib.Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir() if path.name.isdigit()]


def test_what_was_told_to_end_goes_on_where_it_was(tmp_path):
    options = {"steps": STEPS, "save_every": RARELY}
    process = start(1, "training", folder=str(tmp_path / "told"), **options)
    tell_to_end(process, tmp_path / "told")
    said = last_words(process)
    (step,) = saved(tmp_path / "told")
    assert f"told to end after {step} steps, which are saved: go on with --resume" in said
    assert 20 <= step < STEPS and steps_logged(tmp_path / "told") == step
    result(start(1, "training", folder=str(tmp_path / "told"), resume=True, **options))
    result(start(1, "training", folder=str(tmp_path / "whole"), **options))
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
