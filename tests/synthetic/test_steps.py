"""Feet stand still while they stand, take turns, and end up under the hips."""

import itertools

import numpy as np

from sm_jax.synthetic.curves import glide
from sm_jax.synthetic.steps import Gait, walk

T = np.arange(150) / 30


def straight(metres: float) -> np.ndarray:
    return np.stack([metres * glide((T - 0.5) / 4.0, 4.0), 0 * T], axis=-1)


def test_standing_feet_do_not_move():
    feet = walk(straight(3.0), 0 * T, Gait())
    still = feet.air[1:] == 0.0
    moved = np.linalg.norm(np.diff(feet.place, axis=0), axis=-1)
    assert moved[still & (feet.air[:-1] == 0.0)].max() < 1e-9
    assert moved.max() > 0.03 and (feet.lift[feet.air == 0.0] == 0.0).all()


def test_feet_take_turns_and_one_always_stands():
    feet = walk(straight(3.0), 0 * T, Gait(first=1))
    assert (feet.air.min(axis=1) == 0.0).all()
    starts = [(frame, foot) for foot in (0, 1) for frame in np.flatnonzero(np.diff((feet.air[:, foot] > 0) * 1) == 1)]
    order = [foot for _, foot in sorted(starts)]
    assert len(order) >= 5 and order[0] == 1 and all(a != b for a, b in itertools.pairwise(order))


def test_feet_end_beside_each_other_under_the_hips():
    for metres in (3.0, -1.0):
        feet = walk(straight(metres), 0 * T, Gait(width=0.1))
        np.testing.assert_allclose(feet.place[-1], [[metres, 0.1], [metres, -0.1]], atol=0.06)


def test_nobody_steps_without_need():
    assert walk(0.0 * straight(1.0) + 0.01, 0 * T, Gait()).air.max() == 0.0


def test_turning_on_the_spot_takes_steps():
    feet = walk(0 * straight(1.0), np.pi * glide(T / 3.0, 3.0), Gait(splay=0.0))
    np.testing.assert_allclose(feet.yaw[-1], np.pi, atol=0.4)
    assert feet.air.max() > 0.9


def test_heels_strike_and_toes_push_off_forwards_only():
    forwards, backwards = (walk(straight(metres), 0 * T, Gait()).pitch for metres in (4.0, -2.0))
    assert forwards.max() > 0.3 and forwards.min() < -0.1
    assert np.abs(backwards).max() < 0.2
