import pytest

from experiments.studies import quality
from sm_jax.evaluation.report import OURS

COLUMNS = (*quality.COLUMNS.values(), "jitter_over_truth", "peak_wrist_over_truth", "seconds")


def table(**means):
    return {name: {column: {"mean": value} for column in COLUMNS} for name, value in means.items()}


def test_ratios_are_ours_over_raw_and_over_the_best_that_is_not_ours():
    summary = {**table(slerp=8.0, optimisation=5.0, networks=1.0), "raw estimate": table(x=10.0)["x"]}
    summary[OURS] = table(x=4.0)["x"]
    summary["slerp"]["a_pd_excess_mm"] = {"mean": -2.0}  # pushed apart, as bad as too deep
    baselines = {
        "benchmarks": {
            "rendered": {"summary": summary, "clips": 5, "failed": ["one"], "frames": 512},
            "four_views": {"summary": table(networks=90.0) | {"raw estimate": table(x=100.0)["x"]}},
        }
    }
    suite = {"shipped": {"all": {OURS: {"harm_share": 0.04, "harm_worst_mm": 9.0}}}}
    changes = {name: {"means": {"hidden_mpjpe_mm": {"mean": value}}}
               for name, value in (("everything", 101.0), ("no physics", 100.5))}  # fmt: skip
    found = quality.summarise(baselines, suite, {"changes": changes})
    assert found["pair_pa_mpjpe"] == 0.4 and found["pair_pa_mpjpe_vs_best"] == 0.8
    assert found["apd_excess_vs_best"] == 2.0
    assert found["seconds_per_128_frames"] == 4.0  # four clips of 128 frames, four seconds each
    assert found["physics_cost_mm"] == 0.5 and found["four_views_networks_over_raw"] == 0.9
    assert found["harm_share"] == 0.04 and found["jitter_share"] == pytest.approx(4.0)
