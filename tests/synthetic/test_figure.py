"""Bodies do what tracks say."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.synthetic import direct
from sm_jax.synthetic.figure import heading_frame, pair_frame, perform
from sm_jax.synthetic.script import Between, Hand, Own, Role, Script, stay
from sm_jax.synthetic.verify import vertices

FRAMES = 256  # as `generate` has it, so that the compiled program is shared


@pytest.fixture(scope="module")
def played(body, skins, cast):
    hand = lambda y: Hand(side="right", to=Between(point=(0.0, y, 1.1), palm=(0.0, 1.0, 0.0)), start=0.0, end=9.0)  # noqa: E731
    roles = [
        Role(
            way=stay(x, 0.0, heading),
            hands=(hand(y), Hand(side="left", to=Own(point=(0.5, 0.0, 0.2)), start=0.0, end=9.0)),
        )
        for x, heading, y in ((-0.35, 0.0, 0.05), (0.35, 180.0, -0.05))
    ]
    tracks = direct.tracks(Script(seconds=8.0, a=roles[0], b=roles[1]), cast, skins, FRAMES, np.random.default_rng(0))
    betas = np.zeros((2, body.shapedirs.shape[-1]), np.float32)
    betas[1, 0] = 1.0
    motion = perform(body, jnp.asarray(betas), tracks)
    return motion, smpl.pose(body, motion), tracks


def test_feet_stand_flat_on_the_floor(played, body):
    motion, posed, tracks = played
    lowest = vertices(body, dataclasses.replace(motion))[..., 2].min(axis=2)
    np.testing.assert_allclose(lowest, 0.0, atol=0.006)
    np.testing.assert_allclose(posed.joints[:, :, 7, :2], tracks.foot_place[:, :, 0], atol=2e-3)


def test_hands_meet_where_they_should(played):
    _, posed, _ = played
    a, b = (np.asarray(posed.joints[p, 60:, 23]) for p in (0, 1))
    np.testing.assert_allclose(a[:, 2], 1.1, atol=0.06)
    assert np.linalg.norm(a - b, axis=-1).max() < 0.1


def test_people_face_each_other(played):
    _, posed, _ = played
    nose = np.asarray(posed.R_world_joint[:, :, 15, :, 2])
    assert nose[0, :, 0].min() > 0.9 and nose[1, :, 0].max() < -0.9


def test_frames():
    np.testing.assert_allclose(heading_frame(jnp.float32(0.0)) @ np.eye(3)[2], [1.0, 0.0, 0.0], atol=1e-6)
    R, middle = pair_frame(jnp.array([[[0.0, 0.0, 1.0]], [[0.0, 2.0, 1.0]]]))
    np.testing.assert_allclose(middle[0], middle[1])
    np.testing.assert_allclose(R[0, 0, :, 2], [0.0, 1.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(R[1, 0, :, 2], [0.0, -1.0, 0.0], atol=1e-6)
