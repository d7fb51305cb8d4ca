import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.fitting.monocular import residuals as scenes
from sm_jax.geometry.camera import project
from tests.fitting.sights import BODY, seen, walking

BELIEFS = 4  # the last residuals are of the clip as a whole


@pytest.fixture(scope="module")
def truth():
    return seen(walking())


residuals = jax.jit(lambda sight, up, scene: scenes.residuals(BODY, sight, up, scene))


def test_truth_agrees_with_what_was_seen(truth):
    scene, sight = truth
    pixels, lines, soles, *_, levels, tilt = residuals(sight, scene.up, scene)
    for residual in (pixels, lines, levels, tilt):
        np.testing.assert_allclose(residual, 0.0, atol=0.01)
    np.testing.assert_allclose(soles, 0.0, atol=0.1)


def test_each_departure_is_felt_where_it_belongs(truth):
    scene, sight = truth
    at_truth = residuals(sight, scene.up, scene)

    def felt(**changes):
        moved = residuals(sight, scene.up, dataclasses.replace(scene, **changes))
        return [bool(jnp.max(jnp.abs(a - b)) > 0.05) for a, b in zip(moved, at_truth, strict=True)]

    higher = dataclasses.replace(scene.motion, pelvis=scene.motion.pelvis.at[0].add(0.1 * scene.up[None]))
    taller = dataclasses.replace(scene.motion, betas=scene.motion.betas.at[0, 0].add(1.0))
    wobbling = dataclasses.replace(scene.motion, pelvis=scene.motion.pelvis.at[0, 10].add(0.05))
    assert felt(motion=higher)[:4] == [True, False, True, False]
    assert felt(motion=wobbling)[3]
    assert felt(motion=taller)[6] and not felt(motion=taller)[7]
    assert felt(level=scene.level + jnp.array([0.1, 0.0]))[8] and felt(up=-scene.up)[9]


def test_a_keypoint_far_off_is_let_go_and_unequal_levels_are_not(truth):
    scene, sight = truth

    def cost(of, **changes):
        changed = dataclasses.replace(sight, **changes)
        return float(0.5 * jnp.sum(jnp.square(residuals(changed, scene.up, scene)[of])))

    off = [cost(0, keypoints=sight.keypoints.at[0, 5, 0].add(pixels)) for pixels in (50.0, 400.0, 800.0)]
    assert off[1] < 3 * off[0] and off[2] < 1.1 * off[1]

    def levels(gap):
        apart = dataclasses.replace(scene, level=scene.level + jnp.array([gap, 0.0]))
        return float(0.5 * jnp.square(residuals(sight, scene.up, apart)[8]).sum())

    far, farther = levels(1.0), levels(2.0)
    assert 1.8 < farther / far < 2.3  # linear: outweighed, but never let go


def test_padding_counts_for_nothing(truth):
    scene, sight = truth
    mask = sight.frame_mask.at[20:].set(0.0)
    short = dataclasses.replace(sight, frame_mask=mask)
    garbage = dataclasses.replace(
        short, keypoints=sight.keypoints.at[:, 20:].set(7.0), metres=sight.metres.at[:, 20:].set(1.0)
    )
    for a, b in zip(residuals(short, scene.up, scene), residuals(garbage, scene.up, scene), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_growing_people_stay_on_their_pixels(truth):
    scene, sight = truth
    move = scenes.zero_monocular_step(scene)
    taller = dataclasses.replace(move.motion, betas=jnp.asarray(move.motion.betas).at[:, 0].add(0.7))
    grown = scenes.retract(BODY, scene, dataclasses.replace(move, motion=taller))
    ratio = scenes.stature(BODY, grown.motion.betas) / scenes.stature(BODY, scene.motion.betas)
    assert (ratio > 1.03).all()
    np.testing.assert_allclose(grown.level, scene.level * ratio, rtol=1e-5)
    pixels = project(sight.intrinsics, smpl.keypoints(BODY, smpl.pose(BODY, grown.motion)))
    assert jnp.mean(jnp.linalg.norm(pixels - sight.keypoints, axis=-1)) < 3.0


def test_stature_is_the_height_of_the_mesh():
    betas = jnp.array([[0.0] * 10, [1.5] + [0.0] * 9])
    y = np.asarray(smpl.shaped(BODY.v_template, BODY.shapedirs, betas))[..., 1]
    np.testing.assert_allclose(scenes.stature(BODY, betas), np.ptp(y, axis=-1), atol=2e-3)


def test_gradient_is_finite_in_the_rest_pose(truth):
    scene, sight = truth
    rest = dataclasses.replace(scene.motion, body_pose=jnp.broadcast_to(jnp.eye(3), scene.motion.body_pose.shape))
    rest = dataclasses.replace(scene, motion=rest)

    @jax.jit
    @jax.grad
    def gradient(move):
        moved = scenes.residuals(BODY, sight, scene.up, scenes.retract(BODY, rest, move))
        return sum(jnp.sum(jnp.square(r)) for r in moved)

    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient(scenes.zero_monocular_step(rest))))
