import jax
import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.train import infilled_windows, parallel
from tests.processes import start
from tests.train.programs import eight
from tests.train.small_run import examples


def test_a_batch_is_split_over_the_devices(monkeypatch):
    monkeypatch.setattr(jax, "local_device_count", lambda: 2)
    assert parallel.split(np.arange(4)).tolist() == [[0, 1], [2, 3]]
    with pytest.raises(UserError, match="a batch of 3 does not divide over 2 devices: change data.batch"):
        parallel.split(np.zeros(3))


def test_there_and_back():
    tree = {"a": np.arange(4.0, dtype=np.float32)}
    np.testing.assert_array_equal(parallel.unreplicate(parallel.replicate(tree))["a"], tree["a"])
    assert parallel.split(tree)["a"].size == 4


def test_eight_devices_take_the_step_of_one_on_the_joined_batch(tmp_path):
    """The infiller with its whole loss; weights, averages and moments after three steps, and one all-reduce a step."""
    infilled_windows.save(tmp_path / "examples.npz", (np.zeros(1), examples()), "test")
    found = start(8, eight, examples=str(tmp_path / "examples.npz")).result()
    assert found["devices"] == 8 and found["difference"] < 1e-5
    np.testing.assert_allclose(*found["losses"], rtol=1e-5)
    assert found["all_reduces"] == 1
