import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.capsules import NAMES, capsules, signed_distance
from sm_jax.body.io import load_body
from tests.body.models import random_motion, rest_motion


@pytest.fixture(scope="module")
def body():
    return load_body("open-low")


def with_betas(motion, betas):
    return dataclasses.replace(motion, betas=betas)


@jax.jit
def play(body, motion):
    return capsules(body, smpl.pose(body, motion))


def test_capsules_move_with_their_joint(body):
    motion = random_motion()
    start, end, radius = play(body, motion)
    assert start.shape == end.shape == (2, 3, len(NAMES), 3) and radius.shape == (2, len(NAMES))
    rest = play(body, with_betas(rest_motion(T=3), motion.betas))
    np.testing.assert_allclose(
        np.linalg.norm(start - end, axis=-1), np.linalg.norm(rest[0] - rest[1], axis=-1), atol=1e-5
    )
    assert (radius > 0.02).all() and (radius < 0.2).all()


def test_signed_distance():
    start, end = jnp.array([[0.0, 0, 0]]), jnp.array([[1.0, 0, 0]])
    points = jnp.array([[0.5, 0.3, 0.0], [2.0, 0.0, 0.0], [0.5, 0.0, 0.0], [-0.2, 0.0, 0.0]])
    found = signed_distance(points, start, end, jnp.array([0.1]))
    np.testing.assert_allclose(found[:, 0], [0.2, 0.9, -0.1, 0.1], atol=1e-6)


def test_signed_distance_is_finite_on_the_axis_and_for_a_sphere():
    points = jnp.zeros((1, 3))
    for end in (jnp.ones((1, 3)), jnp.zeros((1, 3))):
        gradient = jax.jit(jax.grad(lambda p, e: signed_distance(p, jnp.zeros((1, 3)), e, jnp.ones(1)).sum(), (0, 1)))(
            points, end
        )
        assert all(np.isfinite(g).all() for g in gradient)
