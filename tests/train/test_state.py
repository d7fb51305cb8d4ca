import jax.numpy as jnp
import numpy as np
import optax

from sm_jax.train.state import apply_gradients, create


def test_one_step_of_descent_and_of_the_average():
    optimiser = optax.sgd(0.5)
    state = create({"w": jnp.array([1.0, 2.0])}, optimiser)
    state = apply_gradients(state, {"w": jnp.array([1.0, -1.0])}, optimiser, decay=0.99)
    np.testing.assert_allclose(state.params["w"], [0.5, 2.5])
    np.testing.assert_allclose(state.ema["w"], [0.55, 2.45])  # a tenth of the way back: the average starts short
    assert int(state.step) == 1


def test_the_average_lengthens_to_its_decay():
    optimiser = optax.sgd(0.0)
    state = create({"w": jnp.array(0.0)}, optimiser)
    state = type(state)(step=jnp.int32(100_000), params={"w": jnp.array(1.0)}, ema=state.ema, optimiser=state.optimiser)
    state = apply_gradients(state, {"w": jnp.array(0.0)}, optimiser, decay=0.99)
    np.testing.assert_allclose(state.ema["w"], 0.01, rtol=1e-5)
