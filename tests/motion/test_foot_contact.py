import jax.numpy as jnp
import numpy as np

from sm_jax.motion.foot_contact import foot_contact, ground_height


def walking_joints():
    """Two standing people; the second slides at 2 m/s from frame 5 on and the first lifts its left foot by 30 cm."""
    joints = np.ones((2, 10, 24, 3))
    joints[:, :, [7, 8], 2], joints[:, :, [10, 11], 2] = 0.08, 0.02
    joints[1, 5:, :, 0] += np.arange(1, 6)[:, None] * 2.0 / 30
    joints[0, 5:, [7, 10], 2] += 0.3
    return jnp.asarray(joints, jnp.float32)


def test_standing_sliding_and_lifted_feet():
    contact = foot_contact(walking_joints(), 30.0, jnp.float32(0.02))
    assert float(contact[:, 1:4].min()) > 0.9
    assert float(contact[1, 6:].max()) < 0.1
    assert float(contact[0, 6:, [0, 2]].max()) < 0.1 and float(contact[0, 6:, [1, 3]].min()) > 0.9


def test_ground_is_the_median_of_the_lowest_joint():
    joints = walking_joints().at[0, 0, 10, 2].set(-5.0)
    assert abs(float(ground_height(joints, jnp.ones(10))) - 0.02) < 1e-6
    assert float(ground_height(joints, jnp.zeros(10).at[0].set(1.0))) < -2.0
