import dataclasses
import pathlib
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
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
    made, source, held_out = setup.salsa(config)
    assert source(0).motion.pelvis.shape[:2] == (2, 2)
    assert all(bool(jnp.isfinite(x).all()) for x in jax.tree.leaves(held_out))
    assert np.all(np.asarray(made.statistics.std) > 0.01)
    given, _, _ = setup.salsa(config, world().statistics)
    assert given.statistics is world().statistics


@pytest.mark.parametrize("program", ["1_train_infiller.py", "2_train_refiner.py"])
def test_the_programs_explain_themselves(program):
    done = subprocess.run([sys.executable, ROOT / "experiments" / program, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "--resume" in done.stdout and "tiny" in done.stdout
