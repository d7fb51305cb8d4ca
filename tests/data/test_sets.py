import numpy as np
import pytest

from sm_jax.data import codec, store
from sm_jax.data.builder import MotionPairs
from sm_jax.data.schema import Split
from sm_jax.data.store import open_set
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.state import D
from tests.data.sequences import alone, seen, sequence

STATISTICS = Statistics(mean=np.full(D, 0.25, np.float32), std=np.full(D, 2.0, np.float32))


@pytest.fixture(params=["export", "folder"])
def path(request, tmp_path):
    records = [codec.encode(one) for one in (sequence("a"), sequence("b", seed=3), alone())]
    if request.param == "export":
        store.save(tmp_path / "set.npz", records, STATISTICS, "thanks")
        return tmp_path / "set.npz"
    splits: dict[Split, list] = {"train": records[:2], "val": records[2:]}
    builder = MotionPairs(
        config="cmu", data_dir=str(tmp_path), records=splits, statistics=STATISTICS, acknowledgement="thanks"
    )
    builder.download_and_prepare()
    return builder.data_path


def test_a_set_is_the_same_in_both_forms(path):
    found = open_set(str(path))
    assert {split: sorted(str(r["name"]) for r in records) for split, records in found.records.items()} == {
        "train": ["a", "b"],
        "val": ["alone"],
    }
    assert found.acknowledgement == "thanks"
    np.testing.assert_array_equal(found.statistics.mean, STATISTICS.mean)
    np.testing.assert_array_equal(found.statistics.std, STATISTICS.std)
    assert not codec.decode(found.records["val"][0]).present[1]


@pytest.mark.parametrize(
    ("field", "damage", "words"),
    [
        ("pelvis", lambda x: np.where(np.arange(x.size).reshape(x.shape) == 7, np.nan, x), "pelvis holds 1 numbers"),
        ("betas", lambda x: x * np.inf, "betas holds .* numbers that are not finite"),
        ("pelvis", lambda x: x[:-1], r"arrays of 12 frames \(rotations\), 11 frames \(pelvis\)"),
        ("fps", lambda x: x * 0, "0.0 frames a second"),
    ],
)
@pytest.mark.parametrize("form", ["export", "folder"])
def test_a_damaged_sequence_is_named_when_the_set_is_opened(tmp_path, form, field, damage, words):
    records = [codec.encode(sequence("good")), codec.encode(sequence("bad", seed=3))]
    records[1][field] = damage(records[1][field]).astype(records[1][field].dtype)
    if form == "export":
        path = tmp_path / "set.npz"
        store.save(path, records, STATISTICS, "")
    else:
        builder = MotionPairs(config="cmu", data_dir=str(tmp_path), records={"train": records}, statistics=STATISTICS)
        builder.download_and_prepare()
        path = builder.data_path
    with pytest.raises(UserError, match=f"sequence bad: {words}.*; make the set again without it"):
        open_set(str(path))


def test_statistics_that_are_not_finite_are_refused(tmp_path):
    broken = Statistics(mean=STATISTICS.mean, std=STATISTICS.std * np.nan)
    store.save(tmp_path / "set.npz", [codec.encode(sequence("a"))], broken, "")
    with pytest.raises(UserError, match="the statistics' std holds numbers that are not finite"):
        open_set(str(tmp_path / "set.npz"))


def test_a_packaged_set_has_a_name():
    assert len(open_set("salsa").records["train"]) == 11


@pytest.mark.parametrize("name", ["nowhere.npz", "."])
def test_what_is_no_set_is_named(name):
    with pytest.raises(UserError, match=rf"^{name}: no "):
        open_set(name)


def test_a_set_whose_numbers_do_not_agree_is_refused_when_it_is_opened(tmp_path):
    record = codec.encode(seen())
    bad = {
        "contacts": record["contacts"] + np.array([99, 0, 0, 0, 0, 0, 0], np.int32),
        "contact_confidence": record["contact_confidence"][:-1],
        "camera_t": record["camera_t"][:-1],
        "camera_observed": np.zeros_like(record["camera_observed"]),
        "seen_betas": record["seen_betas"][:-1],
        "split": np.array("other"),
        "name": np.array(3),
        "pelvis": record["pelvis"].astype(complex),
    }
    for name, array in bad.items():
        store.save(
            tmp_path / "set.npz",
            [record | {name: array}],
            Statistics(mean=np.zeros(D, np.float32), std=np.ones(D, np.float32)),
            "",
        )
        with pytest.raises(UserError, match="make the set again"):
            store.open_set(str(tmp_path / "set.npz"))


def test_an_export_whose_parts_overlap_or_are_missing_is_damaged(tmp_path):
    store.save(
        tmp_path / "set.npz",
        [codec.encode(seen())],
        Statistics(mean=np.zeros(D, np.float32), std=np.ones(D, np.float32)),
        "",
    )
    with np.load(tmp_path / "set.npz") as file:
        arrays = dict(file)
    for change in (
        {"pelvis/starts": np.array([0, 99])}, {"pelvis/starts": np.array([3, 12])}, {"fps": np.ones(5, np.float32)},
        {"texts/starts": np.array(0)}, {"statistics/std": np.ones(3, np.float32)},
    ):  # fmt: skip
        np.savez(tmp_path / "set.npz", **(arrays | change))  # pyrefly: ignore[bad-argument-type]
        with pytest.raises(UserError, match="make (it|the set) again"):
            store.open_set(str(tmp_path / "set.npz"))
