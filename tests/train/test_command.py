import subprocess
import sys

import jax
import pytest

from configs import small, tiny
from sm_jax.errors import UserError
from sm_jax.train.command import call

SIZES = {"tiny": tiny.INFILLER, "small": small.INFILLER}


@pytest.fixture
def called(monkeypatch, tmp_path):
    """What the program's main is called with for some arguments."""
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path))
    before = jax.config.jax_compilation_cache_dir  # pyrefly: ignore[missing-attribute]

    def run(*arguments: str):
        found = []
        call(lambda *values: found.extend(values), SIZES, list(arguments))
        return found

    yield run
    jax.config.update("jax_compilation_cache_dir", before)


def test_values_are_changed_by_path(called):
    config, out, resume = called("--out", "x", "--resume", "tiny", "--optimiser.clip", "3", "--compute.remat")
    assert config.optimiser.clip == 3.0 and config.compute.remat and resume and str(out) == "x"
    assert called("--out", "x", "tiny", "--data.sets", "a", "b", "--compute.no-remat")[0].data.sets == ("a", "b")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "x", "tiny", "--optimiser.clpi", "3"], "no option --optimiser.clpi: did you mean --optimiser.clip?"),
        (["--otu", "x", "tiny"], "no option --otu: did you mean --out?"),
        (["--out", "x", "tiny", "--net.blokcs=3"], "no option --net.blokcs: did you mean --net.blocks?"),
        (["--out", "x", "tinny"], "Available subcommands: tiny, small"),
        (["--out", "x", "tiny", "--steps", "many"], "invalid literal for int"),
        (["tiny"], "--out"),
        (["--out", "x", "--processes", "2", "tiny"], "--coordinator HOST:PORT"),
    ],
)
def test_a_wrong_argument_is_one_line(called, arguments, said):
    with pytest.raises(UserError) as caught:
        called(*arguments)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_program_ends_with_the_line_and_an_exit_code():
    program = "from configs import tiny; from sm_jax.train.command import command; command(print, {'a': tiny.INFILLER})"
    done = subprocess.run([sys.executable, "-c", program, "--sedd", "3"], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.strip() == "there is no option --sedd: did you mean --seed?"


def test_the_output_folder_is_looked_at_before_anything_slow(called, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is no folder"):
        called("--out", str(tmp_path / "file"), "tiny")
    (tmp_path / "run.json").touch()
    with pytest.raises(UserError, match="already holds a run"):
        called("--out", str(tmp_path), "tiny")
    assert called("--out", str(tmp_path), "--resume", "tiny")


def test_a_full_disk_is_one_line_wherever_it_is_met(called, tmp_path):
    del called  # it sets up, and puts back, what a call changes

    def main(*_):
        raise OSError(28, "No space left on device", "some/file")

    with pytest.raises(UserError, match="cannot write to some/file: No space left on device; free some space"):
        call(main, SIZES, ["--out", str(tmp_path / "run"), "tiny"])
