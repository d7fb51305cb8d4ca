import numpy as np

from sm_jax.geometry.median import weighted_median


def test_values_count_by_their_weight():
    values, weight = np.array([5.0, 1.0, 3.0, 9.0], np.float32), np.array([1.0, 0.0, 3.0, 1.0], np.float32)
    assert weighted_median(values, weight) == 3.0


def test_mirrored_values_have_mirrored_medians():
    values = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    weight = np.ones((6, 1), np.float32)
    np.testing.assert_allclose(weighted_median(-values, weight), -weighted_median(values, weight), atol=1e-6)
    np.testing.assert_allclose(weighted_median(values, weight), np.median(values, axis=0), atol=1e-6)


def test_where_nothing_weighs_all_count():
    values = np.array([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]], np.float32)
    np.testing.assert_allclose(weighted_median(values, np.array([[0, 0], [0, 0], [0, 1.0]], np.float32)), [2, 4])
