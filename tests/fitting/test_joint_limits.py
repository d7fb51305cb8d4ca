import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body.skeleton import JOINTS
from sm_jax.fitting.joint_limits import beyond_range
from tests.fitting.people import turn


def pose(joint: str, R: np.ndarray) -> jnp.ndarray:
    return jnp.tile(jnp.eye(3), (23, 1, 1)).at[JOINTS.index(joint) - 1].set(R)


def test_rest_is_in_range():
    assert not np.asarray(beyond_range(jnp.tile(jnp.eye(3), (2, 5, 23, 1, 1)))).any()


@pytest.mark.parametrize(("joint", "degrees", "beyond"), [("left_elbow", 160, 10), ("right_ankle", 90, 35)])
def test_a_turn_too_far_costs_its_excess(joint, degrees, beyond):
    sign = -1 if joint == "left_elbow" else 1
    excess = np.degrees(beyond_range(pose(joint, turn(sign * np.radians(degrees), "y"))))
    assert excess[JOINTS.index(joint) - 1] == pytest.approx(beyond, abs=0.1)


def test_a_knee_does_not_bend_forwards():
    assert np.degrees(beyond_range(pose("left_knee", turn(-0.5, "x"))))[23] > 15
    assert np.degrees(beyond_range(pose("left_knee", turn(0.5, "x")))).max() == 0


def test_gradients_are_finite_at_rest_and_at_half_a_turn():
    for angle in (0.0, np.pi):
        gradient = jax.grad(lambda x: beyond_range(x).sum())(pose("left_wrist", turn(angle, "x")).astype(jnp.float32))
        assert np.isfinite(gradient).all()
