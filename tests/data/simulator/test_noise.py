import jax
import numpy as np
import pytest

from sm_jax.data.simulator.noise import modes, process, spans


@pytest.mark.parametrize("correlation", [0.3, 5.0, 20.0])
def test_a_process_has_the_asked_variance_and_lasts(correlation):
    noise = np.asarray(process(jax.random.key(0), (4, 40, 2000), ((2.0, correlation),))) / 2.0
    np.testing.assert_allclose(noise.std(axis=(0, 2)), 1, atol=0.06)
    lag, root = max(int(correlation), 1), np.sqrt(3.0) * max(int(correlation), 1) / correlation
    np.testing.assert_allclose((noise[:, 0] * noise[:, lag]).mean(), (1 + root) * np.exp(-root), atol=0.06)


def test_the_parts_of_a_process_add_up_and_other_axes_are_independent():
    noise = np.asarray(process(jax.random.key(0), (2, 30, 4000), ((0.6, 10.0), (0.8, 2.0))))
    np.testing.assert_allclose(noise.std(axis=(0, 2)), 1, atol=0.06)
    assert abs((noise[0] * noise[1]).mean()) < 0.06


def test_slow_noise_needs_few_modes():
    assert modes(64, 30.0).shape[1] < 12
    assert modes(64, 0.3).shape[1] == 64


def test_spans_are_single_runs_of_the_asked_length_and_share():
    mask = np.asarray(spans(jax.random.key(0), (2000,), 100, 0.25, (0.2, 0.4)))
    assert mask.any(axis=1).mean() == pytest.approx(0.25, abs=0.03)
    assert np.abs(np.diff(np.pad(mask, ((0, 0), (1, 1))), axis=1)).sum(axis=1).max() == 2
    assert 39 <= mask.sum(axis=1).max() <= 41
