import os
import subprocess
import sys

import numpy as np

from sm_jax.train import parallel

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
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", TWO_DEVICES], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "does not divide over 2 devices" in done.stdout


def test_there_and_back():
    tree = {"a": np.arange(4.0, dtype=np.float32)}
    np.testing.assert_array_equal(parallel.unreplicate(parallel.replicate(tree))["a"], tree["a"])
    assert parallel.split(tree)["a"].size == 4
