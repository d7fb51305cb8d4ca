import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data import codec, store
from sm_jax.data.statistics import fit_statistics
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.state import D
from tests.data.sequences import alone, seen, sequence


@pytest.fixture(scope="module")
def salsa():
    return store.load_salsa()


def test_the_packaged_takes_are_two_people_on_a_floor(salsa):
    assert sum(s.motion.pelvis.shape[1] for s in salsa) > 13000
    for one in salsa:
        n_frames = one.motion.pelvis.shape[1]
        assert one.motion.body_pose.shape == (2, n_frames, 23, 3, 3)
        assert one.foot_contact.shape == (2, n_frames, 4)
        assert (one.fps, one.body, one.source) == (30.0, "open-low", "salsa") and one.present.all()
        assert np.median(one.motion.pelvis[..., 2]) == pytest.approx(0.9, abs=0.1)
        # Upright: the body's own y axis points up.
        assert np.median(one.motion.global_orient[..., 2, 1]) > 0.9


def test_splits_are_disjoint_trials(salsa):
    trials = {split: {s.name[6:8] for s in salsa if s.split == split} for split in ("train", "val", "test")}
    assert trials["test"] == {"13", "14", "15"}
    assert trials["val"] == {"12"}
    assert not trials["train"] & (trials["val"] | trials["test"])
    assert [s.name for s in store.load_salsa("val")] == ["salsa_12"]


def test_hands_that_hold_each_other_meet(salsa):
    one = next(s for s in salsa if s.name == "salsa_10")
    joints, gaps = np.asarray(smpl.pose(load_body(), one.motion).joints), []
    for contact in one.contacts:
        if contact.region_a == contact.region_b == "hand":
            ends = [22 + (side == "right") for side in (contact.side_a, contact.side_b)]
            a, b = (joints[person, contact.start : contact.end, end] for person, end in enumerate(ends))
            gaps.append(np.linalg.norm(a - b, axis=-1))
    gaps = np.concatenate(gaps)
    assert len(gaps) > 100
    assert np.median(gaps) < 0.08


def test_the_packaged_statistics_are_those_of_its_training_split(salsa):
    found = store.load(store.SALSA).statistics
    again = fit_statistics(salsa)
    np.testing.assert_allclose(found.mean, again.mean, atol=1e-4)
    np.testing.assert_allclose(found.std, again.std, rtol=1e-3)


def test_what_is_saved_is_read_back(tmp_path):
    records = [codec.encode(one) for one in (sequence(), seen(), alone())]
    statistics = Statistics(mean=np.arange(D, dtype=np.float32), std=np.ones(D, np.float32))
    store.save(tmp_path / "three.npz", records, statistics, "thanks")
    again = store.load(tmp_path / "three.npz")
    assert again.acknowledgement == "thanks"
    np.testing.assert_array_equal(again.statistics.mean, statistics.mean)
    for one, other in zip(again.records, records, strict=True):
        for name in codec.FIELDS:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_bad_files_are_named(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        store.load(tmp_path / "none.npz")
    (tmp_path / "broken.npz").write_bytes(store.SALSA.read_bytes()[:100_000])
    with pytest.raises(UserError, match=r"broken.npz"):
        store.load(tmp_path / "broken.npz")
