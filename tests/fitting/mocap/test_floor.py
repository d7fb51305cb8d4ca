import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.fitting.mocap import floor
from sm_jax.types import Motion


@pytest.fixture(scope="module")
def body():
    return load_body("open-low")


@pytest.fixture(scope="module")
def standing() -> Motion:
    """Two people of different stature in the rest pose, at wrong heights."""
    up = jnp.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    return Motion(
        global_orient=jnp.broadcast_to(up, (2, 6, 3, 3)),
        body_pose=jnp.broadcast_to(jnp.eye(3), (2, 6, 23, 3, 3)),
        pelvis=jnp.array([[[0.0, 0, 2.0]], [[1.0, 0, 0.3]]]) * jnp.ones((1, 6, 1)),
        betas=jnp.zeros((2, 10)).at[:, 0].set(jnp.array([-1.0, 1.0])),
    )


def test_soles_are_set_on_the_floor(body, standing):
    vertices = smpl.vertices(body, smpl.pose(body, floor.stand(body, standing)))
    np.testing.assert_allclose(vertices[..., 2].min(axis=-1), 0, atol=1e-5)


def test_the_median_frame_decides(body, standing):
    jumping = dataclasses.replace(standing, pelvis=standing.pelvis.at[0, 4].add(jnp.array([0, 0, 0.5])))
    np.testing.assert_allclose(
        floor.stand(body, jumping).pelvis[0, 0], floor.stand(body, standing).pelvis[0, 0], atol=1e-5
    )


def test_who_climbs_most_of_the_time_stands_where_he_began(body, standing):
    climbing = dataclasses.replace(standing, pelvis=standing.pelvis.at[0, 1:].add(jnp.array([0, 0, 1.2])))
    np.testing.assert_allclose(
        floor.stand(body, climbing).pelvis[0, 0], floor.stand(body, standing).pelvis[0, 0], atol=1e-5
    )


def test_standing_feet_are_in_contact_and_lifted_ones_are_not(body, standing):
    still = floor.stand(body, standing)
    lifted = dataclasses.replace(still, pelvis=jnp.asarray(still.pelvis).at[1].add(jnp.array([0, 0, 0.3])))
    contact = np.asarray(floor.contact_on_floor(body, lifted, 30.0))
    assert contact[0].min() > 0.9
    assert contact[1].max() < 0.1
