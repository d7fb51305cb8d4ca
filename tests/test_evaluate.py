import numpy as np
import pytest

from sm_jax import evaluate
from sm_jax.data import codec, store
from sm_jax.data.sets import open_set
from sm_jax.errors import UserError
from tests.data.sequences import alone, sequence


def test_the_truth_scores_zero_and_a_spoiled_motion_does_not():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(2, 20, 24, 3)).cumsum(axis=1) * 0.02
    hidden = (rng.uniform(size=(2, 20, 24)) < 0.3).astype(float)
    right = evaluate._metrics(truth, truth, hidden, 30.0)
    assert right["hidden_mpjpe_mm"] == right["world_mpjpe_mm"] == right["acceleration_error_mm"] == 0
    assert right["peak_wrist_speed_ratio"] == pytest.approx(1)
    spoiled = truth.copy()
    spoiled[hidden > 0] += [0.0, 0.0, 0.1]
    spoiled[:, :, 0] = truth[:, :, 0]  # the root stays, or the alignment would move the error about
    wrong = evaluate._metrics(spoiled, truth, hidden, 30.0)
    assert wrong["hidden_mpjpe_mm"] > 90 and wrong["visible_mpjpe_mm"] == pytest.approx(0, abs=1e-6)


def test_what_is_held_out_shows_two_people(tmp_path):
    assert [take.name for take in evaluate.held_out("salsa", "val")] == ["salsa_12"]
    records = [codec.encode(one) for one in (sequence("long", 70), sequence("short", 60, 3), alone(70))]
    statistics = open_set("salsa").statistics
    store.save(tmp_path / "set.npz", records, statistics, "")
    path = str(tmp_path / "set.npz")
    assert [take.name for take in evaluate.held_out(path, "train")] == ["long"]
    with pytest.raises(UserError, match="no two people for 64 frames"):
        evaluate.held_out(path, "val")
    with pytest.raises(UserError, match="no split test, only train, val: name one with --split"):
        evaluate.held_out(path, "test")


def test_windows_cover_the_test_takes_without_overlap():
    takes = evaluate.held_out("salsa", "test")
    cut = list(evaluate._windows(takes))
    assert {name for name, _ in cut} == {take.name for take in takes}
    assert all(motion.pelvis.shape == (2, 64, 3) for _, motion in cut)
    np.testing.assert_array_equal(cut[1][1].pelvis, takes[0].motion.pelvis[:, 64:128])


def test_the_table_has_a_row_for_each_method_and_keeps_rows_without_hidden_joints():
    rows = [{"hidden_mpjpe_mm": 1.0, "jitter": 2.0}, {"hidden_mpjpe_mm": float("nan"), "jitter": 4.0}]
    lines = evaluate.table({"ours": evaluate._mean(rows)}).splitlines()
    assert lines[0] == "| method | hidden_mpjpe_mm | jitter |" and lines[2] == "| ours | 1.00 | 3.00 |"
