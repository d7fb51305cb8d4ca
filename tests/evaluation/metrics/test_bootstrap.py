import numpy as np

from sm_jax.evaluation.metrics.bootstrap import summarise


def test_intervals_cover_the_mean_and_ignore_what_is_undefined():
    rows = [{"a": value, "b": float("nan")} for value in (1.0, 2.0, 3.0, 4.0)]
    summary = summarise(rows)
    assert summary["a"]["mean"] == 2.5 and 1.0 <= summary["a"]["low"] < 2.5 < summary["a"]["high"] <= 4.0
    assert np.isnan(summary["b"]["mean"]) and "low" not in summary["b"]


def test_many_clips_of_few_takes_are_no_surer_than_the_takes():
    rows = [{"a": float(take)} for take in (0, 1) for _ in range(100)]
    takes = [f"take {row['a']}" for row in rows]
    assert summarise(rows, takes)["a"] == {"mean": 0.5, "low": 0.0, "high": 1.0}
    apart = summarise(rows)["a"]
    assert apart["high"] - apart["low"] < 0.2


def test_one_take_has_no_interval():
    assert summarise([{"a": 1.0}, {"a": 2.0}], ["one", "one"]) == {"a": {"mean": 1.5}}


def test_a_take_without_values_does_not_count():
    rows = [{"a": 1.0}, {"a": float("nan")}, {"a": 3.0}]
    cell = summarise(rows, ["x", "y", "z"])["a"]
    assert cell["mean"] == 2.0 and np.isfinite([cell["low"], cell["high"]]).all()
