"""Two bones reach their end, bent the right way."""

import jax.numpy as jnp
import numpy as np

from sm_jax.geometry.rotations import axis_angle_to_matrix, rotate
from sm_jax.synthetic.figure import frame, share_twist, towards, two_bones

BONES = jnp.array([[0.02, -0.44, 0.0], [0.02, -0.43, -0.01]])
BACK = jnp.array([0.0, 0.0, -1.0])


def reached(end, pole=(0.0, 0.0, 1.0)):
    upper, lower = two_bones(jnp.zeros(3), jnp.array(end), jnp.array(pole), BONES, BACK)
    middle = rotate(upper, BONES[0])
    return np.asarray(middle), np.asarray(middle + rotate(lower, BONES[1]))


def test_the_end_is_reached_and_the_knee_points_to_its_pole():
    for end, pole in (((0.1, -0.7, 0.2), (0.0, 0.0, 1.0)), ((0.3, 0.1, 0.4), (1.0, 1.0, 0.0))):
        middle, got = reached(end, pole)
        np.testing.assert_allclose(got, end, atol=1e-5)
        along = np.array(end) / np.linalg.norm(end)
        aside = np.array(pole) - along * (along @ np.array(pole))
        assert middle @ aside > 0.05


def test_an_end_out_of_reach_is_aimed_at():
    _, got = reached((0.0, -2.0, 0.0))
    np.testing.assert_allclose(got / np.linalg.norm(got), [0.0, -1.0, 0.0], atol=1e-4)
    assert 0.85 < np.linalg.norm(got) < 0.875


def test_a_stretched_leg_at_rest_is_not_turned():
    upper, lower = two_bones(jnp.zeros(3), BONES.sum(axis=0) * 0.999, -BACK, BONES, BACK)
    for R in (upper, lower):
        np.testing.assert_allclose(R, np.eye(3), atol=0.12)


def test_a_frame_points_where_it_is_told():
    R = np.asarray(frame(jnp.array([0.0, 2.0, 0.0]), jnp.array([3.0, 1.0, 0.0])))
    np.testing.assert_allclose(R[:, :2].T, [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], atol=1e-6)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-6)


def test_twist_is_shared_and_bend_is_limited():
    bone = jnp.array([0.25, 0.0, 0.0])
    lower, hand = share_twist(jnp.eye(3), axis_angle_to_matrix(jnp.array([1.0, 0.0, 0.0])), bone, 0.6, 1.2)
    np.testing.assert_allclose(lower, axis_angle_to_matrix(jnp.array([0.6, 0.0, 0.0])), atol=1e-5)
    np.testing.assert_allclose(hand, axis_angle_to_matrix(jnp.array([0.99, 0.0, 0.0])), atol=0.03)
    _, bent = share_twist(jnp.eye(3), axis_angle_to_matrix(jnp.array([0.0, 2.5, 0.0])), bone, 0.6, 1.2)
    assert float(bent[0, 0]) > np.cos(1.2)


def test_heads_turn_to_what_they_look_at_but_not_round():
    turn = lambda x: np.asarray(towards(jnp.eye(3), jnp.array(x), jnp.float32(1.1)))  # noqa: E731
    np.testing.assert_allclose(turn((0.0, 0.0, 3.0)), 0.0, atol=1e-6)
    assert 0.2 < turn((1.0, 0.0, 3.0))[1] < 0.33 and turn((0.0, -1.0, 3.0))[0] > 0.2
    assert turn((1.0, 0.0, -3.0))[1] < 1.1
