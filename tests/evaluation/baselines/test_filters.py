import dataclasses
import math

import numpy as np
import pytest

from sm_jax.evaluation.baselines.filters import OneEuro, SavitzkyGolay, one_euro
from sm_jax.motion.frames import map_frames
from tests.evaluation.baselines.scenes import FRAMES, apart, clip, shaking, truth

METHODS = [OneEuro(min_cutoff=2.0, beta=1.0), SavitzkyGolay(window=11, order=2)]


class Reference:
    """The filter as its authors' pseudocode has it, for one number."""

    def __init__(self, first, rate, min_cutoff, beta, d_cutoff):
        self.settings, self.raw, self.smooth, self.speed = (rate, min_cutoff, beta, d_cutoff), first, first, 0.0

    def __call__(self, value):
        rate, min_cutoff, beta, d_cutoff = self.settings

        def alpha(cutoff):
            tau = 1.0 / (2.0 * math.pi * cutoff)
            return 1.0 / (1.0 + tau * rate)

        a = alpha(d_cutoff)
        self.speed = a * (value - self.raw) * rate + (1.0 - a) * self.speed
        a = alpha(min_cutoff + beta * abs(self.speed))
        self.smooth = a * value + (1.0 - a) * self.smooth
        self.raw = value
        return self.smooth


def test_one_euro_is_the_published_filter():
    x = np.cumsum(np.random.default_rng(0).normal(size=(2, 40, 3)), axis=1).astype(np.float32)
    settings = (1.5, 0.3, 0.7)
    found = np.asarray(one_euro(x, np.array(30.0, np.float32), np.array(settings, np.float32)))
    for person, channel in np.ndindex(2, 3):
        values = x[person, :, channel].tolist()
        reference = Reference(values[0], 30.0, *settings)
        expected = [values[0], *(reference(value) for value in values[1:])]
        np.testing.assert_allclose(found[person, :, channel], expected, rtol=1e-4, atol=1e-5)


def test_one_euro_depends_on_the_frame_rate():
    x = np.random.default_rng(0).normal(size=(1, 20, 1)).astype(np.float32)
    settings = np.array([1.0, 0.1, 1.0], np.float32)
    slow, fast = (np.asarray(one_euro(x, np.array(fps, np.float32), settings)) for fps in (30.0, 60.0))
    assert np.abs(np.diff(fast, axis=1)).mean() < 0.8 * np.abs(np.diff(slow, axis=1)).mean()


def test_savitzky_golay_keeps_polynomials_of_its_order():
    t = np.linspace(-1.0, 1.0, FRAMES, dtype=np.float32)
    path = np.stack([t, t**2, t**3], axis=-1) + np.zeros((2, 1, 1), np.float32)
    given = clip()
    motion = dataclasses.replace(given.observation.motion, pelvis=path)
    given = dataclasses.replace(given, observation=dataclasses.replace(given.observation, motion=motion))
    error = {
        order: np.abs(np.asarray(SavitzkyGolay(9, order)(given).pelvis) - path).max(axis=(0, 1)) for order in (2, 3)
    }
    assert error[3].max() < 1e-5
    assert error[2][:2].max() < 1e-5 < error[2][2]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_filters_shake_less_and_stay_near(method):
    noisy = clip(0.03)
    assert shaking(method(noisy)) < 0.6 * shaking(noisy.observation.motion)
    assert apart(method(clip()), truth()) < 0.15
    still = dataclasses.replace(
        clip().observation, motion=map_frames(truth(), lambda x: np.repeat(x[:, :1], FRAMES, axis=1))
    )
    assert apart(method(dataclasses.replace(clip(), observation=still)), still.motion) < 1e-4


def test_a_clip_shorter_than_the_window():
    method, given = SavitzkyGolay(61, 3), clip(0.03)
    assert np.isfinite(apart(method(given), truth()))
    two = dataclasses.replace(
        given.observation,
        motion=map_frames(given.observation.motion, lambda x: x[:, :2]),
        visibility=given.observation.visibility[:, :2],
    )
    assert apart(method(dataclasses.replace(given, observation=two)), two.motion) < 1e-4
