import dataclasses

import jax
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.data.store import load_salsa
from sm_jax.fitting.mocap import hands, retarget
from sm_jax.fitting.mocap.floor import sole_height
from sm_jax.motion.frames import map_frames
from sm_jax.types import Contact

SPAN = slice(100, 160)


@pytest.fixture(scope="module")
def take():
    """Two seconds of a dance with a hold of the hands."""
    whole = next(s for s in load_salsa() if s.name == "salsa_10")
    motion = map_frames(whole.motion, lambda x: x[:, SPAN])
    cut = [dataclasses.replace(c, start=max(c.start - SPAN.start, 0), end=min(c.end, SPAN.stop) - SPAN.start)
           for c in whole.contacts]  # fmt: skip
    return dataclasses.replace(whole, motion=motion, contacts=tuple(c for c in cut if c.end - c.start > 5)[:8])


@pytest.fixture(scope="module")
def variant(body, take):
    betas = retarget.random_betas(jax.random.key(1))
    return retarget.retarget_sequence(body, take, betas, "other")


def test_bodies_are_ordinary_and_independent():
    betas = np.asarray(retarget.random_betas(jax.random.key(0), (2000, 2, 10)))
    assert np.abs(betas[..., 0]).max() <= 1.2 + 1e-6
    assert np.abs(betas).max() <= 2 + 1e-6
    assert abs(np.corrcoef(betas[:, 0, 0], betas[:, 1, 0])[0, 1]) < 0.06


def test_held_hands_stay_held_on_other_bodies(body, take, variant):
    assert variant.name == "other"
    assert variant.contacts == take.contacts
    assert np.abs(variant.motion.betas - take.motion.betas).max() > 0.3
    held = hands.held_frames(take.contacts, 60)
    original = hands.hand_gaps(smpl.pose(body, take.motion).joints)[held]
    gap = hands.hand_gaps(smpl.pose(body, variant.motion).joints)[held]
    assert len(gap) > 20
    assert np.percentile(np.abs(gap - original), 90) < 0.04


def test_other_contacts_are_kept_and_reported(body, take):
    on_shoulder = Contact(region_a="hand", side_a="right", region_b="shoulder", side_b="left", start=0, end=60)
    betas = np.zeros((2, 10), np.float32)
    betas[:, 0] = -1.2, 1.2
    _, kept = retarget.retarget(body, take.motion, betas, [on_shoulder], 30.0)
    assert kept.source.shape == kept.before.shape == kept.after.shape == (60,)
    assert np.median(kept.after) < 60


def test_people_stay_on_the_floor_and_in_their_places(body, take, variant):
    vertices = smpl.vertices(body, smpl.pose(body, variant.motion))
    lowest = np.median(np.asarray(vertices[..., 2]).min(axis=-1), axis=1)
    np.testing.assert_allclose(lowest, 0, atol=0.03)
    ratio = float(np.mean(sole_height(body, variant.motion.betas) / sole_height(body, take.motion.betas)))
    across = lambda motion: (motion.pelvis[1] - motion.pelvis[0])[:, :2]  # noqa: E731
    # Held hands may draw pelvises together where arms are too short.
    off = np.abs(across(variant.motion) - ratio * across(take.motion))
    assert np.median(off) < 0.05
    assert off.max() < 0.2


def test_feet_hardly_skate_more(body, take, variant):
    def skate(motion):
        feet = np.asarray(smpl.pose(body, motion).joints)[:, :, (10, 11), :2]
        return np.percentile(np.linalg.norm(np.diff(feet, axis=1), axis=-1), 25)

    assert skate(variant.motion) < 1.15 * skate(take.motion)
