import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.train.metrics import MetricMonitor


class Lines(list):
    """A log that remembers."""

    def numbers(self, step, values):
        self.append((step, values))


def metrics(loss: float, gradient: float = 1.0):
    return {name: jnp.array([value]) for name, value in (("loss", loss), ("gradient_norm", gradient), ("pose", 2.0))}


def batch(value: float = 0.0):
    rows = np.zeros((2, 3, 4), np.float32)  # devices, windows of each, anything
    rows[1, 1, 2] = value
    return {"number": np.arange(6, dtype=np.int32).reshape(2, 3), "x0": rows}


def test_reads_one_step_late_and_logs_what_is_due(tmp_path):
    lines = Lines()
    watch = MetricMonitor(lines, tmp_path, log_every=2, end=5)  # pyrefly: ignore[bad-argument-type]
    for step in range(1, 6):
        watch.push(step, metrics(step), batch())
        assert [seen for seen, _ in lines] == [n for n in (2, 4) if n < step]
    watch.flush()
    assert lines[-1] == (5, {"loss": 5.0, "gradient_norm": 1.0, "pose": 2.0})


@pytest.mark.parametrize("broken", [metrics(float("nan")), metrics(1.0, float("inf"))])
def test_stops_with_the_offending_batch(tmp_path, broken):
    watch = MetricMonitor(Lines(), tmp_path, log_every=10, end=50)  # pyrefly: ignore[bad-argument-type]
    watch.push(7, broken, batch(float("inf")))
    with pytest.raises(UserError, match=r"at step 7; x0 of window 4 of the batch is not finite; the batch is in ") as e:
        watch.push(8, metrics(1.0), batch())
    assert "\n" not in str(e.value) and str(tmp_path) in str(e.value)
    with np.load(tmp_path / "not_finite_7_0.npz") as file:
        assert file["x0"].shape == (6, 4) and np.isinf(file["x0"][4, 2])
        np.testing.assert_array_equal(file["number"], np.arange(6))


def test_a_batch_without_fault_is_told_too(tmp_path):
    watch = MetricMonitor(Lines(), tmp_path, log_every=10, end=50)  # pyrefly: ignore[bad-argument-type]
    watch.push(3, metrics(float("nan")), batch())
    with pytest.raises(UserError, match="loss is nan, gradient_norm is 1.0 at step 3; every number of the batch"):
        watch.flush()
