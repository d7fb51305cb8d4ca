import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.assets import load_body
from sm_jax.fitting import hands
from sm_jax.types import Motion

FPS, T = 30, 60


@pytest.fixture(scope="module")
def body():
    return load_body("open-low")


@pytest.fixture(scope="module")
def reaching() -> Motion:
    """Two people 1.1 m apart who face each other along x, upper arms down, forearms forward."""
    up = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    z = lambda a: np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])  # noqa: E731
    y = lambda a: np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])  # noqa: E731
    pose = np.tile(np.eye(3), (23, 1, 1))
    pose[15], pose[16] = z(-1.3), z(1.3)  # shoulders
    pose[17], pose[18] = y(-1.4), y(1.4)  # elbows
    repeat = lambda x: jnp.asarray(np.broadcast_to(x[:, None], (2, T, *x.shape[1:])), jnp.float32)  # noqa: E731
    return Motion(
        global_orient=repeat(np.stack([z(np.pi / 2) @ up, z(-np.pi / 2) @ up])),
        body_pose=repeat(np.stack([pose, pose])),
        pelvis=repeat(np.array([[0, 0, 0.96], [1.1, 0, 0.96]])),
        betas=jnp.zeros((2, 10)),
    )


def test_arms_close_the_hands_that_hold_and_leave_the_others(body, reaching):
    before = smpl.pose(body, reaching).joints
    gap = hands.hand_gaps(before)
    assert 0.15 < gap[:, 0, 1].min() < 0.9  # left hand of one opposite right hand of the other
    holds = np.zeros((T, 2, 2), np.float32)
    holds[20:40, 0, 1] = 1
    closed = hands.close_hands(body, reaching, hands.ramped(holds, FPS))
    after = smpl.pose(body, closed).joints
    closed_gap = hands.hand_gaps(after)
    assert np.abs(np.median(closed_gap[20:40, 0, 1]) - hands.GRIP) < 0.02
    assert closed_gap[20:40, 0, 1].max() < hands.TOUCH
    np.testing.assert_allclose(closed_gap[[0, -1], 0, 1], gap[[0, -1], 0, 1], atol=0.02)
    np.testing.assert_allclose(after[0, :, 23], before[0, :, 23], atol=1e-3)  # the free right hand
    np.testing.assert_allclose(after[:, :, :13], before[:, :, :13], atol=1e-5)
    # Smooth: no jerk at the ends of the span.
    assert np.linalg.norm(np.diff(after, n=2, axis=1), axis=-1).max() * FPS**2 < 30


def figure(offset: np.ndarray) -> np.ndarray:
    """Joints far apart, but person 0's left hand `offset` [T] metres from person 1's right hand."""
    joints = np.zeros((2, len(offset), 24, 3))
    joints[1, ..., 1] = 5.0
    joints[0, :, 22], joints[1, :, 23] = [0, 2, 1], [0, 2, 1]
    joints[1, :, 23, 0] += offset
    return joints


def test_a_small_lasting_gap_is_a_hold():
    offset = np.concatenate([np.full(40, 1.0), np.full(30, 0.2), np.full(40, 1.0)])
    holds = hands.find_holds(figure(offset), FPS)
    assert holds[45:65, 0, 1].all()
    assert not holds[:35].any()
    assert not holds[75:].any()
    assert not holds[:, 0, 0].any()
    assert not holds[:, 1].any()


@pytest.mark.parametrize(
    "offset",
    [
        np.concatenate([np.full(40, 1.0), np.full(6, 0.1), np.full(40, 1.0)]),  # too short
        np.full(80, 0.3),  # never near
        0.35 * np.sin(np.arange(80) / 2),  # passing by, again and again
    ],
)
def test_passing_hands_are_not(offset):
    assert not hands.find_holds(figure(offset), FPS).any()


def test_of_two_candidates_the_nearer_hand_wins():
    joints = figure(np.full(60, 0.2))
    joints[1, :, 22] = joints[0, :, 22] + [0, 0, 0.1]
    holds = hands.find_holds(joints, FPS)
    assert holds[:, 0, 0].all()
    assert not holds[:, 0, 1].any()


def test_ramps_rise_and_fall_around_the_span():
    holds = np.zeros((60, 2, 2), np.float32)
    holds[25:35, 1, 0] = 1
    weight = hands.ramped(holds, FPS)
    assert (weight[25:35, 1, 0] == 1).all()
    assert (np.diff(weight[:26, 1, 0]) >= -1e-6).all()
    assert (np.diff(weight[34:, 1, 0]) <= 1e-6).all()
    assert 0.05 < weight[20, 1, 0] < 1
    assert not weight[[0, -1]].any()
    assert not weight[:, 0].any()


def test_gradients_are_finite_where_hands_coincide(body, reaching):
    joints = smpl.pose(body, reaching).joints
    together = dataclasses.replace(reaching, pelvis=reaching.pelvis.at[1].add(joints[0, :, 22] - joints[1, :, 23]))
    holds = np.zeros((T, 2, 2), np.float32)
    holds[:, 0, 1] = 1
    assert np.isfinite(hands.close_hands(body, together, holds).body_pose).all()
