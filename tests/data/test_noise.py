import jax
import numpy as np
import pytest

from sm_jax.data.noise import smooth, spans


@pytest.mark.parametrize("correlation", [5.0, 20.0])
def test_smooth_noise_has_unit_variance_and_lasts(correlation):
    white = jax.random.normal(jax.random.key(0), (4000, 40))
    noise = np.asarray(smooth(white, time=1, correlation=correlation))
    np.testing.assert_allclose(noise.std(axis=0), 1, atol=0.06)
    lag = int(correlation)
    root = np.sqrt(3.0)
    np.testing.assert_allclose((noise[:, 0] * noise[:, lag]).mean(), (1 + root) * np.exp(-root), atol=0.06)


def test_smooth_leaves_other_axes_independent():
    white = jax.random.normal(jax.random.key(0), (20, 3000, 2))
    noise = np.asarray(smooth(white, time=0, correlation=10.0))
    assert abs((noise[5, :, 0] * noise[5, :, 1]).mean()) < 0.06


def test_spans_are_single_runs_of_the_asked_length_and_share():
    mask = np.asarray(spans(jax.random.key(0), (2000,), 100, 0.25, (0.2, 0.4)))
    assert mask.any(axis=1).mean() == pytest.approx(0.25, abs=0.03)
    assert np.abs(np.diff(np.pad(mask, ((0, 0), (1, 1))), axis=1)).sum(axis=1).max() == 2
    assert 39 <= mask.sum(axis=1).max() <= 41
