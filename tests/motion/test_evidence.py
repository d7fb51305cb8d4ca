import jax.numpy as jnp
import numpy as np

from sm_jax.body.skeleton import JOINTS, KEYPOINTS
from sm_jax.motion.visibility import ARMS, arms_on_trunk, joint_confidence
from tests.perception.people import standing


def test_joints_are_as_sure_as_the_keypoints_that_show_them():
    confidence = jnp.zeros((2, 3, 23)).at[..., KEYPOINTS.index("left_wrist")].set(0.8)
    confidence = confidence.at[..., KEYPOINTS.index("left_hip")].set(0.6)
    joints = np.asarray(joint_confidence(confidence))[1, 2]
    expected = {"left_wrist": 0.8, "left_hip": 0.6, "pelvis": 0.3, "spine1": 0.15, "spine2": 0.15, "spine3": 0.15}
    np.testing.assert_allclose(joints, [expected.get(name, 0.0) for name in JOINTS], atol=1e-6)
    np.testing.assert_allclose(joint_confidence(jnp.ones((1, 1, 23))), 1.0, atol=1e-6)


def test_an_arm_on_the_other_trunk_is_told_from_one_beside_it():
    people = np.zeros((2, 1, 23, 2), np.float32)
    people[:, 0, :17] = standing(200), standing(600)
    people[:, 0, 17:] = people[:, 0, 15:16]
    assert not arms_on_trunk(people).any()
    trunk = people[1, 0, [5, 6, 11, 12]].mean(axis=0)
    people[0, 0, KEYPOINTS.index("right_hand")] = trunk
    found = np.asarray(arms_on_trunk(people))
    assert found[0, 0, ARMS.index(KEYPOINTS.index("right_hand"))] and found.sum() == 1
