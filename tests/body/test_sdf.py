import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.capsules import capsules
from sm_jax.body.capsules import signed_distance as capsule_distance
from sm_jax.body.io import load_body
from sm_jax.body.sdf import nearest_part, pose_field, signed_distance
from sm_jax.geometry.rotations import axis_angle_to_matrix
from tests.body.models import random_motion, rest_motion
from tests.geometry.platforms import accelerator


@pytest.fixture(scope="module")
def body():
    return load_body("open-low")


@jax.jit
def distance(body, motion, points):
    return signed_distance(points, pose_field(body, smpl.pose(body, motion)))


@jax.jit
def skin(body, motion):
    return smpl.vertices(body, smpl.pose(body, motion))


@pytest.mark.parametrize("beta", [None, 0, 1, 3])
def test_skin_is_at_zero(body, beta):
    betas = jnp.zeros((2, 10)) if beta is None else jnp.zeros((2, 10)).at[:, beta].set(1.5)
    motion = dataclasses.replace(rest_motion(T=1), betas=betas)
    found = np.abs(distance(body, motion, skin(body, motion)))
    assert found.mean() < 2.5e-3 and np.quantile(found, 0.95) < 8e-3


def test_bent_skin_is_near_zero(body):
    motion = random_motion(scale=0.3)
    assert np.median(np.abs(distance(body, motion, skin(body, motion)))) < 4e-3


def test_inside_is_negative_and_far_is_far(body):
    motion = random_motion(scale=0.3)
    joints = smpl.pose(body, motion).joints
    deep = np.array([0, 3, 6, 9, 1, 2, 4, 5])
    assert (distance(body, motion, joints)[..., deep] < -0.015).all()
    away = distance(body, motion, joints + 5)
    assert (away > 3).all()


def test_field_turns_and_moves_with_the_body(body):
    motion = random_motion(scale=0.3)
    points = smpl.pose(body, motion).joints + 0.03
    R, t = axis_angle_to_matrix(jnp.array([0.5, -1.0, 0.3])), jnp.array([1.0, 2.0, -1.0])
    place = lambda x: x @ R.T + jnp.reshape(t, (1,) * (x.ndim - 1) + (3,))  # noqa: E731
    moved = dataclasses.replace(motion, global_orient=R @ motion.global_orient, pelvis=place(motion.pelvis))
    before, after = distance(body, motion, points), distance(body, moved, place(points))
    assert np.quantile(np.abs(before - after), 0.97) < 1e-5  # a point on a seam may fall to its other side
    np.testing.assert_allclose(np.median(before), np.median(after), atol=1e-5)


def test_nearest_part_is_that_of_the_least_capsule_distance(body):
    motion = random_motion()
    start, end, radius = capsules(body, smpl.pose(body, motion))
    points = skin(body, motion)
    every = capsule_distance(points, start, end, jnp.broadcast_to(radius[:, None], start.shape[:-1]))
    part = nearest_part(points, start, end, radius)
    chosen = jnp.take_along_axis(every, part[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(chosen, every.min(-1), atol=1e-5)


def test_gradient_is_the_finite_difference(body):
    """In the points, the pose and the shape, in float64."""
    motion = random_motion(T=2, scale=0.3)
    points = np.asarray(smpl.pose(body, motion).joints + 0.02, np.float64)
    with jax.enable_x64(True):
        wide = lambda x: jnp.asarray(x, jnp.float64) if jnp.issubdtype(x.dtype, jnp.floating) else x  # noqa: E731
        body, motion = jax.tree.map(wide, body), jax.tree.map(wide, motion)

        def total(points, pelvis, betas, turn):
            pose = axis_angle_to_matrix(turn) @ motion.body_pose
            moved = dataclasses.replace(motion, pelvis=pelvis, betas=betas, body_pose=pose)
            return jnp.mean(signed_distance(points, pose_field(body, smpl.pose(body, moved))))

        x = (jnp.asarray(points), motion.pelvis, motion.betas, jnp.zeros((2, 2, 23, 3)))
        gradients = jax.jit(jax.grad(total, (0, 1, 2, 3)))(*x)
        value, rng = jax.jit(total), np.random.default_rng(4)
        for i, gradient in enumerate(gradients):
            step = 1e-7 * rng.normal(size=x[i].shape)
            ends = [value(*[a + sign * step if k == i else a for k, a in enumerate(x)]) for sign in (1, -1)]
            np.testing.assert_allclose(jnp.sum(gradient * step), (ends[0] - ends[1]) / 2, rtol=1e-4, atol=1e-13)


def test_gradient_is_finite_on_an_axis_and_far_away(body):
    motion = rest_motion(T=1)
    start, end, _ = capsules(body, smpl.pose(body, motion))
    points = jnp.concatenate([start, end, (start + end) / 2, start + 1e4], axis=2)
    gradient = jax.jit(jax.grad(lambda x, m: distance(body, m, x).sum(), (0, 1)))(points, motion)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


def test_batches_are_single_clips_side_by_side(body):
    motions = [random_motion(seed=seed) for seed in (0, 1)]
    points = [smpl.pose(body, motion).joints for motion in motions]
    both = distance(body, jax.tree.map(lambda *x: jnp.stack(x), *motions), jnp.stack(points))
    for one, motion, at in zip(both, motions, points, strict=True):
        np.testing.assert_allclose(one, distance(body, motion, at), atol=1e-5)


def test_an_accelerator_s_side_gives_the_same_numbers(body, monkeypatch):
    """The nearest capsule of all at once, and every part's share of the gradient in one product."""
    motion = random_motion(T=3, scale=0.3)
    points = smpl.pose(body, motion).joints + 0.03

    def slope():  # a function of its own each time, so that it is traced anew
        def total(motion, points):
            return jnp.square(signed_distance(points, pose_field(body, smpl.pose(body, motion)))).sum()

        return jax.jit(jax.grad(total, (0, 1)))(motion, points)

    on_cpu = slope()
    taken = accelerator(monkeypatch)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-5, rtol=2e-5), slope(), on_cpu)
    assert len(taken) == 2
