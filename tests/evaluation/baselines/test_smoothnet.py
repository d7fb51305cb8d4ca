import dataclasses

import jax
import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.evaluation.baselines.estimate import slerp
from sm_jax.evaluation.baselines.smoothnet import Smoothed, slide
from sm_jax.nets.refiner import RefinerConfig
from sm_jax.nets.smoothnet import SmoothNet, SmoothNetConfig
from sm_jax.nets.weights import NetworkWeights
from tests.evaluation.baselines.scenes import FRAMES, STATISTICS, apart, clip, shaking, truth

CONFIG = SmoothNetConfig(window=8, hidden=8, residual=4, blocks=1)


def weights(noise=0.0):
    shapes = jax.eval_shape(SmoothNet(CONFIG).init, jax.random.key(0), np.zeros((1, 8, 1), np.float32))["params"]
    rng = np.random.default_rng(0)
    params = jax.tree.map(lambda s: (noise * rng.normal(size=s.shape)).astype(np.float32), shapes)
    return NetworkWeights(params=params, config=CONFIG, statistics=STATISTICS, facts={}, sha256="")


def test_windows_are_averaged_where_they_overlap():
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    np.testing.assert_allclose(slide(lambda w: w, x, 3), x, atol=1e-6)
    found = np.asarray(slide(lambda w: w.mean(axis=-2, keepdims=True) + 0.0 * w, x, 3))
    means = np.stack([x[:, i : i + 3].mean(axis=1) for i in range(3)], axis=1)
    np.testing.assert_allclose(found[:, 0], means[:, 0], atol=1e-6)
    np.testing.assert_allclose(found[:, 1], means[:, :2].mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(found[:, 2], means.mean(axis=1), atol=1e-6)


def test_a_clip_shorter_than_a_window_keeps_its_length():
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    found = np.asarray(slide(lambda w: w + w[..., -1:, :], x, 8))
    np.testing.assert_allclose(found, x + x[:, -1:], atol=1e-6)


def test_an_untrained_smoother_gives_the_filled_estimate():
    given = clip(0.03)
    assert apart(Smoothed(weights())(given), slerp(given)) < 1e-4
    assert apart(Smoothed(weights(0.2))(given), slerp(given)) > 1e-3


def test_the_packaged_smoother_removes_jitter_and_little_else():
    noisy, method = clip(0.03), Smoothed()
    assert shaking(method(noisy)) < 0.5 * shaking(noisy.observation.motion)
    assert apart(method(clip()), truth()) < 0.15
    assert method(noisy).pelvis.shape == (2, FRAMES, 3)


def test_weights_of_another_network_are_refused():
    with pytest.raises(UserError, match="SmoothNet"):
        Smoothed(dataclasses.replace(weights(), config=RefinerConfig()))
