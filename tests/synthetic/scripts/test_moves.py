"""Moves come out as told, on either side."""

import numpy as np

from sm_jax.synthetic.script import Between
from sm_jax.synthetic.scripts.moves import bend, come_together, glances, join, kneel, sit


def test_people_come_together_and_face_each_other():
    for seed in range(20):
        a, b = come_together(np.random.default_rng(seed), 0.8, 1.5, 2.5, 4.0)
        met = a(np.array([2.0]))[0] - b(np.array([2.0]))[0]
        assert abs(np.linalg.norm(met[:2]) - 0.8) < 0.02 and abs(abs(met[2]) - 180.0) < 40.0


def test_joined_palms_look_at_each_other():
    a, b, touch = join(("left", "right"), (0.1, 0.2, 1.0), (0.3, 0.4, -0.5), None, 1.0, 2.0)
    assert (touch.a, touch.b) == ("left_hand", "right_hand")
    assert isinstance(a.to, Between) and isinstance(b.to, Between) and a.to.palm and b.to.palm
    world = np.array([-1.0, -1.0, 1.0])  # b's axes in a's
    np.testing.assert_allclose(world * b.to.point, a.to.point)
    np.testing.assert_allclose(world * b.to.palm, -np.array(a.to.palm))


def test_a_bend_comes_and_goes():
    keys = bend(1.0, 2.0, (10.0, 0.0, 0.0), 0.5)
    assert [key[0] for key in keys] == [0.5, 1.0, 2.0, 2.5] and [key[1] for key in keys] == [0.0, 10.0, 10.0, 0.0]


def test_sitting_and_kneeling_put_the_hips_low_and_the_feet_near(cast):
    low, feet = sit(cast[0], 1.0, 2.0, 90.0, 5.0)
    assert low < 0.2 and all(foot.place[1] > 2.2 for foot in feet)
    assert [foot.side for foot in feet] == ["left", "right"] and feet[0].place[0] < 1.0 < feet[1].place[0]
    height, (back, front) = kneel(cast[0], 0.0, 0.0, 0.0, "right", 1.0, 2.0)
    assert 0.4 < height < 0.7 and back.side == "right" and back.place[0] < -0.2 and front.place[0] > 0.2


def test_glances_are_between_ahead_and_the_other():
    keys = glances(np.random.default_rng(0), 5.0)
    assert all(0.0 <= look <= 1.0 for _, look in keys) and len(keys) >= 4
