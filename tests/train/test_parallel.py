import subprocess
import sys

import numpy as np

from sm_jax.train import infilled_windows, parallel
from tests.train.programs import environment, result, start
from tests.train.small_run import examples

TWO_DEVICES = """
import jax, jax.numpy as jnp, numpy as np, optax
from sm_jax.train import parallel
from sm_jax.train.state import create
from sm_jax.train.step import make_step
loss = lambda params, world, batch, step: (jnp.square(batch * params["w"] - world).mean(), {})
optimiser = optax.sgd(0.1)
state = create({"w": jnp.float32(0.0)}, optimiser)
step = parallel.parallelise(make_step(loss, optimiser, 0.9))
batch = np.arange(4, dtype=np.float32)
assert parallel.split(batch).shape == (2, 2)
state, metrics = step(parallel.replicate(state), parallel.replicate(jnp.float32(1.0)), parallel.split(batch))
mean_gradient = np.mean(-2 * batch)
np.testing.assert_allclose(parallel.unreplicate(state.params)["w"], -0.1 * mean_gradient, rtol=1e-6)
np.testing.assert_allclose(metrics["loss"], [1.0, 1.0])
try:
    parallel.split(np.zeros(3))
except Exception as error:
    print(error)
"""


def test_two_devices_take_the_mean_gradient():
    done = subprocess.run([sys.executable, "-c", TWO_DEVICES], env=environment(2), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "does not divide over 2 devices" in done.stdout


def test_there_and_back():
    tree = {"a": np.arange(4.0, dtype=np.float32)}
    np.testing.assert_array_equal(parallel.unreplicate(parallel.replicate(tree))["a"], tree["a"])
    assert parallel.split(tree)["a"].size == 4


def test_eight_devices_take_the_step_of_one_on_the_joined_batch(tmp_path):
    """The infiller with its whole loss; weights, averages and moments after three steps, and one all-reduce a step."""
    infilled_windows.save(tmp_path / "examples.npz", (np.zeros(1), examples()), "test")
    found = result(start(8, "eight", examples=str(tmp_path / "examples.npz")))
    assert found["devices"] == 8 and found["difference"] < 1e-5
    np.testing.assert_allclose(*found["losses"], rtol=1e-5)
    assert found["all_reduces"] == 1
