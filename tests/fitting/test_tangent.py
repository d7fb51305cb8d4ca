import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.fitting import tangent
from sm_jax.geometry.rotations import axis_angle_to_matrix
from tests.motion.motions import random_motion


def test_the_zero_step_moves_nothing():
    motion = random_motion(frames=3)
    moved = tangent.retract(motion, tangent.zero_step(motion))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), moved, motion)


def test_a_step_turns_in_the_joints_own_axes():
    motion = random_motion(frames=3)
    turn = jnp.array([0.0, 0.4, 0.0])
    zero = tangent.zero_step(motion)
    step = tangent.TangentStep(
        rotations=jnp.asarray(zero.rotations).at[1, 2, 5].set(turn), pelvis=zero.pelvis + 1.0, betas=zero.betas + 0.5
    )
    moved = tangent.retract(motion, step)
    expected = np.asarray(motion.body_pose[1, 2, 4]) @ np.asarray(axis_angle_to_matrix(turn))
    np.testing.assert_allclose(moved.body_pose[1, 2, 4], expected, atol=1e-6)
    np.testing.assert_allclose(moved.body_pose[0], motion.body_pose[0], atol=1e-6)
    np.testing.assert_allclose(moved.pelvis, motion.pelvis + 1, atol=1e-6)
    np.testing.assert_allclose(moved.betas, motion.betas + 0.5, atol=1e-6)
