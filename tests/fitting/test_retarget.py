import dataclasses

import jax
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.assets import load_body
from sm_jax.data.store import load_salsa
from sm_jax.fitting import hands, retarget
from sm_jax.fitting.floor import sole_height


@pytest.fixture(scope="module")
def body():
    return load_body("open-low")


@pytest.fixture(scope="module")
def take():
    return next(s for s in load_salsa() if s.name == "salsa_10")


@pytest.fixture(scope="module")
def variants(body, take, tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    return folder, retarget.library(body, [take], variants=2, seed=0, folder=folder)


def test_bodies_are_ordinary_and_independent():
    betas = np.asarray(retarget.random_betas(jax.random.key(0), (2000, 2, 10)))
    assert np.abs(betas[..., 0]).max() <= 1.2 + 1e-6
    assert np.abs(betas).max() <= 2 + 1e-6
    assert abs(np.corrcoef(betas[:, 0, 0], betas[:, 1, 0])[0, 1]) < 0.06


def test_contacts_are_kept_on_other_bodies(body, take, variants):
    _, library = variants
    assert [s.name for s in library] == ["salsa_10", "salsa_10_0", "salsa_10_1"]
    held = take.hand_contact > 0
    original = hands.hand_gaps(smpl.pose(body, take.motion).joints)[held]
    for variant in library[1:]:
        assert np.abs(variant.motion.betas - take.motion.betas).max() > 0.3
        gap = hands.hand_gaps(smpl.pose(body, variant.motion).joints)[held]
        assert np.percentile(np.abs(gap - original), 95) < 0.03
        assert variant.hand_contact.sum() > 0.95 * take.hand_contact.sum()


def test_people_stay_on_the_floor_and_in_their_places(body, take, variants):
    for variant in variants[1][1:]:
        vertices = smpl.vertices(body, smpl.pose(body, variant.motion))
        lowest = np.median(np.asarray(vertices[..., 2]).min(axis=-1), axis=1)
        np.testing.assert_allclose(lowest, 0, atol=0.02)
        ratio = float(np.mean(sole_height(body, variant.motion.betas) / sole_height(body, take.motion.betas)))
        across = lambda motion: (motion.pelvis[1] - motion.pelvis[0])[:, :2]  # noqa: E731
        np.testing.assert_allclose(across(variant.motion), ratio * across(take.motion), atol=1e-4)


def test_feet_hardly_skate_more(body, take, variants):
    def skate(motion):
        feet = np.asarray(smpl.pose(body, motion).joints)[:, :, (10, 11), :2]
        return np.percentile(np.linalg.norm(np.diff(feet, axis=1), axis=-1), 25)

    for variant in variants[1][1:]:
        assert skate(variant.motion) < 1.15 * skate(take.motion)


def test_the_library_is_kept_between_calls(body, take, variants):
    folder, library = variants
    (path,) = folder.iterdir()
    written = path.stat().st_mtime_ns
    again = retarget.library(body, [take], variants=2, seed=0, folder=folder)
    assert path.stat().st_mtime_ns == written
    assert [s.name for s in again] == [s.name for s in library]
    np.testing.assert_array_equal(again[2].motion.pelvis, library[2].motion.pelvis)


def test_other_motion_has_another_fingerprint(take):
    moved = dataclasses.replace(take, motion=dataclasses.replace(take.motion, pelvis=take.motion.pelvis + 1e-3))
    assert retarget._digest([take]) == retarget._digest([take]) != retarget._digest([moved])
