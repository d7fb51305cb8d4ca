"""Curves start and stop gently, and pass through their keys."""

import numpy as np

from sm_jax.synthetic.curves import drift, ease, glide, keyed, window

U = np.linspace(0.0, 1.0, 301)


def test_ease_and_glide_go_from_rest_to_rest():
    for way in (ease(U), glide(U, 4.0), glide(U, 0.5)):
        np.testing.assert_allclose(way[[0, 150, 300]], [0.0, 0.5, 1.0], atol=1e-9)
        speed = np.diff(way) * 300
        assert (speed >= 0.0).all() and speed[[0, -1]].max() < 0.05


def test_a_long_glide_keeps_an_even_pace():
    speed = np.diff(glide(U, 4.0)) * 300
    assert np.ptp(speed[100:200]) < 1e-6 and speed.max() < 1.3
    assert np.diff(ease(U)).max() * 300 > 1.8


def test_keys_are_passed():
    t = np.array([-1.0, 0.0, 0.5, 1.0, 3.0, 9.0])
    value = keyed(t, ((0.0, 1.0, 5.0), (1.0, 3.0, 5.0), (3.0, 0.0, 6.0)))
    np.testing.assert_allclose(value[:, 0], [1.0, 1.0, 2.0, 3.0, 0.0, 0.0])
    np.testing.assert_allclose(value[[0, -1], 1], [5.0, 6.0])


def test_a_window_is_one_inside_and_zero_outside():
    value = window(np.array([0.0, 0.5, 1.0, 2.0, 2.25, 3.0]), 1.0, 2.0, 1.0, 0.5)
    np.testing.assert_allclose(value, [0.0, 0.5, 1.0, 1.0, 0.5, 0.0])


def test_drift_is_smooth_and_of_about_unit_size():
    t = np.arange(0.0, 60.0, 1 / 30)
    noise = drift(np.random.default_rng(0), t, 3, 2.0)
    assert noise.shape == (len(t), 3) and 0.5 < noise.std() < 1.5
    assert np.abs(np.diff(noise, n=2, axis=0)).max() * 900 < 4 / np.sqrt(2) * np.pi**2 * 1.1
