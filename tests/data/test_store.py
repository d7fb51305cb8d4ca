import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sm_jax.body import smpl
from sm_jax.body.assets import load_body
from sm_jax.data import store
from sm_jax.errors import UserError
from sm_jax.fitting import hands


@pytest.fixture(scope="module")
def salsa():
    return store.load_salsa()


def test_the_packaged_takes_are_two_people_on_a_floor(salsa):
    assert sum(len(s.hand_contact) for s in salsa) > 13000
    for sequence in salsa:
        motion = sequence.motion
        n_frames = len(sequence.hand_contact)
        assert motion.body_pose.shape == (2, n_frames, 23, 3, 3)
        assert sequence.foot_contact.shape == (2, n_frames, 4)
        assert sequence.fps == 30.0
        assert np.median(motion.pelvis[..., 2]) == pytest.approx(0.9, abs=0.1)
        # Upright: the body's own y axis points up.
        assert np.median(motion.global_orient[..., 2, 1]) > 0.9


def test_splits_are_disjoint_trials(salsa):
    trials = {split: {s.name[6:8] for s in salsa if s.split == split} for split in ("train", "val", "test")}
    assert trials["test"] == {"13", "14", "15"}
    assert trials["val"] == {"12"}
    assert not trials["train"] & (trials["val"] | trials["test"])
    assert [s.name for s in store.load_salsa("val")] == ["salsa_12"]


def test_hands_that_hold_each_other_meet(salsa):
    body = load_body("open-low")
    sequence = next(s for s in salsa if s.name == "salsa_10")
    gaps = hands.hand_gaps(smpl.pose(body, sequence.motion).joints)[sequence.hand_contact > 0]
    assert len(gaps) > 100
    assert np.median(gaps) < 0.08
    assert gaps.max() < hands.TOUCH


def test_what_is_saved_is_read_back(tmp_path, salsa):
    rng = np.random.default_rng(0)
    R = Rotation.random(2 * 9 * 24, rng=rng).as_matrix().reshape(2, 9, 24, 3, 3)
    motion = dataclasses.replace(
        salsa[0].motion, global_orient=R[:, :, 0], body_pose=R[:, :, 1:], pelvis=rng.normal(size=(2, 9, 3))
    )
    one = dataclasses.replace(
        salsa[0], motion=motion, foot_contact=rng.random((2, 9, 4)), hand_contact=rng.random((9, 2, 2)), name="one"
    )
    store.save(tmp_path / "two.npz", [one, salsa[3]], "open-low", "thanks")
    again = store.load(tmp_path / "two.npz")
    assert [s.name for s in again] == ["one", salsa[3].name]
    turn = np.einsum("...ji,...jk->...ik", R[:, :, 1:], again[0].motion.body_pose).reshape(-1, 3, 3)
    assert np.degrees(Rotation.from_matrix(turn).magnitude()).max() < 0.01
    np.testing.assert_allclose(again[0].motion.pelvis, motion.pelvis, atol=1e-6)
    np.testing.assert_allclose(again[0].foot_contact, one.foot_contact, atol=0.5 / 255 + 1e-6)
    np.testing.assert_array_equal(again[1].hand_contact, salsa[3].hand_contact)


def test_bad_files_are_named(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        store.load(tmp_path / "none.npz")
    (tmp_path / "broken.npz").write_bytes(store.SALSA.read_bytes()[:100_000])
    with pytest.raises(UserError, match="broken.npz"):
        store.load(tmp_path / "broken.npz")
