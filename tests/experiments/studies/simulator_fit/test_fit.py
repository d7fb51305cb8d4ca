import numpy as np

from experiments.studies.simulator_fit.fit import PAIRS, fit, get, put, rounded
from sm_jax.data.simulator.error_model import ErrorModel


def test_every_pair_names_a_number_of_the_model():
    for name in PAIRS:
        assert get(ErrorModel(), name) > 0
    assert get(put(ErrorModel(), "rotation.depth.knee", 3.0), "rotation.depth.knee") == 3.0


def test_the_fit_finds_the_model_whose_statistics_are_wanted():
    """A front-end whose every statistic is the square root of its number, or one over it."""
    falling = ("placement.own_shape", "rotation.drawn")
    first = {statistic: name for name, statistic in reversed(PAIRS.items())}

    def measure(model: ErrorModel, turn: int) -> dict[str, float]:
        return {s: get(model, name) ** (-0.5 if name in falling else 0.5) for s, name in first.items()}

    truth = put(put(ErrorModel(), "rotation.depth.knee", 12.0), "placement.own_shape", 0.7)
    found = fit(measure, ErrorModel(), measure(truth, 0), 20)
    np.testing.assert_allclose(get(found, "rotation.depth.knee"), 12.0, rtol=0.05)
    np.testing.assert_allclose(get(found, "placement.own_shape"), 0.7, rtol=0.05)
    np.testing.assert_allclose(found.placement.drift, ErrorModel().placement.drift, rtol=1e-3)


def test_rounding_keeps_three_digits():
    assert rounded(put(ErrorModel(), "placement.drift", 0.0123456)).placement.drift == 0.0123
