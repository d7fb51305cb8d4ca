import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import ArrayLike

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import JOINTS, KEYPOINTS
from sm_jax.data.simulator.gross_errors import (
    GrossErrorConfig,
    GrossErrors,
    ObservedPose,
    apply_gross_errors,
    draw_gross_errors,
)
from tests.motion.motions import random_motion

FRAMES, DRAWS = 20, 3000
SHOW = jax.jit(apply_gross_errors)
CONFIG = GrossErrorConfig(limbs=0.3, people=0.5, lost=0.4)


@pytest.fixture(scope="module")
def draw():
    many = jax.jit(jax.vmap(draw_gross_errors, in_axes=(0, None, None, None)))
    keys = jax.random.split(jax.random.key(0), DRAWS)
    return lambda visibility, present: jax.device_get(many(keys, visibility, present, CONFIG))


def test_mistakes_about_people_are_made_where_they_are_hidden(draw):
    seen = np.ones((2, FRAMES, 24), np.float32)
    hidden = seen.copy()
    hidden[1, 8:12] = 0.0
    everywhere, there = draw(seen, np.ones(2, np.float32)), draw(hidden, np.ones(2, np.float32))
    swapped = [(found.people > 0).any(axis=1).mean() for found in (everywhere, there)]
    np.testing.assert_allclose(swapped, [0.1, 0.5], atol=0.05)
    lost = [found.lost.any(axis=-1).mean(axis=0) for found in (everywhere, there)]
    np.testing.assert_allclose(lost, [[0.08, 0.08], [0.08, 0.4]], atol=0.05)
    begins = np.argmax(there.people > 0, axis=1)[(there.people > 0).any(axis=1)]
    assert ((begins >= 7) & (begins <= 12)).all()


def test_limbs_are_exchanged_as_often_as_asked(draw):
    found = draw(np.ones((2, FRAMES, 24), np.float32), np.ones(2, np.float32)).limbs
    np.testing.assert_allclose(found.any(axis=2).mean(axis=0), 0.3, atol=0.05)


def test_the_only_one_there_is_taken_for_nobody_else(draw):
    hidden = np.zeros((2, FRAMES, 24), np.float32)
    found = draw(hidden, np.array([1, 0], np.float32))
    assert (found.people < 0).all() and (found.lost[:, 1] == 0).all() and found.lost[:, 0].any()


@pytest.fixture(scope="module")
def true():
    body, motion = load_body("open-low"), random_motion(seed=2, frames=FRAMES)
    posed = smpl.pose(body, motion)
    visibility = jax.random.uniform(jax.random.key(1), (2, FRAMES, 24))
    return ObservedPose(
        R_world_joint=posed.R_world_joint,
        joints=posed.joints,
        keypoints=smpl.keypoints(body, posed),
        visibility=visibility,
        trunk_and_leg=jnp.broadcast_to(jnp.array([[1.2], [1.0]]), (2, FRAMES)),
    )


def made(limbs: ArrayLike = (0, 0), people: ArrayLike = -99.0, lost: ArrayLike = 0.0) -> GrossErrors:
    return GrossErrors(
        limbs=np.broadcast_to(np.asarray(limbs, np.float32), (2, FRAMES, 2)),
        people=np.broadcast_to(np.asarray(people, np.float32), FRAMES),
        lost=np.broadcast_to(np.asarray(lost, np.float32), (2, FRAMES)),
    )


def test_no_mistake_changes_nothing(true):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-3), SHOW(true, made()), true)


def test_people_change_places_from_one_frame_to_the_next_in_the_picture_and_smoothly_in_space(true):
    shown = SHOW(true, made(people=np.arange(FRAMES) - 9.5))
    np.testing.assert_allclose(shown.keypoints[:, :10], true.keypoints[:, :10], atol=1e-5)
    np.testing.assert_allclose(shown.keypoints[:, 10:], true.keypoints[::-1, 10:], atol=1e-5)
    np.testing.assert_allclose(shown.visibility[:, 10:], true.visibility[::-1, 10:], atol=1e-5)
    np.testing.assert_allclose(shown.R_world_joint[:, 12:], true.R_world_joint[::-1, 12:], atol=1e-4)
    np.testing.assert_allclose(shown.trunk_and_leg[:, [0, -1]], [[1.2, 1.0], [1.0, 1.2]], atol=1e-6)
    between = np.asarray(shown.joints - true.joints)[:, 9, 0] / np.asarray(true.joints[::-1] - true.joints)[:, 9, 0]
    assert (between > 0.2).all() and (between < 0.8).all()


def test_legs_change_sides_with_all_that_hangs_on_them(true):
    shown = SHOW(true, made(limbs=(0, 1)))
    left, right = KEYPOINTS.index("left_toe"), KEYPOINTS.index("right_toe")
    np.testing.assert_allclose(shown.keypoints[:, :, left], true.keypoints[:, :, right], atol=1e-5)
    left, right = JOINTS.index("left_ankle"), JOINTS.index("right_ankle")
    np.testing.assert_allclose(shown.visibility[:, :, left], true.visibility[:, :, right], atol=1e-6)
    np.testing.assert_allclose(shown.R_world_joint[:, :, left], true.R_world_joint[:, :, right], atol=1e-4)
    for name in ("left_hip", "right_wrist", "head"):
        np.testing.assert_allclose(shown.joints[:, :, JOINTS.index(name)], true.joints[:, :, JOINTS.index(name)])


def test_the_lost_are_bridged(true):
    lost = np.zeros((2, FRAMES))
    lost[0, 5:15] = 1.0
    shown = SHOW(true, made(lost=lost))
    assert (shown.visibility[0, 5:15] == 0).all() and (shown.visibility[0, :5] > 0).any()
    assert np.abs(np.diff(np.asarray(shown.joints[0, 4:16]), n=2, axis=0)).max() < 1e-4
    np.testing.assert_allclose(shown.joints[1], true.joints[1], atol=1e-5)
