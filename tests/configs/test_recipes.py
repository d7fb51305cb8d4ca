"""The recipes for the field's data sets: as programs take them, they build, and mean the same on 8 and 64 devices."""

import dataclasses
import functools
import math
import runpy

import jax
import jax.numpy as jnp
import pytest

from configs import base, large, recipes
from sm_jax.data.builder import NAMES, MotionPairs
from sm_jax.data.sources.datasets import DATASETS
from sm_jax.nets.infiller import Infiller, InfillerConfig
from sm_jax.nets.refiner import Refiner, RefinerConfig
from sm_jax.train.command import call
from sm_jax.train.state import create, make_optimiser
from tests.nets.conditions import random_conditions
from tests.test_architecture import ROOT

BOTH = {"1_train_infiller.py": recipes.INFILLERS, "2_train_refiner.py": recipes.REFINERS}
ALL = [(program, name) for program, found in BOTH.items() for name in found]
MILLIONS = {"base": 8.0, "large": 60.0}


@functools.cache
def parameters(net: InfillerConfig | RefinerConfig) -> dict:
    """Shapes alone."""
    conditions, key = random_conditions(), jax.random.key(0)
    x, t = conditions.estimate, jnp.zeros(conditions.estimate.shape[0], jnp.int32)
    if isinstance(net, InfillerConfig):
        return jax.eval_shape(Infiller(net).init, key, x, t, conditions)["params"]
    return jax.eval_shape(Refiner(net).init, key, x, conditions)["params"]


@pytest.mark.parametrize("program", BOTH)
def test_the_programs_take_them_by_name(program, monkeypatch, tmp_path):
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path))
    sizes = runpy.run_path(str(ROOT / "experiments" / program))["SIZES"]
    before = jax.config.jax_compilation_cache_dir  # pyrefly: ignore[missing-attribute]
    for name, recipe in BOTH[program].items():
        found = []
        call(lambda *values: found.extend(values), sizes, ["--out", str(tmp_path / name), name, "--seed", "5"])  # noqa: B023
        assert found[0] == dataclasses.replace(recipe, seed=5)
    jax.config.update("jax_compilation_cache_dir", before)


@pytest.mark.parametrize(("program", "name"), ALL)
def test_each_builds_and_divides(program, name):
    config = BOTH[program][name]
    size, _, devices = name.partition("-")
    state = jax.eval_shape(
        lambda params: create(params, make_optimiser(config.optimiser, config.steps)), parameters(config.net)
    )
    count = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(state.params))
    assert count == pytest.approx(1e6 * MILLIONS[size], rel=0.1)
    each, rest = divmod(config.data.batch, int(devices))
    assert rest == 0 and each % (config.compute.microbatch or 1) == 0 and each >= 32
    assert config.optimiser.warm_up < config.steps and config.validate_every <= config.steps
    assert len(config.data.sets) == len(config.data.shares) == len(config.data.variants)


def test_sets_are_where_they_are_prepared():
    (sets,) = {config.data.sets for found in BOTH.values() for config in found.values()}
    assert set(DATASETS) < set(recipes.MIX) <= set(NAMES)
    assert set(sets) == set(recipes.PACKAGED) | {
        f"data/motion_pairs/{name}/{MotionPairs.VERSION}" for name in set(recipes.MIX) - set(recipes.PACKAGED)
    }


@pytest.mark.parametrize("program", BOTH)
def test_a_wider_training_sees_as_many_windows_and_forgets_as_fast(program):
    for size, start in (("base", base), ("large", large)):
        few, many = (BOTH[program][f"{size}-{devices}"] for devices in (8, 64))
        assert few.steps * few.data.batch == many.steps * many.data.batch
        assert few.optimiser.ema**8 == pytest.approx(many.optimiser.ema)
        assert many.optimiser.learning_rate == pytest.approx(few.optimiser.learning_rate * math.sqrt(8))
        assert few.optimiser == (start.INFILLER if program.startswith("1") else start.REFINER).optimiser
