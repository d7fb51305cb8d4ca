import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.skeleton import KEYPOINTS
from sm_jax.fitting.monocular.fit import LEAST_STANDING, estimate_up, fit_landmarks, initial_fit, place
from sm_jax.fitting.monocular.residuals import LINES, stature
from sm_jax.geometry.camera import project
from tests.fitting.sights import BODY, seen, walking

first_guess = jax.jit(initial_fit)
ARM = [KEYPOINTS.index(f"left_{name}") for name in ("elbow", "wrist", "hand")]


@pytest.fixture(scope="module")
def truth():
    return seen(walking())


@jax.jit
def points(motion):
    return smpl.keypoints(BODY, smpl.pose(BODY, motion))


def directions(motion):
    a, b = np.array(LINES).T
    x = points(motion)
    line = x[:, :, b] - x[:, :, a]
    return line / jnp.linalg.norm(line, axis=-1, keepdims=True)


def angles(a, b):
    """Degrees between bone directions."""
    return np.degrees(np.arccos(np.clip(np.sum(np.asarray(directions(a) * directions(b)), axis=-1), -1, 1)))


def gap(motion):
    return jnp.linalg.norm(motion.pelvis[0] - motion.pelvis[1], axis=-1)


def test_a_perfect_view_gives_the_motion_back(truth):
    scene, sight = truth
    found, costs = fit_landmarks(BODY, sight)
    pixels = jnp.linalg.norm(project(sight.intrinsics, points(found.motion)) - sight.keypoints, axis=-1)
    assert jnp.mean(pixels) < 2.0
    assert costs[-1] < 0.2 * costs[0]
    turned = angles(found.motion, scene.motion)
    assert np.median(turned) < 3.0 and np.mean(turned) < 5.0
    assert np.degrees(np.arccos(float(found.up @ scene.up))) < 5.0
    assert jnp.max(jnp.abs(stature(BODY, found.motion.betas) - stature(BODY, scene.motion.betas))) < 0.1
    assert jnp.mean(jnp.abs(gap(found.motion) - gap(scene.motion))) < 0.1


def test_noise_outliers_and_a_hidden_arm_are_borne(truth):
    scene, sight = truth
    rng = np.random.default_rng(1)
    keypoints = np.asarray(sight.keypoints) + rng.normal(size=sight.keypoints.shape) * 3.0
    strays = rng.random(keypoints.shape[:-1]) < 0.02
    keypoints[strays] += rng.normal(size=(int(strays.sum()), 2)) * 150.0
    keypoints[0, 8:20, ARM] = 300.0
    confidence = np.ones(keypoints.shape[:-1], np.float32)
    confidence[0, 8:20, ARM] = 0.0
    depth = rng.normal(size=sight.metres.shape) * [0.03, 0.03, 0.08]
    noisy = dataclasses.replace(
        sight,
        keypoints=jnp.asarray(keypoints, jnp.float32),
        confidence=jnp.asarray(confidence),
        metres=jnp.asarray(np.asarray(sight.metres) + depth, jnp.float32),
    )
    found, _ = fit_landmarks(BODY, noisy)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(found))
    pixels = np.linalg.norm(np.asarray(project(sight.intrinsics, points(found.motion)) - sight.keypoints), axis=-1)
    assert np.median(pixels) < 5.0 and np.mean(pixels[confidence > 0] > 25.0) < 0.02
    assert np.median(angles(found.motion, scene.motion)) < 12.0
    assert np.mean(np.abs(gap(found.motion) - gap(scene.motion))) < 0.25


