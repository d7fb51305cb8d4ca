import pytest

from experiments.benchmarks.body import measure_penetration


@pytest.mark.slow
def test_proxy_follows_the_exact_depth_on_real_dances():
    found = measure_penetration({"open-low": 24})
    assert found["penetration_depth_error_mm"] < 5
    assert found["penetration_depth_correlation"] > 0.9
    for shape in ("own", "random"):
        case = found["penetration_detail"][f"open-low, {shape} betas"]
        assert case["frames"] > 8 and case["vertices_inside"] > 200
        assert case["those_over_1cm"] == 0
