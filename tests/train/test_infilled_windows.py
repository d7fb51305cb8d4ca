import dataclasses
import itertools

import jax
import numpy as np
import pytest

from configs import tiny
from sm_jax.errors import UserError
from sm_jax.nets.infiller import Infiller
from sm_jax.nets.weights import NetworkWeights
from sm_jax.train import infilled_windows
from tests.train.small_run import examples, world


@pytest.fixture(scope="module")
def weights() -> NetworkWeights:
    example, config = examples(), tiny.INFILLER.net
    params = jax.jit(Infiller(config).init)(jax.random.key(0), example.x0, example.number, example.conditions)["params"]
    return NetworkWeights(params=params, config=config, statistics=world().statistics, facts={}, sha256="abc")


@pytest.fixture(scope="module")
def infilled(weights):
    parts = [examples(0), examples(1)]
    both = jax.tree.map(lambda *x: np.concatenate(x), *parts)
    return infilled_windows.infill_examples(weights, both, world(), tiny.REFINER)


def test_holds_every_window_without_its_text(infilled):
    x0, example = infilled
    assert x0.shape == example.x0.shape == (4, 2, 16, 151)
    np.testing.assert_array_equal(example.number, np.arange(4))
    assert not example.conditions.text.mask.any()
    # a fresh infiller returns the estimate
    np.testing.assert_allclose(x0, example.conditions.estimate, atol=1e-5)


def test_a_window_is_infilled_alike_in_any_company(weights, infilled):
    """Its noise follows from its number; the last batch is filled up."""
    trained = jax.tree.map(lambda x: x + 0.05, weights.params)
    weights = dataclasses.replace(weights, params=trained)
    both = jax.tree.map(lambda *x: np.concatenate(x), examples(0), examples(1))
    three = jax.tree.map(lambda x: x[1:], both)
    expected, _ = infilled_windows.infill_examples(weights, both, world(), tiny.REFINER)
    found, _ = infilled_windows.infill_examples(weights, three, world(), tiny.REFINER)
    assert found.shape[0] == 3 and np.abs(expected - both.conditions.estimate).max() > 0.1
    np.testing.assert_allclose(found, expected[1:], atol=1e-4)


def test_round_trip(infilled, tmp_path):
    infilled_windows.save(tmp_path / "infilled.npz", infilled, "abc")
    jax.tree.map(np.testing.assert_array_equal, infilled_windows.load(tmp_path / "infilled.npz", "abc"), infilled)


def test_refuses_what_other_weights_made_and_damage(infilled, tmp_path):
    path = tmp_path / "infilled.npz"
    infilled_windows.save(path, infilled, "abc")
    with pytest.raises(UserError, match="other infiller weights"):
        infilled_windows.load(path, "xyz")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match="damaged"):
        infilled_windows.load(path, "abc")


def test_batches_follow_from_their_number(infilled):
    source = infilled_windows.batches(infilled, 3, seed=1)
    draw = lambda position: next(source(position))  # noqa: E731
    assert draw(5)[0].shape == (3, 2, 16, 151)
    jax.tree.map(np.testing.assert_array_equal, draw(5), draw(5))
    assert not np.array_equal(draw(5)[1].number, draw(6)[1].number)
    _, second = itertools.islice(source(5), 2)
    np.testing.assert_array_equal(second[1].number, draw(6)[1].number)


def test_refiner_weights_are_refused(weights):
    refiner = dataclasses.replace(weights, config=tiny.REFINER.net)
    with pytest.raises(UserError, match="refiner"):
        infilled_windows.infill_examples(refiner, examples(), world(), tiny.REFINER)
