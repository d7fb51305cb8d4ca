import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.assets import load_body
from sm_jax.body.skeleton import JOINTS, mirror_permutation
from sm_jax.data import augment
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


@pytest.fixture(scope="module")
def variants():
    """64 variants of one motion, the last with the first one's key."""
    motion = random_motion(frames=augment.source_frames(8))
    keys = jax.random.split(jax.random.key(0), 64).at[63].set(jax.random.split(jax.random.key(0), 64)[0])
    return motion, jax.jit(jax.vmap(lambda key: augment.augment(key, motion, 8)))(keys)


def test_variants_differ_by_key_and_keep_proper_rotations(variants):
    _, many = variants
    one, again, other = (jax.tree.map(lambda x, i=i: x[i], many) for i in (0, 63, 1))
    close(one, again, atol=0)
    assert np.abs(one.pelvis - other.pelvis).max() > 0.1
    assert one.pelvis.shape == (2, 8, 3)
    np.testing.assert_allclose(np.linalg.det(many.body_pose), 1, atol=1e-4)


@pytest.mark.parametrize("n_frames", [1, 64])
def test_source_frames_suffice_at_the_fastest_speed(n_frames):
    assert (n_frames - 1) * augment.FASTEST <= augment.source_frames(n_frames) - 1


def test_all_kinds_of_variants_occur(variants):
    motion, many = variants
    betas = np.asarray(many.betas[:, 0, 0])
    swapped = np.isclose(betas, motion.betas[1, 0])
    assert 0.25 < swapped.mean() < 0.75
    # A turn leaves the body's pose alone and a mirror does not; speed leaves the first frame alone.
    pose = np.asarray(many.body_pose[:, :, 0, 2])  # spine1
    original = np.asarray(motion.body_pose)[:, 0, 2]
    plain = np.abs(pose - np.where(swapped[:, None, None, None], original[::-1], original)).max(axis=(1, 2, 3)) < 1e-5
    assert 0.25 < plain.mean() < 0.75
