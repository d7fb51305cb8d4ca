import pytest

from sm_jax.evaluation.report import badness, compare


def test_too_smooth_is_as_bad_as_too_rough():
    assert badness("jitter_over_truth", 0.5) == pytest.approx(badness("jitter_over_truth", 2.0))
    assert badness("jitter_over_truth", 1.0) == 0
    assert badness("a_pd_excess_mm", -1.0) == badness("a_pd_excess_mm", 1.0) > badness("a_pd_excess_mm", 0.0)
    assert badness("contact_recall_5cm", 0.9) < badness("contact_recall_5cm", 0.1)


def test_what_the_clips_can_tell():
    takes = [f"take {i}" for i in range(8)]
    ours = [{"a_mm": 10.0 + i, "b_mm": 1.0, "c_mm": float(i % 2)} for i in range(8)]
    theirs = [{"a_mm": 12.0 + i, "b_mm": 0.5, "c_mm": float(1 - i % 2)} for i in range(8)]
    verdicts = compare({"ours": ours, "theirs": theirs}, takes, "ours")
    assert verdicts == {"theirs": {"a_mm": "better", "b_mm": "worse", "c_mm": "not told apart"}}


def test_one_take_tells_nothing():
    verdicts = compare({"ours": [{"a_mm": 1.0}] * 5, "theirs": [{"a_mm": 2.0}] * 5}, ["one"] * 5, "ours")
    assert verdicts["theirs"]["a_mm"] == "not told apart"
