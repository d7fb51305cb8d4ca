import dataclasses
import pathlib
import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

from configs import tiny
from sm_jax.train import setup
from tests.helpers import cached_asset
from tests.train.small_run import world

ROOT = pathlib.Path(__file__).parent.parent.parent


@pytest.mark.slow
def test_the_salsa_world():
    cached_asset("minilm")
    config = dataclasses.replace(tiny.INFILLER, data=dataclasses.replace(tiny.INFILLER.data, variants=0))
    study = setup.study(config, world().statistics)
    assert study.world.statistics is world().statistics
    assert study.windows(0).pelvis.shape[:2] == (2, 2) and len(study.held_out.number) == 32
    assert all(bool(jnp.isfinite(x).all()) for x in jax.tree.leaves(study.held_out))


@pytest.mark.parametrize("program", ["1_train_infiller.py", "2_train_refiner.py"])
def test_the_programs_explain_themselves(program):
    done = subprocess.run([sys.executable, ROOT / "experiments" / program, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "--resume" in done.stdout and "tiny" in done.stdout
