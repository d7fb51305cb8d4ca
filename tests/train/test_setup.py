import dataclasses
import pathlib
import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from configs import small, tiny
from sm_jax.data import codec, store
from sm_jax.data.store import open_set
from sm_jax.errors import UserError
from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.weights import INFILLER, load_weights
from sm_jax.train import setup
from tests.data.sequences import sequence
from tests.helpers import cached_asset
from tests.train.small_run import world

ROOT = pathlib.Path(__file__).parent.parent.parent


@pytest.mark.slow
def test_the_salsa_world():
    cached_asset("minilm")
    config = tiny.INFILLER
    study = setup.load_train_data(config, world().statistics)
    assert study.world.statistics is world().statistics
    assert study.windows(0).pelvis.shape[:2] == (2, 2) and len(study.held_out.number) == 32
    assert all(bool(jnp.isfinite(x).all()) for x in jax.tree.leaves(study.held_out))


def test_starting_weights_are_of_the_same_network(tmp_path):
    weights = load_weights(INFILLER)
    assert isinstance(weights.config, InfillerConfig)
    config = dataclasses.replace(small.INFILLER, net=weights.config, start=str(INFILLER))
    assert setup.starting_weights(small.INFILLER, small.INFILLER.net) is None
    found = setup.starting_weights(config, config.net)
    assert found is not None and found.sha256 == weights.sha256
    with pytest.raises(UserError, match=r"weights of another network \(blocks: 1 here, 6 there; .*width: 32 here"):
        setup.starting_weights(config, tiny.INFILLER.net)
    with pytest.raises(UserError, match="trained with other statistics"):
        setup.starting_weights(config, config.net, world().statistics)
    other_scale = dataclasses.replace(weights.statistics, std=2.0 * weights.statistics.std)
    with pytest.raises(UserError, match="trained with other statistics"):
        setup.starting_weights(config, config.net, other_scale)


def test_sets_and_shares_belong_together():
    cached_asset("minilm")
    cases: tuple[dict[str, Any], ...] = ({"shares": (1.0, 2.0)}, {"variants": (4, 0)})
    for values in cases:
        data = dataclasses.replace(tiny.INFILLER.data, **values)
        with pytest.raises(UserError, match=rf"1 data.sets, 2 data.{next(iter(values))}: give one for each set"):
            setup.load_train_data(dataclasses.replace(tiny.INFILLER, data=data))


def test_a_training_needs_something_to_train_on_and_something_held_out(tmp_path):
    cached_asset("minilm")
    records = [codec.encode(sequence("mine", 30))]
    store.save(tmp_path / "mine.npz", records, open_set("salsa").statistics, "")
    data = dataclasses.replace(tiny.INFILLER.data, sets=(str(tmp_path / "mine.npz"),))
    with pytest.raises(UserError, match="none of data.sets has a split val: prepare sequences with it"):
        setup.load_train_data(dataclasses.replace(tiny.INFILLER, data=data))


def test_a_set_of_another_frame_rate_is_refused(tmp_path):
    cached_asset("minilm")
    records = [codec.encode(dataclasses.replace(sequence("mine", 30), fps=25.0))]
    store.save(tmp_path / "mine.npz", records, open_set("salsa").statistics, "")
    data = dataclasses.replace(tiny.INFILLER.data, sets=(str(tmp_path / "mine.npz"),))
    with pytest.raises(UserError, match="sets of 25 frames a second: prepare them at 30, which training uses"):
        setup.load_train_data(dataclasses.replace(tiny.INFILLER, data=data))


@pytest.mark.parametrize("program", ["1_train_infiller.py", "2_train_refiner.py"])
def test_the_programs_explain_themselves(program):
    done = subprocess.run([sys.executable, ROOT / "experiments" / program, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "--resume" in done.stdout and "tiny" in done.stdout
