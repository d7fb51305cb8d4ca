import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.sdf import pose_field
from sm_jax.energies import penetration
from sm_jax.fitting.contact_ik.separation import depths, separating_planes
from sm_jax.geometry.rotations import rotate
from tests.fitting.people import facing


@pytest.fixture(scope="module")
def through(body):
    """Two people who stand in one another, and the deepest points of each."""
    motion = facing(0.12, 2)
    posed = smpl.pose(body, motion)
    return motion, posed, separating_planes(body, posed, 6)


def test_the_deepest_points_are_found(body, through):
    _, posed, planes = through
    every = penetration.depths(smpl.surface_points(body, posed), pose_field(body, posed))
    found = np.asarray(depths(planes, posed))
    # Hands in hands do not count, so the deepest found are at most the deepest of all.
    assert found.max() == pytest.approx(float(every.max()), abs=1e-4)
    assert (np.diff(found, axis=-1) <= 1e-5).all()


def test_planes_ride_on_the_people(body, through):
    motion, posed, planes = through
    side = dataclasses.replace(motion, pelvis=motion.pelvis + jnp.array([[[0.3, -2.0, 0.1]]]))
    np.testing.assert_allclose(depths(planes, smpl.pose(body, side)), depths(planes, posed), atol=1e-5)


def test_a_point_moved_along_its_normal_comes_out_as_much(body, through):
    motion, posed, planes = through
    normal = rotate(posed.R_world_joint[1, 0, planes.other_joint[0, 0, 0]], planes.normal[0, 0, 0])
    moved = dataclasses.replace(motion, pelvis=jnp.asarray(motion.pelvis).at[0].add(0.03 * normal[None]))
    before, after = (float(depths(planes, p)[0, 0, 0]) for p in (posed, smpl.pose(body, moved)))
    assert after == pytest.approx(before - 0.03, abs=1e-4)
