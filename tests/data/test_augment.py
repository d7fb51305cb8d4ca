import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import JOINTS, SIDED_REGIONS, mirror_permutation
from sm_jax.data import augment
from sm_jax.types import ContactTargets
from tests.motion.motions import random_motion


def joints(motion):
    return np.asarray(smpl.pose(load_body("open-low"), motion).joints)


def close(a, b, atol=1e-5):
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, atol=atol), a, b)


def test_mirror_twice_changes_nothing():
    motion = random_motion()
    close(augment.mirror(augment.mirror(motion)), motion)


def test_mirrored_motion_has_mirrored_joints():
    motion = random_motion()
    expected = joints(motion)[:, :, list(mirror_permutation(JOINTS))] * [-1, 1, 1]
    # The open body is symmetric to a third of a millimetre.
    np.testing.assert_allclose(joints(augment.mirror(motion)), expected, atol=1e-3)


def test_a_turn_turns_the_joints_about_z():
    motion = random_motion()
    expected = joints(motion) @ np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    np.testing.assert_allclose(joints(augment.turn(motion, jnp.float32(np.pi / 2))), expected, atol=1e-5)


def labelled(frames: int) -> augment.Take:
    """Person 0's left hand on person 1's back, more and more."""
    mask_a, mask_b = (np.zeros((1, 22), np.float32) for _ in range(2))
    mask_a[0, SIDED_REGIONS.index("left_hand")] = mask_b[0, SIDED_REGIONS.index("back")] = 1.0
    weight = np.linspace(0.0, 1.0, frames, dtype=np.float32)[None]
    contacts = ContactTargets(mask_a=mask_a, mask_b=mask_b, weight=weight)
    return augment.Take(motion=random_motion(frames=frames), present=np.array([1.0, 0.0]), contacts=contacts)


@pytest.fixture(scope="module")
def variants():
    """64 variants of one take: plain, mirrored, exchanged, both, and again. The last has the first one's key."""
    keys = jax.random.split(jax.random.key(0), 64).at[63].set(jax.random.split(jax.random.key(0), 64)[0])
    mirrored, exchanged = np.arange(64) % 2 == 1, np.arange(64) // 2 % 2 == 1
    mirrored[63], exchanged[63] = mirrored[0], exchanged[0]
    vary = jax.vmap(lambda key, take, body, m, e: augment.augment(key, take, body, m, e, 8), (0, None, None, 0, 0))
    return jax.jit(vary)(keys, labelled(augment.source_frames(8)), load_body(), mirrored, exchanged)


def one_of(variants, i: int):
    return jax.tree.map(lambda x: x[i], variants)


def test_variants_differ_by_key_and_keep_proper_rotations(variants):
    one, again, other = (one_of(variants, i) for i in (0, 63, 4))
    close(one, again, atol=0)
    assert np.abs(one.motion.pelvis - other.motion.pelvis).max() > 0.1
    assert np.abs(one.motion.betas - other.motion.betas).max() > 0.1
    assert one.motion.pelvis.shape == (2, 8, 3)
    np.testing.assert_allclose(np.linalg.det(variants.motion.body_pose), 1, atol=1e-4)


def test_mirrored_and_exchanged_takes_say_so(variants):
    left, right, back = (SIDED_REGIONS.index(name) for name in ("left_hand", "right_hand", "back"))
    for i, (person, hand) in enumerate(((0, left), (0, right), (1, left), (1, right))):
        take = one_of(variants, i)
        own, other = (take.contacts.mask_a, take.contacts.mask_b)[:: 1 if person == 0 else -1]
        assert own[0].argmax() == hand and own.sum() == 1 and other[0].argmax() == back
        assert take.present[person] == 1 and take.present[1 - person] == 0
    # Rotations stay with the person, to within the change of betas.
    plain, exchanged = one_of(variants, 0).motion, one_of(variants, 2).motion
    original = np.asarray(labelled(augment.source_frames(8)).motion.body_pose)[:, 0]
    np.testing.assert_allclose(plain.body_pose[:, 0], original, atol=1e-5)
    np.testing.assert_allclose(exchanged.body_pose[:, 0], original[::-1], atol=1e-5)


def test_contact_labels_keep_pace_with_the_motion(variants):
    weight = np.asarray(variants.contacts.weight)[:, 0]
    assert (np.diff(weight, axis=1) >= 0).all() and weight[:, 0].max() == 0
    reached = weight[:, -1]  # the slowest play 5.6 of 9 frames' way, the fastest nearly all
    assert reached.min() < 0.75 and reached.max() > 0.9


def test_other_bodies_stand_on_the_same_floor_with_the_same_pose():
    body, motion = load_body(), random_motion()
    motion = dataclasses.replace(motion, pelvis=np.asarray(motion.pelvis) * [1, 1, 0] + [0, 0, 0.95])
    taller = augment.reshape(body, motion, jnp.asarray(motion.betas).at[:, 0].add(1.0))
    legs = [np.asarray(smpl.rest_joints(body, m.betas))[:, (10, 11), 1].mean(-1) for m in (motion, taller)]
    assert (legs[1] < legs[0] - 0.03).all()
    ratio = np.asarray(taller.pelvis[..., 2]) / motion.pelvis[..., 2]
    np.testing.assert_allclose(ratio, (legs[1] / legs[0])[:, None].repeat(ratio.shape[1], 1), rtol=1e-4)
    np.testing.assert_array_equal(taller.body_pose, motion.body_pose)


@pytest.mark.parametrize("n_frames", [1, 64])
def test_source_frames_suffice_at_the_fastest_speed(n_frames):
    assert (n_frames - 1) * augment.FASTEST <= augment.source_frames(n_frames) - 1
