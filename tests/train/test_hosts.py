"""Two processes, really joined by gloo, and what is said of incomplete orders."""

import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.train import parallel
from tests.processes import start
from tests.train.programs import pair, training


def test_one_process_needs_nothing(monkeypatch):
    for name in ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"):
        monkeypatch.delenv(name, raising=False)
    parallel.join_hosts()
    parallel.wait_for_all("nobody")
    assert parallel.is_first()


def test_incomplete_orders_are_one_line(monkeypatch):
    with pytest.raises(UserError, match="need a coordinator: pass --coordinator HOST:PORT"):
        parallel.join_hosts(processes=2)
    monkeypatch.setenv("JAX_PROCESS_ID", "first")
    with pytest.raises(UserError, match="JAX_PROCESS_ID is 'first'"):
        parallel.join_hosts()
    monkeypatch.delenv("JAX_PROCESS_ID")
    with pytest.raises(UserError, match=r"cannot join the training at auto \(.*pass --coordinator"):
        parallel.join_hosts("auto")


def test_two_processes_train_as_one_with_two_devices(tmp_path):
    """Each sees its half of every batch; they share one folder, which the first writes."""
    together, alone = pair(folder=str(tmp_path / "two")), start(2, training, folder=str(tmp_path / "one"))
    first, second, one = (process.result() for process in (*together, alone))
    assert first["devices"] == second["devices"] == one["devices"] == 2
    assert len(one["losses"]) == 6 and one["losses"][-1] != one["losses"][0]
    np.testing.assert_allclose(first["losses"], one["losses"], rtol=1e-6)
    assert {path.name for path in (tmp_path / "two").iterdir()} == {
        "4", "6", "run.json", "log.jsonl", "final_0.npz", "final_1.npz",
    }  # fmt: skip
    final = [np.load(tmp_path / name) for name in ("two/final_0.npz", "two/final_1.npz", "one/final_0.npz")]
    for name in final[0].files:
        np.testing.assert_array_equal(final[0][name], final[1][name])
        np.testing.assert_allclose(final[0][name], final[2][name], atol=1e-6)