def test_who_was_seen_badly_for_a_while_keeps_size_and_place(truth):
    """A third of a second in which one person's keypoints lie small and trembling on the other."""
    scene, sight = truth
    rng, lost = np.random.default_rng(2), slice(12, 22)
    keypoints, confidence = np.array(sight.keypoints), np.ones(sight.keypoints.shape[:-1], np.float32)
    middle = keypoints[:, lost].mean(axis=2, keepdims=True)
    keypoints[0, lost] = middle[1] + 0.5 * (keypoints[0, lost] - middle[0]) + rng.normal(size=(10, 1, 2)) * 60.0
    confidence[0, lost] = 0.35
    poor = dataclasses.replace(sight, keypoints=jnp.asarray(keypoints), confidence=jnp.asarray(confidence))
    found, _ = fit_landmarks(BODY, poor)
    assert jnp.max(jnp.abs(stature(BODY, found.motion.betas) - stature(BODY, scene.motion.betas))) < 0.12
    off = np.linalg.norm(np.asarray(found.motion.pelvis - scene.motion.pelvis), axis=-1)
    assert off[0].mean() < 0.4 and off[1].mean() < 0.3
    depth = np.log(np.asarray(first_guess(BODY, poor).motion.pelvis / scene.motion.pelvis)[0, lost, 2])
    assert np.abs(depth).max() < 0.3


def test_the_first_guess_is_near(truth):
    scene, sight = truth
    first = first_guess(BODY, sight)
    assert np.median(angles(first.motion, scene.motion)) < 10.0
    assert jnp.mean(jnp.abs(gap(first.motion) - gap(scene.motion))) < 0.3


def test_placement_is_exact_for_exact_offsets(truth):
    scene, sight = truth
    offsets = points(scene.motion) - scene.motion.pelvis[:, :, None]
    np.testing.assert_allclose(place(sight, offsets), scene.motion.pelvis, atol=1e-3)


def test_up_forgives_someone_who_lies(truth):
    scene, _ = truth
    joints = smpl.pose(BODY, scene.motion).joints
    lying = jnp.asarray(joints).at[0, :10].set(joints[0, :10, :, jnp.array([2, 0, 1])].transpose(1, 2, 0))
    up, standing = estimate_up(lying, jnp.ones(joints.shape[:2]), jnp.ones(joints.shape[1]))
    assert standing > 0.9
    assert np.degrees(np.arccos(float(up @ scene.up))) < 10.0


def test_up_is_the_camera_s_where_nobody_is_seen_to_stand(truth):
    """People on chairs before a camera that looks down, and people of whom the picture cuts off the feet."""
    scene, sight = truth
    sitting = np.array(smpl.pose(BODY, scene.motion).joints)
    for side in (1, 2):
        hip, knee, ankle, foot = (sitting[:, :, side + 3 * k] for k in range(4))
        forward = np.cross(np.asarray(scene.up), [1.0, 0, 0]) * np.linalg.norm(knee - hip, axis=-1, keepdims=True)
        down = hip + forward - knee
        knee += down
        ankle += down
        foot += down
    mask = jnp.ones(sitting.shape[1])
    up, standing = estimate_up(jnp.asarray(sitting), jnp.ones(sitting.shape[:2]), mask)
    assert standing < LEAST_STANDING and np.allclose(up, [0, -1, 0])
    cropped = np.ones(sight.confidence.shape, np.float32)
    cropped[:, :, KEYPOINTS.index("left_ankle") : KEYPOINTS.index("right_toe") + 1] = 0.0
    first = jax.jit(initial_fit)(BODY, dataclasses.replace(sight, confidence=jnp.asarray(cropped)))
    assert first.standing == 0 and np.allclose(first.up, [0, -1, 0])


def test_up_does_not_believe_feet_that_nobody_saw(truth):
    """Two thirds of the time feet are out of the picture, and made up off to the side."""
    scene, sight = truth
    metres, confidence = np.array(sight.metres), np.ones(sight.confidence.shape, np.float32)
    unseen, legs = slice(0, 21), slice(KEYPOINTS.index("left_knee"), KEYPOINTS.index("right_toe") + 1)
    hips = metres[:, unseen, 11:13].mean(axis=2, keepdims=True)
    length = np.linalg.norm(metres[:, unseen, legs] - hips, axis=-1, keepdims=True)
    metres[:, unseen, legs] = hips + length * [1.0, 0, 0]
    confidence[:, unseen, legs] = 0.0
    made_up, first = dataclasses.replace(sight, metres=jnp.asarray(metres, jnp.float32)), jax.jit(initial_fit)
    off = [
        float(np.degrees(np.arccos(first(BODY, dataclasses.replace(made_up, confidence=sure)).up @ scene.up)))
        for sure in (jnp.asarray(confidence), sight.confidence)
    ]
    assert off[0] < 8.0 < 45.0 < off[1], off
