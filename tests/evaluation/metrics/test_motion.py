"""Accelerations and jerks of polynomials, whose derivatives are known."""

import numpy as np
import pytest

from sm_jax.evaluation.metrics import motion

TIMES = np.arange(10.0)


def polynomial(power, scale):
    joints = np.zeros((2, 10, 24, 3))
    joints[..., 1] = (scale * TIMES**power)[None, :, None]
    return joints


def test_acceleration_of_a_parabola():
    still, parabola = polynomial(0, 0.0), polynomial(2, 0.005)  # second difference 2 * 5 mm
    assert motion.acceleration_error_mm(parabola, parabola) == 0
    assert motion.acceleration_error_mm(parabola, still) == pytest.approx(10)
    assert motion.acceleration_error_m_s2(parabola, still, fps=30) == pytest.approx(0.010 * 900)
    assert motion.acceleration_error_mm(polynomial(1, 3.0), still) == pytest.approx(0, abs=1e-9), "speed is no error"


def test_one_jumping_frame_is_caught_and_can_be_left_out():
    truth = polynomial(0, 0.0)
    jump = truth.copy()
    jump[0, 5, 3] += [0.03, 0, 0]  # second differences 30, 60, 30 mm
    assert motion.acceleration_error_mm(jump, truth) == pytest.approx(120 / (2 * 8 * 24))
    weights = np.ones((2, 10, 24))
    weights[0, 5, 3] = 0
    assert motion.acceleration_error_mm(jump, truth, weights) == 0


def test_jitter_of_a_cubic():
    assert motion.jitter_m_s3(polynomial(3, 0.001), fps=10) == pytest.approx(0.006 * 1000)
    assert motion.jitter_m_s3(polynomial(2, 1.0), fps=10) == pytest.approx(0, abs=1e-6)


def test_too_few_frames():
    with pytest.raises(ValueError, match="too few"):
        motion.acceleration_error_mm(np.zeros((2, 2, 24, 3)), np.zeros((2, 2, 24, 3)))


def test_smoothing_lowers_the_peak_wrist_speed():
    truth = np.random.default_rng(0).normal(size=(2, 40, 24, 3))
    smooth = (truth[:, :-2] + truth[:, 1:-1] + truth[:, 2:]) / 3
    assert motion.peak_wrist_speed_ratio(truth, truth) == 1
    assert motion.peak_wrist_speed_ratio(2 * truth, truth) == pytest.approx(2)
    assert motion.peak_wrist_speed_ratio(smooth, truth[:, 1:-1]) < 0.8
    assert np.isnan(motion.peak_wrist_speed_ratio(truth, 0 * truth))


def test_only_the_wrists_count():
    truth = np.random.default_rng(0).normal(size=(2, 40, 24, 3))
    spoiled = truth.copy()
    spoiled[:, :, :20] = 0
    assert motion.peak_wrist_speed_ratio(spoiled, truth) == 1
