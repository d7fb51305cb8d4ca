import dataclasses
from functools import partial

import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.sdf import pose_field
from sm_jax.energies.penetration import depths
from sm_jax.fitting.contact_ik.anchors import anchors, distances
from sm_jax.fitting.contact_ik.solve import solve_contacts
from sm_jax.types import Contact
from tests.fitting.people import FPS, facing, turn

touch = partial(Contact, start=24, end=44)
FEET = np.array([7, 8, 10, 11])
CASES = {
    "handshake": (0.9, [touch(region_a="hand", side_a="right", region_b="hand", side_b="right")]),
    "hand on shoulder": (0.7, [touch(region_a="hand", side_a="right", region_b="shoulder", side_b="left")]),
    "forearms": (0.8, [touch(region_a="forearm", side_a="left", region_b="forearm", side_b="right")]),
    "hug": (0.5, [touch(region_a="chest", region_b="chest"),
                  touch(region_a="hand", region_b="back"),
                  touch(region_a="hand", region_b="back", person_a=1)]),
    "too far for arms": (1.5, [touch(region_a="hand", side_a="right", region_b="hand", side_b="right")]),
}  # fmt: skip


def joints(body, motion):
    return np.asarray(smpl.pose(body, motion).joints)


@pytest.mark.parametrize("name", CASES)
def test_regions_meet_and_feet_stay(body, name):
    distance, contacts = CASES[name]
    motion = facing(distance)
    found = anchors(body, motion, contacts, FPS)
    held = solve_contacts(body, motion, found)
    apart = np.asarray(distances(body, held, found))[: len(contacts), 28:40]
    assert (apart - np.asarray(found.gap)[: len(contacts), None]).max() < 0.05
    before, after = joints(body, motion), joints(body, held)
    assert np.abs(after - before)[:, :, FEET].max() < 0.01
    np.testing.assert_allclose(after[:, [0, -1]], before[:, [0, -1]], atol=0.02)
    assert np.linalg.norm(np.diff(after, n=2, axis=1), axis=-1).max() * FPS**2 < 40  # no jerk
    np.testing.assert_array_equal(held.betas, motion.betas)


def test_a_hand_in_the_others_body_comes_out(body):
    motion = facing(0.45)
    arm = jnp.asarray(motion.body_pose).at[0, :, 16].set(turn(1.9, "y"))  # the right arm into the other's chest
    motion = dataclasses.replace(motion, body_pose=arm.at[0, :, 18].set(np.eye(3)))

    def deepest(motion):
        posed = smpl.pose(body, motion)
        return float(depths(smpl.surface_points(body, posed), pose_field(body, posed)).max())

    assert deepest(motion) > 0.05
    assert deepest(solve_contacts(body, motion, anchors(body, motion, [], FPS))) < 0.03


def test_elbows_keep_their_range(body):
    motion = facing(0.25)
    contact = touch(region_a="hand", side_a="right", region_b="shoulder", side_b="left")
    held = solve_contacts(body, motion, anchors(body, motion, [contact], FPS))
    x = joints(body, held)
    upper, lower = x[:, :, [18, 19]] - x[:, :, [16, 17]], x[:, :, [20, 21]] - x[:, :, [18, 19]]
    cosine = (upper * lower).sum(-1) / np.linalg.norm(upper, axis=-1) / np.linalg.norm(lower, axis=-1)
    assert np.degrees(np.arccos(cosine)).max() < 155


def test_any_number_of_frames_and_points_that_coincide(body):
    motion = facing(0.9, frames=40)
    x = smpl.pose(body, motion).joints
    pelvis = jnp.asarray(motion.pelvis).at[1].add(x[0, :, 23] - x[1, :, 23])  # knuckles in one point
    motion = dataclasses.replace(motion, pelvis=pelvis)
    contact = Contact(region_a="hand", side_a="right", region_b="hand", side_b="right", start=0, end=40)
    held = solve_contacts(body, motion, anchors(body, motion, [contact], FPS))
    assert held.body_pose.shape == (2, 40, 23, 3, 3)
    assert all(jnp.isfinite(x).all() for x in (held.body_pose, held.pelvis))
