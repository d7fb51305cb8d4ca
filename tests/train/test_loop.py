"""The whole of a training, in small: steps, checkpoints, resuming."""

import dataclasses
import itertools
import json
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.nets.infiller import Infiller
from sm_jax.train.examples import RawBatch
from sm_jax.train.loop import train
from sm_jax.train.state import TrainState, create, make_optimiser
from sm_jax.train.step import infiller_loss, make_step
from tests.train.programs import configuration, toy_batch, toy_loss, toy_params
from tests.train.programs import world as bare_world
from tests.train.small_run import CONFIG, OBSERVE, examples, windows, world


def fresh() -> TrainState:
    example = examples()
    net, t = Infiller(CONFIG.net), jnp.zeros(example.number.shape, jnp.int32)
    params = jax.jit(net.init)(jax.random.key(0), example.x0, t, example.conditions)["params"]
    return create(params, make_optimiser(CONFIG.optimiser, CONFIG.steps))


def batches(position: int) -> Iterator[RawBatch]:
    return map(windows, itertools.count(position))


def run(folder, config=CONFIG, prepare=OBSERVE, **options) -> TrainState:
    step = make_step(infiller_loss(config), make_optimiser(config.optimiser, config.steps), config.optimiser.ema)
    return train(config, step, fresh(), world(), batches, prepare, folder, **options)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight")
    return folder, run(folder, validate=lambda params: {"val/size": float(len(jax.tree.leaves(params)))})


def test_resuming_is_exact(straight, tmp_path):
    half = run(tmp_path, until=2)
    assert int(half.step) == 2
    resumed = run(tmp_path, resume=True)
    expected = straight[1]
    assert int(resumed.step) == int(expected.step) == 4
    jax.tree.map(np.testing.assert_array_equal, resumed, expected)
    moved = jax.tree.map(lambda a, b: float(jnp.abs(a - b).max()), half.params, resumed.params)
    assert max(jax.tree.leaves(moved)) > 0.0


def test_resuming_repeats_and_skips_no_example(tmp_path):
    seen = []

    def prepare(everywhere, raw):
        seen.extend(raw.number.ravel().tolist())
        return OBSERVE(everywhere, raw)

    run(tmp_path, prepare=prepare, until=2)
    assert seen == list(range(4))
    run(tmp_path, prepare=prepare, resume=True)
    assert seen == list(range(8))


def test_log_and_run_facts(straight):
    folder, _ = straight
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4]
    assert all(np.isfinite(line["loss"]) for line in lines if "loss" in line)
    assert lines[-1]["step"] == 4 and any("val/size" in line for line in lines)
    facts = json.loads((folder / "run.json").read_text())
    assert facts["config"]["steps"] == 4 and facts["commit"]


def test_a_folder_belongs_to_one_configuration(straight):
    folder, _ = straight
    with pytest.raises(UserError, match="--resume"):
        run(folder)
    with pytest.raises(UserError, match=r"seed: 5 here, 0 there"):
        run(folder, dataclasses.replace(CONFIG, seed=5), resume=True)


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path):
    def broken(everywhere, raw):
        example = OBSERVE(everywhere, raw)
        return dataclasses.replace(example, x0=example.x0 * jnp.nan)

    step = make_step(infiller_loss(CONFIG), make_optimiser(CONFIG.optimiser, 4), CONFIG.optimiser.ema)
    with pytest.raises(UserError, match="nan at step 1"):
        train(CONFIG, step, fresh(), world(), batches, broken, tmp_path)
    assert not (tmp_path / "4").exists()


def test_a_longer_training_compiles_nothing_more(tmp_path):
    """Counted batch by batch, over steps, logging, validation and checkpoints: none for the second step, and after the
    first validation and checkpoint no more."""
    compiled, counts = [], []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, duration_secs, **_: compiled.append(event) if event.endswith("backend_compile_duration") else None
    )
    config = dataclasses.replace(configuration(30, 5), log_every=1, validate_every=7)

    def batches(first: int) -> Iterator[dict[str, np.ndarray]]:
        for number in itertools.count(first):
            counts.append(len(compiled))
            yield toy_batch(number)

    optimiser = make_optimiser(config.optimiser, config.steps)
    step = make_step(toy_loss(), optimiser, config.optimiser.ema)
    size = lambda params: {"val/size": float(jnp.abs(params["out"]).sum())}  # noqa: E731
    state, prepare = create(toy_params(), optimiser), lambda _, raw: raw
    train(config, step, state, bare_world(), batches, prepare, tmp_path, validate=size)
    assert counts[2] == counts[1] > counts[0], "the second step was compiled anew"
    assert len(counts) == 30 and counts[-1] == counts[8], counts
    assert len(compiled) < 60
