import dataclasses

import jax
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sm_jax.data import codec
from tests.data.sequences import alone, seen, sequence


def equal(a, b):
    assert dataclasses.replace(a, motion=b.motion, views=(), foot_contact=0, present=0) == dataclasses.replace(
        b, views=(), foot_contact=0, present=0
    )
    np.testing.assert_array_equal(a.present, b.present)
    np.testing.assert_allclose(a.foot_contact, b.foot_contact, atol=0.5 / 255 + 1e-6)
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, atol=3e-4), a.motion, b.motion)
    np.testing.assert_array_equal(a.motion.pelvis, b.motion.pelvis)
    assert len(a.views) == len(b.views)
    for one, other in zip(a.views, b.views, strict=True):
        jax.tree.map(np.testing.assert_array_equal, one.camera, other.camera)
        assert (one.observation is None) == (other.observation is None)
        if one.observation is not None:
            jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, atol=3e-4), one.observation, other.observation)


@pytest.mark.parametrize("make", [sequence, seen, alone])
def test_what_is_encoded_is_decoded(make):
    record = codec.encode(make())
    assert record.keys() == codec.FIELDS.keys()
    equal(codec.decode(record), make())


def test_rotations_are_kept_to_a_hundredth_of_a_degree():
    R = Rotation.random(2 * 12 * 24, rng=np.random.default_rng(0)).as_matrix().reshape(2, 12, 24, 3, 3)
    one = sequence()
    motion = dataclasses.replace(one.motion, global_orient=R[:, :, 0], body_pose=R[:, :, 1:])
    again = codec.decode(codec.encode(dataclasses.replace(one, motion=motion))).motion
    turn = np.einsum("...ji,...jk->...ik", R[:, :, 1:], again.body_pose).reshape(-1, 3, 3)
    assert 0.0 < np.degrees(Rotation.from_matrix(turn).magnitude()).max() < 0.01


def test_a_cut_has_its_frames_and_its_part_of_the_contacts():
    whole, cut = seen(), codec.decode(codec.encode(seen()), 5, 11)
    np.testing.assert_array_equal(cut.motion.pelvis, whole.motion.pelvis[:, 5:11])
    np.testing.assert_allclose(cut.foot_contact, whole.foot_contact[:, 5:11], atol=0.5 / 255 + 1e-6)
    for one, other in zip(cut.views, whole.views, strict=True):
        np.testing.assert_array_equal(one.camera.R, other.camera.R[5:11])
        if one.observation is not None and other.observation is not None:
            np.testing.assert_array_equal(one.observation.keypoints, other.observation.keypoints[:, 5:11])
    assert cut.contacts == (dataclasses.replace(whole.contacts[0], start=0, end=4),)
