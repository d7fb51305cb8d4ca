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
    before = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]

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
